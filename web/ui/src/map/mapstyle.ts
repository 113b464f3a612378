/** The whole MapLibre style: ground below, fleet above. */
import type { FeatureCollection } from "geojson";
import type { LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import type { Tiles } from "../api/types";
import { overlays, type Ground } from "./chart";
import { landLayers, townLayers } from "./groundlayers";
import { openMapTilesLayers } from "./openmaptiles";
import { overlayLayers } from "./overlaylayers";
import type { Palette } from "./palette";

const empty: FeatureCollection = { type: "FeatureCollection", features: [] };

export function mapStyle(ground: Ground, palette: Palette): StyleSpecification {
  return { version: 8, sources: sources(ground), layers: mapLayers(ground, palette) };
}

export function mapLayers({ config: { tiles }, land, town }: Ground, palette: Palette): LayerSpecification[] {
  // Vector tiles paint what is not land; without them, and until they come, all is water.
  const ground = tiles?.kind === "vector" ? palette.land : palette.water;
  return [
    { id: "ground", type: "background", paint: { "background-color": ground } },
    ...(land ? landLayers(palette) : []),
    ...(tiles ? tileLayers(tiles, palette) : []),
    ...(town ? townLayers(palette) : []),
    ...overlayLayers(palette),
  ];
}

function tileLayers({ kind }: Tiles, palette: Palette): LayerSpecification[] {
  return kind === "vector" ? openMapTilesLayers(palette) : [{ id: "tiles", type: "raster", source: "tiles" }];
}

function sources({ config: { tiles }, land, town }: Ground): Record<string, SourceSpecification> {
  // Almost no simplification: the default turns small circles into polygons one can count the corners of.
  const moving = overlays.map((name) => [name, { type: "geojson", data: empty, tolerance: 0.05 }] as const);
  return {
    ...(land ? { land: { type: "geojson", data: land, maxzoom: 9 } } : {}),
    ...(tiles ? { tiles: tileSource(tiles) } : {}),
    ...(town ? { town: { type: "geojson", data: town } } : {}),
    ...Object.fromEntries(moving),
  };
}

/** A URL with {z} is a template of tiles; a vector one without names a TileJSON. */
function tileSource({ kind, url, attribution }: Tiles): SourceSpecification {
  const named = attribution ? { attribution } : {};
  if (kind === "raster") return { type: "raster", tiles: [url], tileSize: 256, maxzoom: 19, ...named };
  return url.includes("{z}") ? { type: "vector", tiles: [url], maxzoom: 14, ...named } : { type: "vector", url, ...named };
}
