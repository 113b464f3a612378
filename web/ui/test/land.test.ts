import type { MultiPolygon } from "geojson";
import { feature } from "topojson-client";
import type { Topology } from "topojson-specification";
import { expect, test } from "vitest";
import { landTopology } from "../build/land";

const topology = JSON.parse(landTopology()) as Topology;
const land = feature(topology, topology.objects.land as NonNullable<typeof topology.objects.land>);
const polygons = land.type === "Feature" ? (land.geometry as MultiPolygon).coordinates : [];

test("holds the world's land", () => {
  expect(polygons.length).toBeGreaterThan(1_000);
});

// The rings of world-atlas step over the antimeridian: drawn flat, a streak across the world.
test("no ring steps across the world but Antarctica's along the pole", () => {
  const steps = polygons.flat().flatMap((ring) =>
    ring.slice(1).filter(([lon = 0, lat = 0], i) => {
      const [lastLon = 0, lastLat = 0] = ring[i] ?? [];
      return Math.abs(lon - lastLon) > 180 && !(lat < -89.9 && lastLat < -89.9);
    }),
  );
  expect(steps).toEqual([]);
});

test("every ring is closed", () => {
  for (const ring of polygons.flat()) expect(ring[0]).toEqual(ring.at(-1));
});

test.each([
  ["Vienna", 16.37, 48.21, true],
  ["the Pacific", -150, 0, false],
  ["Chukotka beyond the antimeridian", 184, 67, true],
  ["the South Pole", 0, -89.5, true],
  ["the Caspian Sea", 51, 41, false],
])("%s", (_name, lon, lat, isLand) => {
  let inside = false;
  for (const ring of polygons.flat())
    for (let i = 1; i < ring.length; i++) {
      const [x1 = 0, y1 = 0] = ring[i - 1] ?? [];
      const [x2 = 0, y2 = 0] = ring[i] ?? [];
      if (y1 > lat !== y2 > lat && lon < x1 + ((lat - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
    }
  expect(inside).toBe(isLand);
});
