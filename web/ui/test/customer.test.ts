import { expect, test } from "vitest";
import { parseNews } from "../src/customer/news";

const frame = {
  type: "status",
  state: "departed",
  text: { headline: "Your delivery is on its way", stops: "You are next" },
  history: [{ time: "today, 12:00", text: "On its way" }],
  vehicle: { lon: 8.5, lat: 50.5, time: "2026-03-03T11:00:00Z" },
  door: { lon: 8.6, lat: 50.5 },
};

test("reads what the server sends", () => {
  expect(parseNews(JSON.stringify(frame))).toEqual({
    state: "departed",
    text: frame.text,
    history: frame.history,
    vehicle: [8.5, 50.5],
    door: [8.6, 50.5],
  });
});

test("shows no vehicle where there is none", () => {
  for (const vehicle of [null, undefined, {}, { lon: "8", lat: 50 }, 7])
    expect(parseNews(JSON.stringify({ ...frame, vehicle }))?.vehicle).toBeNull();
});

test("takes nothing else for news", () => {
  for (const other of ["", "{", "null", "[]", "{}", JSON.stringify({ ...frame, type: "hello" }), JSON.stringify({ ...frame, state: 1 })])
    expect(parseNews(other)).toBeNull();
});
