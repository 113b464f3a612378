import { expect, test } from "vitest";
import type { FleetEvent } from "../src/api/types";
import { Fleet } from "../src/fleet/fleet";
import { needsAction } from "../src/fleet/kinds";
import { EventLog } from "../src/fleet/log";
import { sentence } from "../src/view/eventwords";

const start = Date.UTC(2026, 2, 1, 7);
const at = (seconds: number) => new Date(start + seconds * 1_000).toISOString();

function event(seq: number, type: string, more: Partial<FleetEvent> = {}): FleetEvent {
  return { id: `e${seq}`, seq, type, time: start, knownAt: start, device: "a", subject: "f", lon: 1, lat: 2, detail: { episode: 1 }, ...more };
}

function revised(seq: number, of: number, seconds: number): FleetEvent {
  const detail = { type: "route.off", subject: "f", episode: 1, time: at(seconds), was: at(0), distance_m: 90, corridor_m: 50 };
  return event(seq, "event.revised", { subject: `e${of}`, time: start + seconds * 1_000, lon: 3, lat: 4, detail });
}

const retracted = (seq: number, of: number) => event(seq, "event.retracted", { subject: `e${of}`, detail: { was: at(0) } });

test("a revision gives its event another time, place and facts, and keeps its row", () => {
  const log = new EventLog(10);
  log.add(event(1, "route.off"));
  const news = log.add(revised(2, 1, -60));
  expect(news).toMatchObject({ isNew: false, entry: { correction: { kind: "revised", was: start } } });
  expect(log.entries).toHaveLength(1);
  expect(log.find(1)?.event).toMatchObject({ seq: 1, type: "route.off", time: start - 60_000, lon: 3, lat: 4, detail: { distance_m: 90 } });
  expect(log.last).toBe(2);
  expect(log.add(revised(2, 1, -60))).toBeNull();
});

test("a withdrawn event stays, needs nothing any more, and may come to hold again", () => {
  const log = new EventLog(10);
  const entry = log.add(event(1, "drop.wrong_address"))?.entry;
  expect(entry && needsAction(entry)).toBe(true);
  log.add(retracted(2, 1));
  expect(log.entries).toHaveLength(1);
  expect(entry).toMatchObject({ event: { seq: 1 }, correction: { kind: "withdrawn" } });
  expect(entry && needsAction(entry)).toBe(false);
  log.add(revised(3, 1, 5));
  expect(entry).toMatchObject({ correction: { kind: "revised" } });
  expect(entry && needsAction(entry)).toBe(true);
});

test("a mild hazard needs nobody", () => {
  const log = new EventLog(10);
  const needs = ["Severe", "Moderate", "Minor", undefined].map((severity, i) => {
    const entry = log.add(event(i + 1, "hazard.enter", { detail: { episode: i, severity } }))?.entry;
    return entry && needsAction(entry);
  });
  expect(needs).toEqual([true, false, false, true]);
});

test("a correction of an event that is not here stands by itself", () => {
  const log = new EventLog(1);
  log.add(event(1, "geofence.enter"));
  log.add(event(2, "geofence.exit"));
  expect(log.add(retracted(3, 1))).toMatchObject({ isNew: true, entry: { event: { type: "event.retracted" }, correction: null } });
  expect(log.entries.map(({ event }) => event.seq)).toEqual([3]);
});

test.each([
  ["route.off", "route.back"],
  ["stop.unplanned", "stop.end"],
  ["delivery.delayed", "delivery.on_time_again"],
  ["parcel.separated", "parcel.reunited"],
  ["device.silent", "device.back"],
])("%s needs action until %s of the same episode and device", (begin, end) => {
  const log = new EventLog(10);
  const entry = log.add(event(1, begin))?.entry;
  const open = () => entry && needsAction(entry);
  log.add(event(2, end, { detail: { episode: 2 } }));
  log.add(event(3, end, { device: "b" }));
  log.add(event(4, end, { detail: {} }));
  expect(open()).toBe(true);
  expect(log.add(event(5, end))?.ended).toBe(entry);
  expect(open()).toBe(false);
  expect(log.add(retracted(6, 5))?.ended).toBe(entry);
  expect(open()).toBe(true);
});

test("a sentence says what a correction did", () => {
  const fleet = new Fleet();
  fleet.append(event(1, "route.off", { detail: { episode: 1, distance_m: 60, corridor_m: 50 } }));
  const told = () => sentence(fleet.log.entries[0] as (typeof fleet.log.entries)[0], fleet);
  expect(told()).toBe("a off the route f: 60 m away, 50 m allowed.");
  fleet.append(revised(2, 1, -60));
  expect(told()).toBe("Corrected: a off the route f: 90 m away, 50 m allowed.");
  fleet.append(retracted(3, 1));
  expect(told()).toBe("Withdrawn: a off the route f: 90 m away, 50 m allowed.");
});
