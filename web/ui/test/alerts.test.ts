import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { alert as decodeAlert, allowed, type Alert, type AlertState } from "../src/api/alerts";
import { AlertBook, alertPage, type AlertChange } from "../src/fleet/alerts";
import { Fleet } from "../src/fleet/fleet";
import { alertSentence, alertWords, holderText } from "../src/view/alertwords";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function alert(seq: number, more: Partial<Alert> = {}): Alert {
  return {
    id: `a${seq}`, seq, type: "route.off", subject: "r", state: "open", time: seq, device: "v",
    delivery: null, round: null, by: "", byName: "", note: "", version: 1, ...more,
  };
}

/** A server of alerts, newest first. */
function server(count: number) {
  const all = new Map(Array.from({ length: count }, (_, i) => [`a${i + 1}`, alert(i + 1)]));
  const asked: string[] = [];
  const of = (state: AlertState | null, limit: number, before: number | null = null) => {
    asked.push(`${state ?? "all"} ${limit} ${before ?? ""}`.trim());
    const found = [...all.values()].filter((a) => (!state || a.state === state) && (before === null || a.seq < before)).sort((a, b) => b.seq - a.seq).slice(0, limit);
    return { alerts: found, next: found.length === limit ? (found.at(-1)?.seq ?? null) : null };
  };
  const move = (id: string, more: Partial<Alert>) => {
    const before = all.get(id) as Alert;
    all.set(id, { ...before, ...more, version: before.version + 1 });
  };
  return { all, asked, move, source: { alerts: async (...a: Parameters<typeof of>) => of(...a), alert: async (id: string) => all.get(id) ?? null } };
}

async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(2_000);
}

test("open alerts are shown a page at a time, without one twice", async () => {
  const { source } = server(120);
  const book = new AlertBook(source, () => undefined);
  void book.refresh();
  await settle();
  expect(book.shown).toHaveLength(alertPage);
  expect([book.shown[0]?.seq, book.more, book.open, book.openIsMore]).toEqual([120, true, alertPage, true]);
  await book.older();
  await book.older();
  expect(book.shown.map(({ seq }) => seq)).toEqual(Array.from({ length: 120 }, (_, i) => 120 - i));
  expect(book.more).toBe(false);
  // A refresh keeps what was paged to.
  void book.refresh();
  await settle();
  expect(book.shown).toHaveLength(120);
});

test("what was done elsewhere is told, and leaves the list of those open", async () => {
  const { source, move, all } = server(3);
  const told: AlertChange[][] = [];
  const book = new AlertBook(source, (changes) => told.push(changes));
  void book.refresh();
  await settle();
  move("a2", { state: "resolved", by: "system" });
  all.set("a4", alert(4));
  void book.refresh();
  await settle();
  expect(book.shown.map(({ id }) => id)).toEqual(["a4", "a3", "a1"]);
  expect(told.at(-1)?.map(({ before, after }) => [before.id, before.state, after.state])).toEqual([["a2", "open", "resolved"]]);
  void book.refresh();
  await settle();
  expect(told.at(-1)).toEqual([]);
});

test("calls while it looks are one more look", async () => {
  const { source, asked } = server(1);
  const book = new AlertBook(source, () => undefined);
  for (let i = 0; i < 10; i++) void book.refresh();
  await settle();
  expect(asked).toHaveLength(2);
});

test("another filter shows its own at once, and the open ones stay counted", async () => {
  const { source, move } = server(4);
  move("a1", { state: "acknowledged" });
  move("a2", { state: "resolved" });
  const book = new AlertBook(source, () => undefined);
  await book.choose("acknowledged");
  expect([book.shown.map(({ id }) => id), book.open]).toEqual([["a1"], 2]);
  await book.choose("all");
  expect(book.shown).toHaveLength(4);
});

test("answers that overtake each other, and older ones asked for meanwhile, leave nothing out", async () => {
  const { source, all } = server(80);
  const late: (() => void)[] = [];
  let slow = false;
  const held = { ...source, alerts: async (...a: Parameters<typeof source.alerts>) => {
    const page = await source.alerts(...a);
    if (slow) await new Promise<void>((resolve) => late.push(resolve));
    return page;
  } };
  const book = new AlertBook(held, () => undefined);
  void book.refresh();
  await settle();
  slow = true;
  const older = book.older();
  const first = book.choose("open");
  await vi.advanceTimersByTimeAsync(1);
  for (let seq = 81; seq < 84; seq++) all.set(`a${seq}`, alert(seq));
  slow = false;
  void book.refresh();
  await settle();
  for (const go of late) go();
  await Promise.all([older, first]);
  await settle();
  expect(book.shown.map(({ seq }) => seq)).toEqual(Array.from({ length: 83 }, (_, i) => 83 - i));
});

