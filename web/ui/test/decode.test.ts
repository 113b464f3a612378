import { expect, test } from "vitest";
import * as decode from "../src/api/decode";
import { distance } from "../src/geo/distance";

const square = [[[0, 0], [1, 0], [1, 1], [0, 0]]];

test("a fence is named by its feature, else by its properties", () => {
  const geometry = { type: "Polygon", coordinates: square };
  expect(decode.fence({ id: "a", geometry, properties: { name: "Yard" } })).toMatchObject({ id: "a", name: "Yard" });
  expect(decode.fence({ geometry, properties: { id: "b" } })).toMatchObject({ id: "b", name: "b" });
  expect(decode.fence({ geometry, properties: null })).toBeNull();
});

test("a circle becomes a polygon of its radius", () => {
  const fence = decode.fence({ id: "c", geometry: { type: "Point", coordinates: [179.9999, 60] }, properties: { radius_m: 150 } });
  const ring = fence?.area.type === "Polygon" ? (fence.area.coordinates[0] ?? []) : [];
  expect(ring).toHaveLength(65);
  expect(ring[0]).toEqual(ring.at(-1));
  for (const [lon = 0, lat = 0] of ring) expect(distance([179.9999, 60], [lon, lat])).toBeCloseTo(150, 3);
});

test.each([
  { type: "Point", coordinates: [1, 2] },
  { type: "Point", coordinates: ["1", 2] },
  { type: "LineString", coordinates: [[0, 0], [1, 1]] },
  { type: "Polygon" },
  null,
])("geometry %j is no fence", (geometry) => {
  expect(decode.fence({ id: "x", geometry, properties: {} })).toBeNull();
});

test("a device without a name goes by its id", () => {
  expect(decode.device({ id: "a:b", name: "", kind: "van", created: "", last: null })).toEqual({ id: "a:b", name: "a:b", kind: "van", last: null });
});

test("only known kinds of tiles are taken", () => {
  const tiles = { kind: "raster", url: "https://tiles.example/{z}/{x}/{y}.png", attribution: "Makers" };
  expect(decode.config({ tiles, town: true, version: "1" })).toEqual({ tiles, town: true });
  expect(decode.config({ tiles: { ...tiles, kind: "hologram" }, town: "yes" })).toEqual({ tiles: null, town: false });
  expect(decode.config(undefined)).toEqual({ tiles: null, town: false });
});
