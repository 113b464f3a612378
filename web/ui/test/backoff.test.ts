import { expect, test } from "vitest";
import { backoff } from "../src/feed/backoff";

test("doubles from half a second to thirty", () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 7, 50].map((failures) => backoff(failures, () => 1));
  expect(longest).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test("leaves the upper half to chance", () => {
  expect(backoff(3, () => 0)).toBe(2_000);
  expect(backoff(3, () => 0.5)).toBe(3_000);
});
