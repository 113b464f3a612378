/** The signs beside words, drawn as strokes in a box of 20 units. */
import type { Sign } from "../fleet/kinds";
import type { Activity } from "../fleet/vehicle";

type Glyph = Sign | Activity | "brand" | "fit" | "plus" | "minus" | "leave" | "devices" | "bell";

const strokes: Record<Glyph, string> = {
  enter: "M12 3h4a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1h-4M3 10h9M8.5 6.5 12 10l-3.5 3.5",
  exit: "M8 3H4a1 1 0 0 0-1 1v12a1 1 0 0 0 1 1h4M8 10h9M13.5 6.5 17 10l-3.5 3.5",
  route: "M5 17c0-4 10-4 10-8a3 3 0 0 0-3-3H5M8 3 5 6l3 3",
  stop: "M7 3h6l4 4v6l-4 4H7l-4-4V7zM7 10h6",
  parcel: "M3 6.5 10 3l7 3.5v7L10 17l-7-3.5zM3 6.5l7 3.5 7-3.5M10 10v7",
  done: "M3.5 10.5 8 15l8.5-10",
  alert: "M10 3 18 17H2zM10 8v4M10 14.5v.1",
  signal: "M3 8a10 10 0 0 1 14 0M5.7 11a6 6 0 0 1 8.6 0M10 15v.1",
  battery: "M2.5 6.5h13v7h-13zM17.5 9v2M5 9v2",
  note: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14M10 9v5M10 6.5v.1",
  moving: "M10 3l5.5 13L10 13l-5.5 3z",
  standing: "M6.5 6.5h7v7h-7z",
  silent: "M5 5l10 10M15 5 5 15",
  waiting: "M10 5v5l3 2M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14",
  brand: "M10 2.5 16.5 5v5c0 4-2.8 6.5-6.5 8-3.7-1.5-6.5-4-6.5-8V5zM7 10l2.2 2.2L13.5 8",
  fit: "M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4",
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  devices: "M6 2.5h8v15H6zM9 14.8h2",
  bell: "M5 14V9a5 5 0 0 1 10 0v5l1.5 1.5h-13zM8.5 17.5h3",
  leave: "M8 3H4a1 1 0 0 0-1 1v12a1 1 0 0 0 1 1h4M8 10h9M13.5 6.5 17 10l-3.5 3.5",
};

const filled = new Set<Glyph>(["moving", "standing"]);
const namespace = "http://www.w3.org/2000/svg";

/** A sign that says nothing to a screen reader: words stand beside it. */
export function icon(glyph: Glyph): SVGSVGElement {
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon", ...(filled.has(glyph) ? ["filled"] : []));
  const path = document.createElementNS(namespace, "path");
  path.setAttribute("d", strokes[glyph]);
  svg.append(path);
  return svg;
}
