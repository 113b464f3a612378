/** The map of a customer's page: a vehicle and a door, without trail or names. */
import type { Feature, FeatureCollection } from "geojson";
import type { Tiles, Town } from "../api/types";
import type { Chart, ChartEvents, CreateChart, Ground } from "../map/chart";
import { onScheme, palette } from "../map/palette";
import type { Place } from "./news";

/** How long the vehicle glides to where it is said to be next, in milliseconds: about as long as news take. */
const glide = 2_000;

type Bounds = readonly [west: number, south: number, east: number, north: number];

/** Null where this browser shows no map. */
export async function openMap(container: HTMLElement, given: DOMStringMap, vehicle: Place, door: Place): Promise<CustomerMap | null> {
  const ground = await groundOf(given);
  let grabbed = false;
  const events: ChartEvents = { pick: () => undefined, grab: () => void (grabbed = true), rest: () => undefined };
  for (const load of [loadMapLibre, loadLeaflet]) {
    try {
      const chart = await (await load())(container, ground, palette(), events, around(vehicle, door));
      name(container);
      return new CustomerMap(chart, () => grabbed, container.dataset.you ?? "", vehicle, door);
    } catch {
      container.replaceChildren();
      container.removeAttribute("class");
    }
  }
  return null;
}

async function loadMapLibre(): Promise<CreateChart> {
  return (await import("../map/maplibre")).createMapLibre;
}

async function loadLeaflet(): Promise<CreateChart> {
  return (await import("../map/leaflet")).createLeaflet;
}

/** The server's own tiles or its town; nothing is asked of anybody else. */
async function groundOf({ tiles, town }: DOMStringMap): Promise<Ground> {
  const own = tiles ? (JSON.parse(tiles) as Tiles) : null;
  return { config: { tiles: own, town: Boolean(town) }, land: null, town: town ? await townOf(town) : null };
}

async function townOf(url: string): Promise<Town | null> {
  try {
    const response = await fetch(url, { credentials: "omit" });
    return response.ok ? ((await response.json()) as Town) : null;
  } catch {
    return null;
  }
}

/** The map's own names are for dispatch, and in English. */
function name(container: HTMLElement): void {
  const label = container.dataset.label ?? "";
  for (const part of [container, ...container.querySelectorAll("canvas")]) {
    part.setAttribute("role", "img");
    part.setAttribute("aria-label", label);
  }
}

class CustomerMap {
  #shown: Place;
  #frame = 0;

  constructor(
    private readonly chart: Chart,
    private readonly grabbed: () => boolean,
    private readonly you: string,
    vehicle: Place,
    door: Place,
  ) {
    this.#shown = vehicle;
    onScheme((colours) => chart.recolour(colours));
    this.show(vehicle, door);
  }

  show(vehicle: Place | null, door: Place | null): void {
    const here = collection(door ? [point(door, { name: this.you, from: 0 })] : []);
    void this.chart.paint("spot", here);
    void this.chart.paint("fence-names", here);
    if (!vehicle || !door) return this.#draw(null);
    if (!this.grabbed() && !inside(this.chart.bounds(), vehicle)) this.chart.fit(around(vehicle, door), calm() ? 0 : 500);
    this.#move(vehicle);
  }

  #move(to: Place): void {
    cancelAnimationFrame(this.#frame);
    const [from, start] = [this.#shown, performance.now()];
    if (calm()) return this.#draw(to);
    const step = (now: number): void => {
      const part = Math.min(1, (now - start) / glide);
      this.#draw([from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part]);
      if (part < 1) this.#frame = requestAnimationFrame(step);
    };
    this.#frame = requestAnimationFrame(step);
  }

  #draw(at: Place | null): void {
    if (at) this.#shown = at;
    const sign = { device: "", name: "", sign: "moving-anywhere", heading: 0, selected: true };
    void this.chart.paint("vans", collection(at ? [point(at, sign)] : []));
    void this.chart.drawn();
  }
}

function calm(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

function collection(features: Feature[]): FeatureCollection {
  return { type: "FeatureCollection", features };
}

function point(place: Place, properties: Record<string, string | number | boolean>): Feature {
  return { type: "Feature", geometry: { type: "Point", coordinates: [...place] }, properties };
}

/** Both places with some room around them. */
function around(a: Place, b: Place): Bounds {
  const room = 0.002;
  return [Math.min(a[0], b[0]) - room, Math.min(a[1], b[1]) - room, Math.max(a[0], b[0]) + room, Math.max(a[1], b[1]) + room];
}

function inside([west, south, east, north]: Bounds, [lon, lat]: Place): boolean {
  return lon > west && lon < east && lat > south && lat < north;
}
