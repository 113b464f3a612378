import { string } from "../api/decode";
import type { FleetEvent } from "../api/types";
import { leading } from "../eventtext";
import type { Fleet } from "../fleet/fleet";
import { kindOf } from "../fleet/kinds";
import { isCorrection, type Entry } from "../fleet/log";
import { text } from "../text";
import { factsText } from "./eventfacts";

/** How one sentence tells of an event, or of what was corrected about it. */
export function sentence({ event, correction }: Pick<Entry, "event" | "correction">, fleet: Fleet): string {
  const who = whoText(event, fleet);
  const told = text.events.sentence(who, kindOf(event.type).words, whereText(event, fleet), factsText(event, fleet));
  if (!correction) return told;
  return correction.kind === "withdrawn" ? text.events.nowWithdrawn(told) : text.events.nowCorrected(told);
}

export function whoText({ device }: FleetEvent, fleet: Fleet): string {
  return device === null ? "" : fleet.nameOf(device);
}

/** What an event is about, led to: by its name; of a correction, the event. */
export function whereText(event: FleetEvent, fleet: Fleet): string {
  const { type, subject, device } = event;
  if (isCorrection(event)) return correctedText(event, fleet);
  if (!subject || subject === device) return "";
  const name = fleet.nameOf(subject);
  return Object.hasOwn(leading, type) ? `${leading[type]} ${name}` : name;
}

/** An event that is not here, as far as its correction tells. */
function correctedText(event: FleetEvent, fleet: Fleet): string {
  const [type, subject] = [string(event.detail.type), string(event.detail.subject)];
  if (!type || type.startsWith("event.")) return "";
  return [kindOf(type).words, whereText({ ...event, type, subject }, fleet)].filter(Boolean).join(" ");
}
