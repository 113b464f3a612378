import { expect, test } from "vitest";
import type { Position } from "../src/api/types";
import { Vehicle } from "../src/fleet/vehicle";
import { circlePolygon } from "../src/geo/circle";
import * as scene from "../src/map/scene";
import { minuteText } from "../src/view/format";

const start = Date.UTC(2026, 2, 1, 7);

/** A van that reported its place at each second, and is shown at a longitude. */
function cast(lons: number[], shownAt: number, more: Partial<Position> = {}): scene.Cast {
  const vehicle = new Vehicle({ id: "a", name: "Van A", kind: "van" });
  const missing = { accuracy: null, speed: 9, heading: null, battery: null };
  lons.forEach((lon, i) => vehicle.take({ device: "a", time: start + i * 1_000, timeText: "", lon, lat: 0, ...missing, ...more }));
  return { vehicle, shown: { place: [shownAt, 0], heading: vehicle.heading }, selected: false };
}

const lines = (data: ReturnType<typeof scene.heads>) => data.features.map(({ geometry }) => geometry.type === "LineString" && geometry.coordinates);

test("a moving van points its way, one that does not know its way points nowhere, a standing one is square", () => {
  const sign = (each: scene.Cast) => scene.vans([each], start).features[0]?.properties;
  expect(sign(cast([0, 0.001], 0))).toMatchObject({ sign: "moving", heading: 90, name: "Van A", device: "a" });
  expect(sign(cast([0], 0))).toMatchObject({ sign: "moving-anywhere", heading: 0 });
  expect(sign(cast([0, 0.001], 0, { speed: 0 }))).toMatchObject({ sign: "standing", heading: 0 });
  expect(scene.vans([cast([0], 0)], start + 301_000).features[0]?.properties).toMatchObject({
    sign: "silent",
    name: `Van A\nsilent\u00a0since\u00a0${minuteText(start, start)}`,
  });
});

test("a head ends where the van is shown, not where it was reported", () => {
  expect(lines(scene.heads([cast([0, 0.001], 0.0004)], 0))).toEqual([[[0, 0], [0.0004, 0]]]);
  expect(lines(scene.heads([cast([0], 0)], 0))).toEqual([]);
});

test("a line over the antimeridian runs on", () => {
  expect(lines(scene.heads([cast([179.999, -179.999], -179.9995)], 0))).toEqual([[[179.999, 0], [180.0005, 0]]]);
});

test("a small fence bears its name later than a large one", () => {
  const fence = (radius: number) => ({ id: "f", name: "F", area: circlePolygon(16, 48, radius) });
  const from = (radius: number): number => scene.fenceNames([fence(radius)]).features[0]?.properties?.from;
  expect(from(100) - from(200)).toBeCloseTo(1, 3);
  expect(from(35)).toBeGreaterThan(14);
  expect(from(35)).toBeLessThan(15);
});

test("accuracy is drawn only where it is known", () => {
  expect(scene.accuracy(cast([0], 0)).features).toEqual([]);
  expect(scene.accuracy(cast([0], 0, { accuracy: 12 })).features).toHaveLength(1);
});