test("a server that does not answer leaves the list as it was", async () => {
  const { source } = server(2);
  let broken = false;
  const book = new AlertBook({ ...source, alerts: async (...a) => (broken ? Promise.reject(new Error("away")) : source.alerts(...a)) }, () => undefined);
  void book.refresh();
  await settle();
  broken = true;
  void book.refresh();
  await settle();
  expect([book.failed, book.shown.length, book.open]).toEqual([true, 2, 2]);
  broken = false;
  void book.refresh();
  await settle();
  expect(book.failed).toBe(false);
});

const delivery = "01a207fe-08f2-7c1b-84d2-26898ce1b960";
const round = "01a207fe-08f4-7c02-a1d7-38bb0676bbe5";

async function named(): Promise<Fleet> {
  const fleet = new Fleet({
    deliveries: async (ids) => ids.filter((id) => id === delivery).map((id) => ({ id, name: "A-1, N. N.", address: "1 Mill Lane", round })),
    rounds: async () => [{ id: round, name: "North", vehicle: "van" }],
  });
  fleet.setVehicles([{ id: "van", name: "Van 7", devices: ["v"] }]);
  fleet.setDevices([{ id: "v", name: "box", kind: "", last: null }, { id: "p", name: "Parcel 1", kind: "parcel", last: null }]);
  fleet.nameOf(delivery);
  fleet.nameOf(round);
  await settle();
  return fleet;
}

test("an alert names van, delivery and round, and no id", async () => {
  const fleet = await named();
  expect(alertSentence(alert(1, { subject: round, round }), undefined, fleet)).toBe("Van 7 off the route North.");
  expect(alertSentence(alert(1, { type: "delivery.delayed", subject: delivery, delivery, round }), undefined, fleet)).toBe("Van 7 running late for A-1, N. N.");
  expect(alertWords(alert(1, { type: "delivery.delayed", subject: delivery, delivery, round }), undefined, fleet).about).toBe("1 Mill Lane");
  expect(alertWords(alert(1, { type: "parcel.tamper", subject: "p", device: "p", delivery, round }), undefined, fleet).about).toBe("A-1, N. N., 1 Mill Lane, in Van 7");
  expect(alertWords(alert(1, { type: "parcel.separated", subject: "v", device: "p", delivery, round }), undefined, fleet).about).toBe("A-1, N. N., 1 Mill Lane");
  expect(alertSentence(alert(1, { type: "delivery.failed", subject: delivery.replace("0", "1"), device: null }), undefined, fleet)).toBe("Delivery failed 11a207fe….");
});

test("who has an alert, and how it ended", () => {
  const me = { by: "u1", name: "Ines" };
  const held = (more: Partial<Alert>) => holderText(alert(1, more), me);
  expect(held({})).toBe("");
  expect(held({ state: "acknowledged", by: "u1", byName: "Ines" })).toBe("You have it");
  expect(held({ state: "acknowledged", by: "u2", byName: "Tom", note: "on the phone" })).toBe("Tom has it: on the phone");
  expect(held({ state: "acknowledged", by: "admin" })).toBe("An admin has it");
  expect(held({ state: "resolved", by: "u2", byName: "Tom" })).toBe("Resolved by Tom");
  expect(held({ state: "resolved", by: "system", note: "ended by itself" })).toBe("Resolved by itself");
  expect(held({ state: "resolved", by: "system", note: "was handed over" })).toBe("Resolved by itself: was handed over");
  expect(holderText(alert(1, { state: "acknowledged", by: "admin" }), { by: "admin", name: "" })).toBe("An admin has it");
});

test("an alert only goes forward", () => {
  const ways = (["open", "acknowledged", "resolved"] as const).map((state) => [allowed({ state }, "acknowledge"), allowed({ state }, "resolve")]);
  expect(ways).toEqual([[true, true], [false, true], [false, false]]);
});

test("what is no alert is left out", () => {
  for (const bad of [null, 7, {}, { id: "a", seq: 1, version: 1, time: "2026-01-01T00:00:00Z", state: "new" }]) expect(decodeAlert(bad)).toBe(null);
});
