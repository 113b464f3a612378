import { expect, test } from "vitest";
import { kindOf } from "../src/fleet/kinds";
import { text } from "../src/text";

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
  expect(kindOf("cargo.too_warm")).toEqual({ words: "Cargo too warm", sign: "note", tone: "plain", urgent: false });
  expect(kindOf("security.login_failed").words).toBe("Security notice: login failed");
  expect(kindOf("constructor.name").sign).toBe("note");
});

test("what needs action is told from the ordinary course", () => {
  const urgent = Object.keys(text.happened).filter((type) => kindOf(type).urgent);
  const wanted = ["drop.wrong_address", "route.off", "route.wrong_way", "stop.unplanned", "parcel.separated", "device.silent", "delivery.delayed", "delivery.wish", "route.stop_skipped", "drop.unverifiable", "hazard.ahead"];
  expect(urgent).toEqual(expect.arrayContaining(wanted));
  const ordinary = ["stop.begin", "stop.end", "geofence.enter", "geofence.exit", "delivery.approaching", "drop.confirmed", "device.back", "event.revised"];
  for (const type of ordinary) expect(urgent).not.toContain(type);
});
