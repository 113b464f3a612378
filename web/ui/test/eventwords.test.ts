import { expect, test } from "vitest";
import type { FleetEvent } from "../src/api/types";
import { happened } from "../src/eventtext";
import { Fleet } from "../src/fleet/fleet";
import { sentence } from "../src/view/eventwords";

/** Seven in the morning, where the test runs. */
const seven = new Date(2026, 2, 1, 7).getTime();
const iso = (minutes: number) => new Date(seven + minutes * 60_000).toISOString();

function fleet(): Fleet {
  const fleet = new Fleet();
  const device = (id: string, name: string) => ({ id, name, kind: "", last: null });
  fleet.setDevices([device("a", "Van A"), device("p", "Parcel P")]);
  fleet.setFences([{ id: "f", name: "North Depot", area: { type: "Polygon", coordinates: [] } }]);
  return fleet;
}

function told(type: string, subject: string, detail: FleetEvent["detail"], device: string | null = "a"): string {
  const event = { id: "", seq: 1, type, time: seven, knownAt: seven, device, subject, lon: 0, lat: 0, detail };
  return sentence({ event, correction: null }, fleet());
}

const guess = { in_p10_s: 300, in_p50_s: 420, in_p90_s: 600, remaining_m: 2_430, stops_away: 1 };
const verdict = { p_wrong: 0.97, certainty: 0.9, prior: 0.5, distance_m: 61.7, uncertainty_m: 4, geocode_m: 10, handover_m: 2, stay_s: 40 };

