import { expect, test } from "vitest";
import { ago, clockTime, distanceText, headingText, lastingText, minuteText, momentText, placeText, shareText, span, speedText } from "../src/view/format";

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

test.each([
  [0.4, "0 s"],
  [59.6, "1 min"],
  [3_570, "1 h"],
  [5_100, "1 h 25 min"],
  [86_399, "1 d"],
  [90_000, "1 d 1 h"],
  [172_799, "2 d"],
])("%d s lasted %s", (seconds, words) => {
  expect(lastingText(seconds)).toBe(words);
});

test.each([
  [0.2, "0 m"],
  [999.4, "999 m"],
  [999.6, "1 km"],
  [1_250, "1.3 km"],
  [12_345_678, "12,345.7 km"],
])("%d m is %s", (metres, words) => {
  expect(distanceText(metres)).toBe(words);
});

test("no share is all or nothing", () => {
  expect([0, 0.004, 0.5, 0.994, 0.996, 1].map(shareText)).toEqual(["under 1 %", "under 1 %", "50 %", "99 %", "over 99 %", "over 99 %"]);
});

test("minutes are dated once they are of another day", () => {
  expect(minuteText(morning, morning + 60_000)).toBe("07:03");
  expect(minuteText(morning, morning + 86_400_000)).toBe("1 Mar, 07:03");
});
