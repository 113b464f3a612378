import { expect, test } from "vitest";
import type { FleetEvent, Position } from "../src/api/types";
import { Fleet } from "../src/fleet/fleet";
import type { Vehicle } from "../src/fleet/vehicle";

const start = Date.UTC(2026, 2, 1, 7);
const minute = 60_000;

function position(minutes: number): Position {
  return { device: "a", time: start + minutes * minute, timeText: "", lon: 16, lat: 48, accuracy: null, speed: 9, heading: null, battery: null };
}

function event(seq: number, type: string, minutes: number, more: Partial<FleetEvent> = {}): FleetEvent {
  const time = start + minutes * minute;
  return { id: `e${seq}`, seq, type, time, knownAt: time, device: "a", subject: "a", lon: 1, lat: 2, detail: { episode: 1, silent_for_s: 180 }, ...more };
}

/** A van last heard of at the start, of which the server says after 3 min that it is silent. */
function silent(): { fleet: Fleet; van: Vehicle } {
  const fleet = new Fleet();
  fleet.report([position(0)]);
  fleet.append(event(1, "device.silent", 3));
  return { fleet, van: fleet.vehicles.get("a") as Vehicle };
}

test("a vehicle is silent as soon as the server says so, since it was last heard of", () => {
  const { van } = silent();
  expect(van.silentSince(start + 3 * minute)).toBe(start);
  expect(van.activity(start + 3 * minute)).toBe("silent");
});

test("an old position does not end the silence, a new one does", () => {
  const { fleet, van } = silent();
  fleet.report([position(2)]);
  expect(van.silentSince(start + 3 * minute)).toBe(start);
  fleet.report([position(4)]);
  expect(van.silentSince(start + 4 * minute)).toBeNull();
});

test("device.back ends the silence, even of a device that sends what it kept", () => {
  const { fleet, van } = silent();
  fleet.append(event(2, "device.back", 3, { knownAt: start + 20 * minute }));
  expect(van.silentSince(start + 20 * minute)).toBeNull();
  expect(van.activity(start + 20 * minute)).toBe("moving");
  expect(van.silentSince(start + 26 * minute)).toBe(start);
});

test("a silence that was withdrawn is none", () => {
  const { fleet, van } = silent();
  fleet.append(event(2, "event.retracted", 3, { subject: "e1" }));
  expect(van.silentSince(start + 4 * minute)).toBeNull();
});

test("without a word of the server, a vehicle is silent after five minutes", () => {
  const fleet = new Fleet();
  fleet.report([position(0)]);
  const van = fleet.vehicles.get("a");
  expect(van?.silentSince(start + 5 * minute)).toBeNull();
  expect(van?.silentSince(start + 5 * minute + 1)).toBe(start);
});
