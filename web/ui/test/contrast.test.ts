import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { day, night } from "../src/map/palette";

/** WCAG 2.2, success criterion 1.4.3: text; 1.4.11: controls and signs. */
const textContrast = 4.5;
const signContrast = 3;

function luminance(hex: string): number {
  const channels = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
  const [r = 0, g = 0, b = 0] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

/** The colours of the page by name, from the first block of base.css and from the one for the night. */
function pageColours(): Record<"day" | "night", Map<string, string>> {
  const css = readFileSync(new URL("../src/style/base.css", import.meta.url), "utf8");
  const [first = "", second = ""] = [...css.matchAll(/:root \{([^}]*)\}/g)].map((match) => match[1]);
  const read = (block: string) => new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map(([, name = "", hex = ""]) => [name, hex]));
  return { day: read(first), night: read(second) };
}

const words: [ink: string, ground: string][] = [
  ["ink", "ground"],
  ["ink", "panel"],
  ["ink", "raised"],
  ["ink", "accent-soft"],
  ["ink-soft", "panel"],
  ["ink-soft", "raised"],
  ["ink-soft", "accent-soft"],
  ["accent", "panel"],
  ["accent", "raised"],
  ["accent", "accent-soft"],
  ["good", "panel"],
  ["good", "raised"],
  ["good", "good-soft"],
  ["warn", "panel"],
  ["warn", "warn-soft"],
  ["warn", "accent-soft"],
  ["bad", "panel"],
  ["bad", "raised"],
  ["bad", "accent-soft"],
  ["ink", "warn-soft"],
  ["ink", "bad-soft"],
  ["ink-soft", "warn-soft"],
  ["ink-soft", "bad-soft"],
  ["ink-soft", "standing-soft"],
  ["bad", "bad-soft"],
  ["warn", "bad-soft"],
  ["good", "accent-soft"],
  ["panel", "warn"],
  ["panel", "bad"],
  ["out", "panel"],
  ["out", "accent-soft"],
  ["standing", "standing-soft"],
];

for (const [hour, colours] of Object.entries(pageColours())) {
  test.each(words)(`by ${hour}, %s can be read on %s`, (ink, ground) => {
    expect(contrast(colours.get(ink) ?? "", colours.get(ground) ?? "")).toBeGreaterThanOrEqual(textContrast);
  });
  test(`by ${hour}, the edges of controls can be seen`, () => {
    expect(contrast(colours.get("line-strong") ?? "", colours.get("panel") ?? "")).toBeGreaterThanOrEqual(signContrast);
  });
}

test.each(Object.entries({ day, night }))("by %s, the map's words can be read and its vehicles seen", (_hour, palette) => {
  for (const ink of ["text", "textFaint", "vanText", "fenceText", "waterText", "parkText"] as const)
    expect(contrast(palette[ink], palette.halo), ink).toBeGreaterThanOrEqual(textContrast);
  for (const van of ["van", "vanStanding", "vanSilent"] as const) {
    expect(contrast(palette[van], palette.vanEdge), van).toBeGreaterThanOrEqual(signContrast);
    expect(contrast(palette[van], palette.block), van).toBeGreaterThanOrEqual(signContrast);
  }
});
