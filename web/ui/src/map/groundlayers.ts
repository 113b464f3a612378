/** The ground in MapLibre's terms: Natural Earth's land, and the town on it. */
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import { regular, semibold } from "./fonts";
import type { Palette } from "./palette";

type Filter = ExpressionSpecification;

function ofClass(...classes: string[]): Filter {
  return ["in", ["get", "class"], ["literal", classes]];
}

/** Widths in pixels that double with each zoom level, as streets do; width is that at zoom 16. */
export function streetWidth(width: number, least = 0.5): ExpressionSpecification {
  return ["interpolate", ["exponential", 2], ["zoom"], 10, least, 14, Math.max(least, width / 3), 16, width, 20, width * 10];
}

export function landLayers(palette: Palette): LayerSpecification[] {
  return [{ id: "land", type: "fill", source: "land", paint: { "fill-color": palette.land } }];
}

export function townLayers(palette: Palette): LayerSpecification[] {
  return [...areas(palette), ...streets(palette), ...names(palette)];
}

function areas(palette: Palette): LayerSpecification[] {
  const plain = ["land", "park", "block", "water"] as const;
  const fills = plain.map(
    (name): LayerSpecification => ({
      id: `town-${name}`,
      type: "fill",
      source: "town",
      filter: ["all", ofClass(name), ["==", ["geometry-type"], "Polygon"]],
      paint: { "fill-color": palette[name] },
    }),
  );
  return [...fills, brooks(palette), buildings(palette)];
}

/** Water given as lines. */
function brooks(palette: Palette): LayerSpecification {
  return {
    id: "town-brook",
    type: "line",
    source: "town",
    filter: ["all", ofClass("water"), ["==", ["geometry-type"], "LineString"]],
    paint: { "line-color": palette.water, "line-width": streetWidth(8, 1) },
  };
}

function buildings(palette: Palette): LayerSpecification {
  return {
    id: "town-building",
    type: "fill",
    source: "town",
    minzoom: 13.5,
    filter: ofClass("building"),
    paint: {
      "fill-color": palette.building,
      "fill-outline-color": palette.buildingEdge,
      "fill-opacity": ["interpolate", ["linear"], ["zoom"], 13.5, 0, 14.5, 1],
    },
  };
}

function streets(palette: Palette): LayerSpecification[] {
  return [
    street("path", ["path"], palette.path, streetWidth(2), 13.5, [2, 1.5]),
    street("minor-edge", ["street_minor"], palette.roadEdge, streetWidth(10, 0.8), 11),
    street("major-edge", ["street_major"], palette.mainRoadEdge, streetWidth(16, 1.6)),
    street("minor", ["street_minor"], palette.road, streetWidth(7.5, 0.4), 11),
    street("major", ["street_major"], palette.mainRoad, streetWidth(13, 1)),
  ];
}

function street(
  name: string,
  classes: string[],
  color: string,
  width: ExpressionSpecification,
  minzoom = 0,
  dash?: number[],
): LayerSpecification {
  return {
    id: `town-${name}`,
    type: "line",
    source: "town",
    minzoom,
    filter: ofClass(...classes),
    layout: { "line-cap": dash ? "butt" : "round", "line-join": "round" },
    paint: { "line-color": color, "line-width": width, ...(dash ? { "line-dasharray": dash } : {}) },
  };
}

function names(palette: Palette): LayerSpecification[] {
  return [
    {
      id: "town-street-name",
      type: "symbol",
      source: "town",
      minzoom: 13.5,
      filter: ["all", ofClass("street_major", "street_minor"), ["has", "name"]],
      layout: {
        "symbol-placement": "line",
        "symbol-spacing": 420,
        "text-field": ["get", "name"],
        "text-font": regular,
        "text-size": ["interpolate", ["linear"], ["zoom"], 13.5, 10, 17, 12.5],
        "text-padding": 8,
      },
      paint: { "text-color": palette.textFaint, "text-halo-color": palette.halo, "text-halo-width": 1.4 },
    },
    {
      id: "town-label",
      type: "symbol",
      source: "town",
      filter: ["all", ofClass("label"), ["has", "name"]],
      layout: {
        "text-field": ["get", "name"],
        "text-font": semibold,
        "text-size": ["interpolate", ["linear"], ["zoom"], 11, 12, 16, 15],
        "text-letter-spacing": 0.04,
        "text-max-width": 9,
        "text-padding": 10,
      },
      paint: { "text-color": palette.text, "text-halo-color": palette.halo, "text-halo-width": 1.6 },
    },
  ];
}
