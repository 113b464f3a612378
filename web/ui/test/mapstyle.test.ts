import { validateStyleMin } from "@maplibre/maplibre-gl-style-spec";
import { expect, test } from "vitest";
import type { Tiles } from "../src/api/types";
import type { Ground } from "../src/map/chart";
import { mapStyle } from "../src/map/mapstyle";
import { day, night } from "../src/map/palette";

const empty = { type: "FeatureCollection" as const, features: [] };

function tiles(kind: Tiles["kind"], url: string): Tiles {
  return { kind, url, attribution: "Makers" };
}

const grounds: [string, Ground][] = [
  ["land", { config: { tiles: null, town: false }, land: empty, town: null }],
  ["land and town", { config: { tiles: null, town: true }, land: empty, town: empty }],
  ["nothing", { config: { tiles: null, town: false }, land: null, town: null }],
  ["raster tiles", { config: { tiles: tiles("raster", "https://t.example/{z}/{x}/{y}.png"), town: false }, land: null, town: null }],
  ["vector tiles", { config: { tiles: tiles("vector", "https://t.example/{z}/{x}/{y}.pbf"), town: false }, land: null, town: empty }],
  ["vector TileJSON", { config: { tiles: tiles("vector", "https://t.example/tiles.json"), town: false }, land: null, town: null }],
];

for (const [name, ground] of grounds)
  for (const [hour, palette] of [["day", day], ["night", night]] as const)
    test(`the style of ${name} by ${hour} is valid`, () => {
      const style = mapStyle(ground, palette);
      expect(style.layers.length).toBeGreaterThan(8);
      expect(validateStyleMin(style)).toEqual([]);
    });

test("no style asks for glyphs or sprites", () => {
  for (const [, ground] of grounds) {
    expect(mapStyle(ground, day)).not.toHaveProperty("glyphs");
    expect(mapStyle(ground, day)).not.toHaveProperty("sprite");
  }
});

test("both palettes give the same layers, so that one can be repainted as the other", () => {
  for (const [, ground] of grounds) {
    const shape = (palette: typeof day) => mapStyle(ground, palette).layers.map(({ id, paint }) => [id, Object.keys(paint ?? {})]);
    expect(shape(day)).toEqual(shape(night));
  }
});
