import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { lookedUpAtOnce, Names, shortID } from "../src/fleet/names";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const id = (n: number) => `01a207fe-08f2-7c1b-84d2-${String(n).padStart(12, "0")}`;

/** A server that names deliveries with even numbers and the round 1. */
function lookup() {
  const asked: (readonly string[])[] = [];
  const state = { fails: 0, version: 1, rounds: 0 };
  const deliveries = async (ids: readonly string[]) => {
    asked.push(ids);
    if (state.fails-- > 0) throw new Error("away");
    return ids.filter((each) => Number(each.slice(-12)) % 2 === 0).map((each) => ({ id: each, name: `order ${Number(each.slice(-12))}.${state.version}`, address: "", round: null }));
  };
  const rounds = async () => (state.rounds++, [{ id: id(1), name: "North", vehicle: null }]);
  return { asked, state, lookup: { deliveries, rounds } };
}

test("many questions are few requests, each id asked once", async () => {
  const { asked, state, lookup: source } = lookup();
  const changed = vi.fn();
  const names = new Names(source, changed);
  for (let round = 0; round < 3; round++) for (let n = 0; n < 250; n++) names.of(id(2 * n));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked.map((ids) => ids.length)).toEqual([lookedUpAtOnce, lookedUpAtOnce, 50]);
  expect([names.of(id(498)), state.rounds, changed.mock.calls.length]).toEqual(["order 498.1", 0, 3]);
});

test("what is no delivery may be a round, and what is neither is asked once", async () => {
  const { asked, lookup: source } = lookup();
  const names = new Names(source, () => undefined);
  for (const n of [1, 3]) names.of(id(n));
  await vi.advanceTimersByTimeAsync(1_000);
  expect([names.of(id(1)), names.of(id(3))]).toEqual(["North", null]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(1);
  expect([shortID(id(3)), shortID("depot-1")]).toEqual(["01a207fe…", "depot-1"]);
});

test("a server that is away is asked again, and what was edited too", async () => {
  const { state, lookup: source } = lookup();
  state.fails = 2;
  const names = new Names(source, () => undefined);
  names.of(id(2));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(names.of(id(2))).toBe(null);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(names.of(id(2))).toBe("order 2.1");
  state.version = 2;
  names.renew(id(2));
  names.renew(id(4)); // never shown
  await vi.advanceTimersByTimeAsync(1_000);
  expect(names.of(id(2))).toBe("order 2.2");
});

test("only ids are asked for", async () => {
  const { asked, lookup: source } = lookup();
  const names = new Names(source, () => undefined);
  for (const word of ["depot-1", "", "demo:van-1", "constructor"]) expect(names.of(word)).toBe(null);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toHaveLength(0);
});