/** Each with the facts that the engine gives. */
const table: [type: string, subject: string, detail: FleetEvent["detail"], words: string][] = [
  ["geofence.enter", "f", { episode: 1, distance_m: 3, uncertainty_m: 5 }, "Van A entered North Depot."],
  ["geofence.exit", "f", { distance_m: 3 }, "Van A left North Depot."],
  ["geofence.dwell", "f", { dwell_s: 600, distance_m: 8 }, "Van A stayed in North Depot: for 10 min."],
  ["geofence.cross", "f", { chord_m: 420, depth_m: 90, gap_s: 38 }, "Van A crossed North Depot: 420 m through it, 38 s between two positions."],
  ["route.off", "r1", { distance_m: 181.4, corridor_m: 50, severity: "major" }, "Van A off the route r1: 181 m away, 50 m allowed, major."],
  ["route.back", "r1", { max_distance_m: 1_340, duration_s: 754, missed_m: 640 }, "Van A back on the route r1: off it for 13 min, up to 1.3 km away, 640 m of it left out."],
  ["route.back", "r1", { max_distance_m: 90, duration_s: 60, missed_m: 0 }, "Van A back on the route r1: off it for 1 min, up to 90 m away."],
  ["route.wrong_way", "r1", { distance_m: 240, wrong_way_m: 100 }, "Van A wrong way on r1: 240 m against its direction."],
  ["route.stop_skipped", "s4", { sequence: 4, served_sequence: 5, served: "s5" }, "Van A skipped stop s4: number 4 of the round, went on to s5, number 5."],
  ["stop.begin", "s4", { duration_s: 60, radius_m: 4, distance_m: 12.2 }, "Van A stopped at s4: 12 m from it."],
  ["stop.begin", "a", { duration_s: 60 }, "Van A stopped."],
  ["stop.end", "s4", { duration_s: 370 }, "Van A drove on from s4: after 6 min."],
  ["stop.unplanned", "a", { duration_s: 1_020, unplanned_after_s: 900 }, "Van A unplanned stop: standing for 17 min, no stop of its round."],
  ["delivery.approaching", "s4", guess, "Van A approaching s4: expected at 07:07 (07:05 to 07:10), 2.4 km to go."],
  ["delivery.delayed", "s4", { ...guess, late_s: 5_100, probability: 0.92 }, "Van A running late for s4: by about 1 h 25 min, expected at 07:07 (07:05 to 07:10), 92 % likely."],
  ["delivery.on_time_again", "s4", { ...guess, late_s: -720, probability: 0.02 }, "Van A on time again for s4: about 12 min to spare, expected at 07:07 (07:05 to 07:10)."],
  ["delivery.on_time_again", "s4", { late_s: -720 }, "Van A on time again for s4: arrived 12 min before its window ended."],
  ["drop.confirmed", "s4", { ...verdict, distance_m: 8.7, probability: 0.999 }, "Van A drop confirmed at s4: 9 m from it, over 99 % sure."],
  ["drop.confirmed", "s4", { handoff: "implied", distance_m: 8.7, probability: 0.96 }, "Van A drop confirmed at s4: 9 m from it, 96 % sure, judged by the vehicle's leaving."],
  ["drop.wrong_address", "s4", { ...verdict, probability: 0.97, likely: "elm-17", likely_distance_m: 4.2 }, "Van A dropped at the wrong address instead of s4: probably at elm-17, 4 m from it, 62 m from the right address, 97 % sure."],
  ["drop.wrong_address", "s4", { ...verdict, probability: 0.97 }, "Van A dropped at the wrong address instead of s4: at no address known here, 62 m from the right address, 97 % sure."],
  ["drop.unverifiable", "s4", { reason: "stale_position" }, "Van A drop not verifiable at s4: no position at that time."],
  ["drop.unverifiable", "s4", { ...verdict, reason: "ambiguous", likely: "elm-17", likely_distance_m: 4.2 }, "Van A drop not verifiable at s4: it fits other addresses as well, probably at elm-17, 4 m from it, 62 m from the right address."],
  ["fix.implausible", "a", { reason: "speed", speed_mps: 138.9, distance_m: 12_000, gap_s: 86 }, "Van A implausible position: 12 km in 1 min would take 500 km/h."],
  ["fix.implausible", "a", { reason: "frozen", speed_mps: 8, distance_m: 900, gap_s: 120 }, "Van A implausible position: the same place for 2 min at a reported 29 km/h."],
  ["fix.implausible", "a", { reason: "jamming" }, "Van A implausible position: the receiver reports disturbed signals."],
  ["fix.implausible", "a", { reason: "sun_spots" }, "Van A implausible position: sun spots."],
  ["device.silent", "a", { silent_for_s: 900, silent_after_s: 900 }, "Van A fell silent: nothing for 15 min, last heard at 06:45."],
  ["device.back", "a", { silent_for_s: 4_800 }, "Van A reports again: after 1 h 20 min of silence."],
  ["device.back", "a", { silent_for_s: 900, reason: "buffered" }, "Van A reports again: after 15 min of silence, it had kept its positions."],
  ["hazard.enter", "f", {}, "Van A entered hazard area North Depot."],
  ["device.low_battery", "a", { battery_percent: 14 }, "Van A low battery: 14 %."],
  ["hazard.ahead", "f", { ahead_m: 738, in_s: 690 }, "Van A hazard ahead North Depot: 738 m ahead, in about 12 min."],
  ["parcel.tamper", "a", { cause: "seal_cut", barcode: "WG-1" }, "Van A tampered with: the seal was cut."],
  ["delivery.wish", "s4", { wish: { kind: "another_day", state: "open" } }, "Van A customer asks for something else at s4: another day."],
  ["delivery.wish", "s4", { wish: 7 }, "Van A customer asks for something else at s4."],
  ["event.revised", "x1", { type: "geofence.enter", subject: "f", time: iso(-2), was: iso(0) }, "Van A corrected: Entered North Depot: now 06:58:00, was 07:00:00."],
  ["event.retracted", "x1", { type: "stop.begin", subject: "s4", was: iso(-2) }, "Van A withdrawn: Stopped at s4: was told for 06:58:00."],
  ["cargo.too_warm", "box", { limit_percent: 8, depth_m: 3, note: "x" }, "Van A cargo too warm box: limit 8 %, depth 3 m."],
];

test.each(table)("%s about %s with %j", (type, subject, detail, words) => {
  expect(told(type, subject, detail)).toBe(words);
});

test("a parcel and its vehicle go by their names", () => {
  expect(told("parcel.separated", "a", { distance_m: 260.4, far_m: 100 }, "p")).toBe("Parcel P separated from Van A: 260 m apart.");
  expect(told("parcel.reunited", "a", { distance_m: 3 }, "p")).toBe("Parcel P back with Van A: 3 m apart.");
});

test("every type of the engine is in the table", () => {
  const engine = Object.keys(happened).filter((type) => /^(geofence|route|stop|drop|fix|event)\./.test(type));
  expect(engine.length).toBeGreaterThan(15);
  expect(table.map(([type]) => type)).toEqual(expect.arrayContaining(engine));
});

test("events stay readable without their facts, or with strange ones", () => {
  for (const type of [...Object.keys(happened), "constructor.name", "a.b"]) {
    for (const detail of [{}, { type: "event.revised", reason: 7, distance_m: "far", likely: null, severity: "constructor" }]) {
      const words = told(type, "s4", detail, null);
      expect(words).not.toMatch(/undefined|null|NaN|object/);
      expect(words).toMatch(/^\S.*\.$/);
    }
  }
});
