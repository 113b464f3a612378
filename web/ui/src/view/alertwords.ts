/** An alert in words. */
import type { Alert } from "../api/alerts";
import type { FleetEvent, Session } from "../api/types";
import { alertText as words } from "../alerttext";
import type { Fleet } from "../fleet/fleet";
import { kindOf } from "../fleet/kinds";
import { text } from "../text";
import { factsText } from "./eventfacts";
import { whereText, whoText } from "./eventwords";

export interface AlertWords {
  /** The vehicle or parcel; empty where none is known. */
  who: string;
  what: string;
  where: string;
  /** The numbers behind it; empty until its event is here. */
  facts: string;
  /** The delivery it concerns and the van, unless they are named already. */
  about: string;
}

/** What an alert says; event is that which opened it, if it is here. */
export function alertWords(alert: Alert, event: FleetEvent | undefined, fleet: Fleet): AlertWords {
  const { type, subject, device, seq, id, time } = alert;
  const told: FleetEvent = { id, seq, type, time, knownAt: event?.knownAt ?? time, device, subject, lon: null, lat: null, detail: event?.detail ?? {} };
  const who = whoText(told, fleet);
  return { who, what: kindOf(type).words, where: whereText(told, fleet), facts: event ? factsText(told, fleet) : "", about: aboutText(alert, who, fleet) };
}

function aboutText({ delivery, subject, round }: Alert, who: string, fleet: Fleet): string {
  return [deliveryText(delivery, subject, fleet), vanText(round, who, subject, fleet)].filter(Boolean).join(", ");
}

/** Its name and address, as far as the name does not say that; of the subject, which is named already, the address. */
function deliveryText(delivery: string | null, subject: string, fleet: Fleet): string {
  const known = delivery && fleet.names.delivery(delivery);
  if (!known) return "";
  const address = known.name.includes(known.address) ? "" : known.address;
  return delivery === subject ? address : [known.name, address].filter(Boolean).join(", ");
}

/** The van of the round, unless it is the one that this happened to. */
function vanText(round: string | null, who: string, subject: string, fleet: Fleet): string {
  const vehicle = round && fleet.names.round(round)?.vehicle;
  const name = vehicle && fleet.vehicleName(vehicle);
  // The subject of a separated parcel is its van's tracker.
  return !name || name === who || name === fleet.nameOf(subject) ? "" : words.in(name);
}

/** One sentence of it. */
export function alertSentence(alert: Alert, event: FleetEvent | undefined, fleet: Fleet): string {
  const { who, what, where, facts } = alertWords(alert, event, fleet);
  return text.events.sentence(who, what, where, facts);
}

/** Who has an alert, or how it ended; empty while it is open. */
export function holderText({ state, by, byName, note }: Alert, me: Pick<Session, "by" | "name">): string {
  if (state === "open") return "";
  const who = byName || (Object.hasOwn(words.roles, by) ? (words.roles[by] as string) : by);
  const mine = me.name !== "" && by === me.by;
  const said = Object.hasOwn(words.notes, note) ? (words.notes[note] as string) : note;
  if (by === "system") return words.with(words.itself, said);
  if (state === "resolved") return words.with(mine ? words.resolvedByYou : words.resolved(who), said);
  return words.with(mine ? words.yours : capital(words.has(who)), said);
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
