import { expect, test } from "vitest";
import { ago, clockTime, headingText, momentText, placeText, span, speedText } from "../src/view/format";

const morning = new Date(2026, 2, 1, 7, 3, 9).getTime();

test.each([
  [-60_000, "now"],
  [4_999, "now"],
  [5_000, "5 s"],
  [59_999, "59 s"],
  [60_000, "1 min"],
  [3_599_999, "59 min"],
  [3_600_000, "1 h"],
  [86_400_000, "1 d"],
])("%d ms is %s", (milliseconds, words) => {
  expect(span(milliseconds)).toBe(words);
});

test("ago", () => {
  expect(ago(morning, morning + 2_000)).toBe("now");
  expect(ago(morning, morning + 125_000)).toBe("2 min ago");
});

test("times are local, and dated once they are of another day", () => {
  expect(clockTime(morning)).toBe("07:03:09");
  expect(momentText(morning, morning + 3_600_000)).toBe("07:03:09");
  expect(momentText(morning, morning + 86_400_000)).toBe("1 Mar, 07:03:09");
});

test.each([
  [0, "N (0°)"],
  [22, "N (22°)"],
  [23, "NE (23°)"],
  [337.6, "N (338°)"],
  [359.7, "N (0°)"],
  [-90, "W (270°)"],
])("heading %d is %s", (degrees, words) => {
  expect(headingText(degrees)).toBe(words);
});

test("speeds and places", () => {
  expect(speedText(13.9)).toBe("50 km/h");
  expect(placeText(16.2, -47.9)).toBe("-47.90000, 16.20000");
});
