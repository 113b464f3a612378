/** A modest style for vector tiles of the OpenMapTiles schema (openmaptiles.org/schema). */
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import { regular, semibold } from "./fonts";
import { streetWidth } from "./groundlayers";
import type { Palette } from "./palette";

const name: ExpressionSpecification = ["coalesce", ["get", "name:latin"], ["get", "name"]];

const mainRoads = ["motorway", "trunk", "primary", "secondary"];
const roads = ["tertiary", "minor", "service"];

function ofClass(...classes: string[]): ExpressionSpecification {
  return ["in", ["get", "class"], ["literal", classes]];
}

export function openMapTilesLayers(palette: Palette): LayerSpecification[] {
  return [...areas(palette), ...ways(palette), ...names(palette)];
}

function fill(id: string, layer: string, color: string, filter?: ExpressionSpecification, minzoom = 0): LayerSpecification {
  const condition = filter ? { filter } : {};
  return { id: `tiles-${id}`, type: "fill", source: "tiles", "source-layer": layer, minzoom, ...condition, paint: { "fill-color": color } };
}

function way(id: string, layer: string, color: string, width: ExpressionSpecification, filter: ExpressionSpecification, minzoom = 0): LayerSpecification {
  return {
    id: `tiles-${id}`,
    type: "line",
    source: "tiles",
    "source-layer": layer,
    minzoom,
    filter,
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": color, "line-width": width },
  };
}

function areas(palette: Palette): LayerSpecification[] {
  return [
    fill("green", "landcover", palette.park, ofClass("grass", "wood")),
    fill("quarter", "landuse", palette.block, ofClass("residential", "commercial", "industrial", "retail")),
    fill("park", "park", palette.park),
    fill("water", "water", palette.water),
    fill("building", "building", palette.building, undefined, 14),
  ];
}

function ways(palette: Palette): LayerSpecification[] {
  const waterway: ExpressionSpecification = ["==", ["geometry-type"], "LineString"];
  const rail = ofClass("rail", "transit");
  const border: ExpressionSpecification = ["all", ["<=", ["get", "admin_level"], 4], ["!=", ["get", "maritime"], 1]];
  return [
    way("stream", "waterway", palette.water, streetWidth(4), waterway, 10),
    way("path", "transportation", palette.path, streetWidth(1.5), ofClass("path", "track"), 14),
    way("rail", "transportation", palette.border, streetWidth(2), rail, 11),
    way("road-edge", "transportation", palette.roadEdge, streetWidth(10, 0.8), ofClass(...roads), 11),
    way("main-edge", "transportation", palette.mainRoadEdge, streetWidth(16, 1.2), ofClass(...mainRoads), 6),
    way("road", "transportation", palette.road, streetWidth(7.5, 0.4), ofClass(...roads), 11),
    way("main", "transportation", palette.mainRoad, streetWidth(13, 0.8), ofClass(...mainRoads), 6),
    way("border", "boundary", palette.border, ["interpolate", ["linear"], ["zoom"], 3, 0.6, 10, 1.6], border),
  ];
}

function label(
  id: string,
  layer: string,
  color: string,
  halo: string,
  layout: NonNullable<Extract<LayerSpecification, { type: "symbol" }>["layout"]>,
  filter?: ExpressionSpecification,
): LayerSpecification {
  return {
    id: `tiles-${id}`,
    type: "symbol",
    source: "tiles",
    "source-layer": layer,
    ...(filter ? { filter } : {}),
    layout: { "text-field": name, "text-font": regular, "text-size": 12, ...layout },
    paint: { "text-color": color, "text-halo-color": halo, "text-halo-width": 1.5 },
  };
}

function names(palette: Palette): LayerSpecification[] {
  const size: ExpressionSpecification = ["interpolate", ["linear"], ["zoom"], 4, 11, 12, 16];
  const { text, textFaint, waterText, halo } = palette;
  return [
    label("water-name", "water_name", waterText, halo, { "text-max-width": 6 }),
    label("road-name", "transportation_name", textFaint, halo, { "symbol-placement": "line", "text-size": 11.5 }),
    label("quarter-name", "place", textFaint, halo, {}, ofClass("suburb", "quarter", "neighbourhood", "hamlet", "village")),
    label("town-name", "place", text, halo, { "text-font": semibold, "text-size": size }, ofClass("town", "city", "country")),
  ];
}
