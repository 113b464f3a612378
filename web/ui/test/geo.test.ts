import { expect, test } from "vitest";
import type { MultiPolygon, Polygon } from "geojson";
import { BoundsBuilder, holds, padded } from "../src/geo/bounds";
import { destination } from "../src/geo/circle";
import { bearing, distance, type Place } from "../src/geo/distance";
import { glideTo, isGliding, resting, shownAt } from "../src/geo/glide";
import { labelPlace } from "../src/geo/label";
import { unwrapped } from "../src/geo/unwrap";

test("a degree of a great circle is 111.195 km", () => {
  expect(distance([0, 0], [1, 0])).toBeCloseTo(111_195.08, 1);
  expect(distance([179.5, 0], [-179.5, 0])).toBeCloseTo(111_195.08, 1);
  expect(distance([10, 89.5], [-170, 89.5])).toBeCloseTo(111_195.08, 1);
});

test("going somewhere arrives at that distance and bearing", () => {
  for (const [lon, lat, away, towards] of [
    [16.2, 47.9, 150, 37],
    [-179.999, 0, 5_000, 270],
    [0, -70, 90_000, 181],
  ] as const) {
    const reached = destination(lon, lat, away, towards);
    expect(distance([lon, lat], reached)).toBeCloseTo(away, 3);
    expect(bearing([lon, lat], reached)).toBeCloseTo(towards, 6);
  }
});

test("a glide is half way at half time and ends at the report", () => {
  const glide = glideTo(resting([16, 48], 350), [16.002, 48.001], 20, 1_000, 2_000);
  expect(shownAt(glide, 1_950).place[0]).toBeCloseTo(16.001, 9);
  expect(shownAt(glide, 1_950).place[1]).toBeCloseTo(48.0005, 9);
  expect(shownAt(glide, 1_950).heading).toBeCloseTo(5, 6);
  expect(isGliding(glide, 2_899)).toBe(true);
  expect(isGliding(glide, 2_900)).toBe(false);
  expect(shownAt(glide, 2_900)).toEqual({ place: [16.002, 48.001], heading: 20 });
});

test("a glide takes the short way over the antimeridian", () => {
  const glide = glideTo(resting([179.999, 0], null), [-179.999, 0], null, 0, 1_000);
  expect(shownAt(glide, 475).place[0]).toBeCloseTo(180, 9);
});

test("a jump is no drive, and a first report has no way behind it", () => {
  const from = resting([16, 48], 90);
  expect(isGliding(glideTo(from, [16.1, 48], 90, 0, 1_000), 1)).toBe(false);
  expect(isGliding(glideTo(from, [16.001, 48], 90, 0, 0), 1)).toBe(false);
});

test("a slow reporter does not make the picture lag", () => {
  expect(glideTo(resting([16, 48], 0), [16.001, 48], 0, 0, 60_000).duration).toBe(2_500);
});

/** Drawn with one letter a corner, closed by hand. */
const square: Polygon = { type: "Polygon", coordinates: [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]] };

/**
 *   +--+  +--+
 *   |  |  |  |
 *   |  +--+  |
 *   +--------+
 */
const horseshoe: Polygon = {
  type: "Polygon",
  coordinates: [[[0, 0], [9, 0], [9, 9], [6, 9], [6, 1], [3, 1], [3, 9], [0, 9], [0, 0]]],
};

const frame: Polygon = {
  type: "Polygon",
  coordinates: [...square.coordinates, [[0.5, 0.5], [0.5, 3.5], [3.5, 3.5], [3.5, 0.5], [0.5, 0.5]]],
};

test("a name stands in the middle of what is convex", () => {
  expect(labelPlace(square)).toEqual([2, 2]);
});

test("a name stands inside what is not", () => {
  const [x, y] = labelPlace(horseshoe);
  expect(x > 0 && x < 9 && y > 0 && y < 9 && !(x > 3 && x < 6 && y > 1)).toBe(true);
  const [u, v] = labelPlace(frame);
  expect(u > 0.5 && u < 3.5 && v > 0.5 && v < 3.5).toBe(false);
});

test("a name goes to the largest part", () => {
  const islands: MultiPolygon = {
    type: "MultiPolygon",
    coordinates: [[[[10, 10], [11, 10], [11, 11], [10, 10]]], square.coordinates],
  };
  expect(labelPlace(islands)).toEqual([2, 2]);
});

test("bounds hold what they were built from", () => {
  const builder = new BoundsBuilder();
  expect(builder.bounds).toBeNull();
  builder.addGeometry(horseshoe);
  builder.add(-1, 4);
  expect(builder.bounds).toEqual([-1, 0, 9, 9]);
  const inside: Place = [9.5, 4];
  expect(holds([-1, 0, 9, 9], inside)).toBe(false);
  expect(holds(padded([-1, 0, 9, 9], 0.1), inside)).toBe(true);
});

test("an area across the antimeridian is drawn in one piece", () => {
  const across = [[179, 0], [-179, 0], [-179, 1], [179, 1], [179, 0]];
  expect(unwrapped({ type: "Polygon", coordinates: [across] }).coordinates).toEqual([
    [[179, 0], [181, 0], [181, 1], [179, 1], [179, 0]],
  ]);
  const east = [[179, 0], [180, 0], [180, 1], [179, 0]];
  const west = [[-180, 0], [-179, 0], [-180, 1], [-180, 0]];
  expect(unwrapped({ type: "MultiPolygon", coordinates: [[east], [west]] }).coordinates).toEqual([
    [east],
    [[[180, 0], [181, 0], [180, 1], [180, 0]]],
  ]);
  const plain = { type: "Polygon" as const, coordinates: [[[8, 50, 3], [9, 50, 3], [9, 51, 3], [8, 50, 3]]] };
  expect(unwrapped(plain)).toEqual(plain);
});
