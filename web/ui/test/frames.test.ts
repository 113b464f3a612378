import { expect, test } from "vitest";
import { parseFrame } from "../src/feed/frames";

const time = "2026-03-01T07:00:00.250Z";

test("reads a hello", () => {
  const frame = parseFrame(JSON.stringify({ type: "hello", seq: 12, world_version: 3, server_time: time }));
  expect(frame).toEqual({ kind: "hello", seq: 12, worldVersion: 3, serverTime: Date.parse(time) });
});

test("reads positions and leaves out broken ones", () => {
  const good = { device: "a:b", time, received: time, lon: 16.2, lat: 48.1, speed_mps: 3.5 };
  const broken = [{ ...good, lon: null }, { ...good, time: "soon" }, { ...good, device: 7 }, null, "x"];
  const frame = parseFrame(JSON.stringify({ type: "positions", positions: [...broken, good] }));
  expect(frame).toEqual({
    kind: "positions",
    positions: [
      {
        device: "a:b",
        time: Date.parse(time),
        timeText: time,
        lon: 16.2,
        lat: 48.1,
        accuracy: null,
        speed: 3.5,
        heading: null,
        battery: null,
      },
    ],
  });
});

test("an event comes bare, without a place where none is concerned", () => {
  const event = { id: "e1", seq: 4, type: "device.silent", time, known_at: time, device: "a", subject: "", lon: null, lat: null, detail: { silent_for_s: 900 } };
  const frame = parseFrame(JSON.stringify(event));
  expect(frame).toMatchObject({ kind: "event", event: { seq: 4, type: "device.silent", device: "a", lon: null, lat: null, detail: { silent_for_s: 900 } } });
});

test("reads a world", () => {
  expect(parseFrame('{"type":"world","version":9}')).toEqual({ kind: "world", version: 9 });
});

test.each(["", "{", "null", "[]", "7", '"hello"', "{}", '{"type":"hello"}', '{"type":"later"}', '{"type":"a.b"}', '{"type":5}'])(
  "does not understand %j",
  (text) => {
    expect(parseFrame(text)).toBeNull();
  },
);
