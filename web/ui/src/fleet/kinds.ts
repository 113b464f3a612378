import { text } from "../text";
import { isOpen, type Entry } from "./log";

/** The sign an event is shown with. */
export type Sign = "enter" | "exit" | "route" | "stop" | "parcel" | "done" | "alert" | "signal" | "battery" | "note";

/** How much an event asks for attention. */
export type Tone = "in" | "out" | "good" | "warn" | "bad" | "plain";

export interface EventKind {
  words: string;
  sign: Sign;
  tone: Tone;
  /** Whether somebody has to do something now. */
  urgent: boolean;
}

const known = new Map<string, [Sign, Tone]>(Object.entries({
  "geofence.enter": ["enter", "in"],
  "geofence.exit": ["exit", "out"],
  "route.off": ["route", "warn"],
  "route.wrong_way": ["route", "bad"],
  "route.stop_skipped": ["route", "warn"],
  "route.back": ["route", "good"],
  "stop.unplanned": ["stop", "warn"],
  "delivery.arrived": ["done", "good"],
  "delivery.delivered": ["done", "good"],
  "delivery.on_time_again": ["done", "good"],
  "delivery.delayed": ["parcel", "warn"],
  "delivery.partial": ["parcel", "warn"],
  "delivery.failed": ["alert", "bad"],
  "delivery.refused": ["alert", "bad"],
  "delivery.damaged": ["alert", "bad"],
  "delivery.wish": ["note", "warn"],
  "drop.confirmed": ["done", "good"],
  "drop.wrong_address": ["alert", "bad"],
  "drop.unverifiable": ["alert", "warn"],
  "parcel.separated": ["alert", "bad"],
  "parcel.tamper": ["alert", "bad"],
  "parcel.reunited": ["parcel", "good"],
  "fix.implausible": ["alert", "warn"],
  "device.silent": ["signal", "warn"],
  "device.back": ["signal", "good"],
  "device.low_battery": ["battery", "warn"],
  "hazard.enter": ["alert", "bad"],
  "hazard.ahead": ["alert", "warn"],
}));

/** Those that open an alert; of hazards, those that are not mild. */
const urgent = new Set([
  "route.off",
  "route.wrong_way",
  "route.stop_skipped",
  "stop.unplanned",
  "delivery.delayed",
  "delivery.failed",
  "delivery.damaged",
  "delivery.wish",
  "drop.wrong_address",
  "drop.unverifiable",
  "parcel.separated",
  "parcel.tamper",
  "device.silent",
  "hazard.enter",
  "hazard.ahead",
]);

const families = new Map<string, [Sign, Tone]>(Object.entries({
  geofence: ["enter", "plain"],
  route: ["route", "plain"],
  stop: ["stop", "plain"],
  delivery: ["parcel", "plain"],
  parcel: ["parcel", "plain"],
  security: ["alert", "warn"],
}));

/** How to show an event type; one that is not known yet shows its own name, readable. */
export function kindOf(type: string): EventKind {
  const [family = "", rest = ""] = type.split(/\.(.*)/s);
  const [sign, tone] = known.get(type) ?? families.get(family) ?? ["note", "plain"];
  const fallback = family === "security" ? `${text.security}: ${readable(rest)}` : capital(readable(type));
  return { words: text.happened[type] ?? fallback, sign, tone, urgent: urgent.has(type) };
}

/** Whether somebody has to do something about an event now: it stands, and nothing has ended it. */
export function needsAction(entry: Entry): boolean {
  const { type, detail } = entry.event;
  return urgent.has(type) && !(type.startsWith("hazard.") && mild.has(detail.severity)) && isOpen(entry);
}

/** Severities of the Common Alerting Protocol that are to be known, and no more. */
const mild = new Set<unknown>(["Moderate", "Minor"]);

/** A name in snake case as words. */
export function readable(name: string): string {
  return name.replaceAll(/[._]/g, " ");
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
