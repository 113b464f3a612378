import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { MultiPolygon, Position } from "geojson";
import { feature, quantize } from "topojson-client";
import type { Objects, Topology } from "topojson-specification";
import type { Plugin } from "vite";

const id = "virtual:land";
const path = "/land.topo.json";

/** Quantization levels over the whole world: cells of 2 km at the equator. */
const levels = 20_000;

/**
 * Natural Earth's land at 1:50 million as a TopoJSON asset of its own, whose
 * URL is the default export of `virtual:land`.
 */
export function land(): Plugin {
  let building = false;
  return {
    name: "wayguard:land",
    configResolved(config) {
      building = config.command === "build";
    },
    resolveId(source) {
      return source === id ? `\0${id}` : null;
    },
    load(resolved) {
      if (resolved !== `\0${id}`) return null;
      if (!building) return `export default ${JSON.stringify(path)}`;
      const asset = this.emitFile({ type: "asset", name: "land.json", source: landTopology() });
      return `export default import.meta.ROLLUP_FILE_URL_${asset}`;
    },
    configureServer(server) {
      server.middlewares.use(path, (_request, response) => {
        response.setHeader("Content-Type", "application/json");
        response.end(landTopology());
      });
    },
  };
}

/** A topology whose object "land" is one MultiPolygon, an arc for each ring. */
export function landTopology(): string {
  const polygons = readLand().map(unwrapPolygon);
  const arcs = polygons.flat();
  let next = 0;
  const rings = polygons.map((polygon) => polygon.map(() => [next++]));
  const topology: Topology<Objects<{}>> = { type: "Topology", objects: { land: { type: "MultiPolygon", arcs: rings } }, arcs };
  return JSON.stringify(quantize(topology, levels));
}

function readLand(): Position[][][] {
  const file = createRequire(import.meta.url).resolve("world-atlas/land-50m.json");
  const topology = JSON.parse(readFileSync(file, "utf8")) as Topology;
  const source = topology.objects.land;
  if (!source) throw new Error("world-atlas/land-50m.json: no object named land");
  const shape = feature(topology, source);
  const features = shape.type === "FeatureCollection" ? shape.features : [shape];
  return features.flatMap(({ geometry }) => (geometry as MultiPolygon).coordinates);
}

/**
 * world-atlas is made for the sphere: its rings step from 180 to -180 degrees.
 * On a flat map that step would be a streak across the world, so the longitudes
 * run on instead, and the map wraps them.
 */
function unwrapPolygon([outer = [], ...holes]: Position[][]): Position[][] {
  const ring = near(unwrapRing(outer), 0);
  return [ring, ...holes.map((hole) => near(unwrapRing(hole), middle(ring)))];
}

function unwrapRing(ring: Position[]): Position[] {
  let last = ring[0]?.[0] ?? 0;
  const unwrapped = ring.map(([lon = 0, lat = 0]): Position => [(last = nearest(lon, last)), lat]);
  const first = unwrapped[0]?.[0] ?? 0;
  // A ring that has gone round the world is Antarctica's: it closes along the pole.
  return Math.abs(last - first) < 180 ? unwrapped : [...unwrapped, [last, -90], [first, -90], unwrapped[0] ?? []];
}

/** The ring shifted by whole turns until its middle is next to a longitude. */
function near(ring: Position[], longitude: number): Position[] {
  const turn = nearest(middle(ring), longitude) - middle(ring);
  return ring.map(([lon = 0, lat = 0]) => [lon + turn, lat]);
}

function middle(ring: Position[]): number {
  const longitudes = ring.map(([lon = 0]) => lon);
  const west = longitudes.reduce((a, b) => Math.min(a, b), Infinity);
  const east = longitudes.reduce((a, b) => Math.max(a, b), -Infinity);
  return (west + east) / 2;
}

function nearest(longitude: number, reference: number): number {
  return longitude - 360 * Math.round((longitude - reference) / 360);
}
