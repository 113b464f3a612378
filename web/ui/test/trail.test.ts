import { expect, test } from "vitest";
import { Trail, shades, trailLength } from "../src/fleet/trail";
import { distance, type Place } from "../src/geo/distance";

const start = Date.UTC(2026, 2, 1, 7);
const second = 1_000;

/** A place that many metres east of the origin of the equator. */
function east(metres: number): Place {
  return [metres / 111_195.08, 0];
}

function drive(trail: Trail, seconds: number, metresPerSecond = 10): number {
  for (let t = 0; t <= seconds; t++) trail.add(start + t * second, east(t * metresPerSecond));
  return start + seconds * second;
}

test("fades with age, newest shade last, each stretch joined to the next", () => {
  const trail = new Trail();
  const now = drive(trail, 14 * 60, 20);
  const parts = trail.parts(now, now);
  const order = parts.map((part) => part.shade);
  expect(order).toEqual([...order].sort((a, b) => b - a));
  expect(order.at(-1)).toBe(0);
  expect(Math.max(...order)).toBe(shades - 1);
  for (let i = 1; i < parts.length; i++) expect(parts[i]?.line[0]).toEqual(parts[i - 1]?.line.at(-1));
});

test("the noise of a standing receiver draws nothing", () => {
  const trail = new Trail();
  for (let t = 0; t < 600; t++) trail.add(start + t * second, east(Math.sin(t) * 3));
  expect(trail.parts(start + 600 * second, Infinity)).toEqual([]);
});

test("leaves gaps where the vehicle was silent or far away", () => {
  const trail = new Trail();
  trail.add(start, east(0));
  trail.add(start + second, east(50));
  trail.add(start + 300 * second, east(100));
  trail.add(start + 301 * second, east(5_000));
  trail.add(start + 302 * second, east(5_050));
  const lines = trail.parts(start + 303 * second, Infinity).map((part) => part.line);
  expect(lines).toEqual([
    [east(0), east(50)],
    [east(5_000), east(5_050)],
  ]);
});

test("puts a late place where it belongs", () => {
  const trail = new Trail();
  trail.add(start, east(0));
  trail.add(start + 20 * second, east(200));
  trail.add(start + 10 * second, east(100));
  expect(trail.parts(start + 20 * second, Infinity).flatMap((part) => part.line)).toEqual([east(0), east(100), east(200)]);
});

test("reaches back its whole length at a report a second, and forgets what is older", () => {
  const trail = new Trail();
  const now = drive(trail, 3_600, 20);
  trail.expire(now);
  const [oldest = [0, 0]] = trail.head(0);
  expect(distance(oldest, east(3_600 * 20))).toBeGreaterThan(14 * 60 * 20);
  expect(distance(oldest, east(3_600 * 20))).toBeLessThanOrEqual(15 * 60 * 20);
  trail.expire(now + trailLength + second);
  expect(trail.head(0)).toEqual([]);
});

test("keeps the corners of a drive", () => {
  const trail = new Trail();
  for (let t = 0; t <= 40; t++) trail.add(start + t * second, [east(Math.min(t, 20) * 10)[0], east(Math.max(t - 20, 0) * 10)[0]]);
  const corner: Place = [east(200)[0], 0];
  expect(Math.min(...trail.head(0).map((place) => distance(place, corner)))).toBeLessThan(1);
  expect(trail.head(0).length).toBeLessThan(8);
});

test("is bounded however wildly a device reports", () => {
  const trail = new Trail();
  for (let t = 0; t < 5_000; t++) trail.add(start + t * 100, [east(t * 20)[0], east((t % 2) * 50)[0]]);
  expect(trail.head(0).length).toBe(400);
});

test("parts and head meet at the same place", () => {
  const trail = new Trail();
  const now = drive(trail, 60);
  const until = now - 5 * second;
  const settled = trail.parts(now, until).at(-1)?.line.at(-1);
  const head = trail.head(until);
  expect(head[0]).toEqual(settled);
  expect(head.at(-1)).toEqual(east(600));
});

test("a head does not reach over a gap", () => {
  const trail = new Trail();
  trail.add(start, east(0));
  trail.add(start + 600 * second, east(500));
  expect(trail.head(start)).toEqual([east(500)]);
});
