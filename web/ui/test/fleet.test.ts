import { expect, test } from "vitest";
import type { FleetEvent, Position } from "../src/api/types";
import { Fleet, type Change } from "../src/fleet/fleet";

const start = Date.UTC(2026, 2, 1, 7);

function position(device: string, seconds: number, more: Partial<Position> = {}): Position {
  const time = start + seconds * 1_000;
  const missing = { accuracy: null, speed: null, heading: null, battery: null };
  return { device, time, timeText: new Date(time).toISOString(), lon: 16, lat: 48, ...missing, ...more };
}

function event(seq: number): FleetEvent {
  return { id: `e${seq}`, seq, type: "geofence.enter", time: start, knownAt: start, device: "a", subject: "f", lon: 1, lat: 2, detail: {} };
}

function watched(): { fleet: Fleet; changes: Change["kind"][] } {
  const fleet = new Fleet();
  const changes: Change["kind"][] = [];
  fleet.watch(({ kind }) => changes.push(kind));
  return { fleet, changes };
}

test("an older or repeated report changes nothing", () => {
  const { fleet, changes } = watched();
  fleet.setDevices([{ id: "a", name: "Van A", kind: "van", last: position("a", 10) }]);
  fleet.report([position("a", 10, { lon: 17 }), position("a", 5, { lon: 18 })]);
  expect(fleet.vehicles.get("a")?.position?.lon).toBe(16);
  expect(changes).toEqual(["devices"]);
});

test("a device that is not known is shown under its id and said to be new", () => {
  const { fleet, changes } = watched();
  expect(fleet.report([position("x:y", 1)])).toBe(true);
  expect(fleet.report([position("x:y", 2)])).toBe(false);
  expect(fleet.nameOf("x:y")).toBe("x:y");
  fleet.setDevices([{ id: "x:y", name: "Van X", kind: "", last: position("x:y", 1) }]);
  expect(fleet.nameOf("x:y")).toBe("Van X");
  expect(fleet.vehicles.get("x:y")?.position?.time).toBe(start + 2_000);
  expect(changes).toEqual(["position", "devices", "position", "devices"]);
});

test("a device that was deleted goes", () => {
  const { fleet } = watched();
  fleet.report([position("a", 1), position("b", 1)]);
  fleet.setDevices([{ id: "b", name: "b", kind: "", last: null }]);
  expect([...fleet.vehicles.keys()]).toEqual(["b"]);
});

test("takes each event once and keeps the newest 500", () => {
  const { fleet, changes } = watched();
  for (const seq of [1, 2, 2, 1, 3]) fleet.append(event(seq));
  expect(fleet.log.entries.map(({ event }) => event.seq)).toEqual([1, 2, 3]);
  expect(changes).toHaveLength(3);
  for (let seq = 4; seq <= 1_203; seq++) fleet.append(event(seq));
  expect(fleet.log.entries).toHaveLength(500);
  expect(fleet.log.entries[0]?.event.seq).toBe(704);
  expect(fleet.log.last).toBe(1_203);
});

test("counts what the vehicles do", () => {
  const { fleet } = watched();
  fleet.setDevices([{ id: "new", name: "new", kind: "", last: null }]);
  fleet.report([position("moves", 0, { speed: 8 }), position("stands", 0, { speed: 0.2 }), position("gone", -400, { speed: 8 })]);
  expect(fleet.count(start)).toEqual({ moving: 1, standing: 1, silent: 1, waiting: 1 });
  expect(fleet.count(start + 301_000)).toEqual({ moving: 0, standing: 0, silent: 3, waiting: 1 });
});

test("works out speed and heading where the device gives none", () => {
  const { fleet } = watched();
  fleet.report([position("a", 0), position("a", 10, { lat: 48.001 })]);
  const vehicle = fleet.vehicles.get("a");
  expect(vehicle?.speed).toBeCloseTo(11.12, 2);
  expect(vehicle?.heading).toBeCloseTo(0, 5);
  expect(vehicle?.activity(start + 10_000)).toBe("moving");
});

test("does not take the noise of two poor fixes for a drive", () => {
  const { fleet } = watched();
  fleet.report([position("a", 0, { accuracy: 30 }), position("a", 10, { lat: 48.0005, accuracy: 30 })]);
  expect(fleet.vehicles.get("a")?.activity(start + 10_000)).toBe("standing");
  expect(fleet.vehicles.get("a")?.heading).toBeNull();
});
