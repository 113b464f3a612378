import { expect, test } from "vitest";
import type { FleetEvent } from "../src/api/types";
import { Fleet } from "../src/fleet/fleet";
import { kindOf } from "../src/fleet/kinds";
import { text } from "../src/text";
import { sentence } from "../src/view/eventwords";

test("every event with words of its own has a sign and a tone", () => {
  const types = Object.keys(text.happened);
  expect(types.length).toBeGreaterThan(30);
  for (const type of types) expect(kindOf(type)).toMatchObject({ words: text.happened[type], sign: /\w/, tone: /\w/ });
});

test("coming and going differ in words, sign and tone", () => {
  const [enter, exit] = [kindOf("geofence.enter"), kindOf("geofence.exit")];
  expect(enter.words).not.toBe(exit.words);
  expect(enter.sign).not.toBe(exit.sign);
  expect(enter.tone).not.toBe(exit.tone);
});

test("a type that is not known yet is readable", () => {
  expect(kindOf("cargo.too_warm")).toEqual({ words: "Cargo too warm", sign: "note", tone: "plain" });
  expect(kindOf("security.login_failed").words).toBe("Security notice: login failed");
  expect(kindOf("constructor.name").sign).toBe("note");
});

test("one sentence tells of an event", () => {
  const fleet = new Fleet();
  fleet.setDevices([{ id: "a", name: "Van A", kind: "", last: null }]);
  fleet.setFences([{ id: "f", name: "North Depot", area: { type: "Polygon", coordinates: [] } }]);
  const event: FleetEvent = { id: "", seq: 1, type: "geofence.enter", time: 0, knownAt: 0, device: "a", subject: "f", lon: 0, lat: 0 };
  expect(sentence(event, fleet)).toBe("Van A entered North Depot.");
  expect(sentence({ ...event, subject: "gone" }, fleet)).toBe("Van A entered gone.");
  expect(sentence({ ...event, type: "device.silent", subject: "" }, fleet)).toBe("Van A fell silent.");
});
