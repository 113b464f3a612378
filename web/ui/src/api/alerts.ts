/** Alerts and what a dispatcher does with them. */
import { Refused, read, write } from "./client";
import * as decode from "./decode";
import type { FleetEvent } from "./types";

export type AlertState = "open" | "acknowledged" | "resolved";

/** Something that dispatch is to look at. */
export interface Alert {
  /** That of the event which opened it, as are seq, type and subject. */
  id: string;
  seq: number;
  type: string;
  subject: string;
  state: AlertState;
  /** When it happened, in milliseconds since 1970. */
  time: number;
  device: string | null;
  delivery: string | null;
  round: string | null;
  /** Who has taken it up or resolved it; byName may be empty. */
  by: string;
  byName: string;
  note: string;
  /** Raised by every change; what a change must build on. */
  version: number;
}

/** What a dispatcher does with an alert. */
export type Action = "acknowledge" | "resolve";

/** Whether an alert can go there: it only goes forward. */
export function allowed({ state }: Pick<Alert, "state">, action: Action): boolean {
  return state === "open" || (state === "acknowledged" && action === "resolve");
}

export interface AlertPage {
  alerts: Alert[];
  /** What before must be for the next page; null if there is none. */
  next: number | null;
}

/** One alert; null where there is none. */
export async function oneAlert(id: string): Promise<Alert | null> {
  try {
    return alert(await read(`/alerts/${encodeURIComponent(id)}`));
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

/** Alerts of one state, of all for null, newest first. */
export async function alerts(state: AlertState | null, limit: number, before: number | null = null): Promise<AlertPage> {
  const query = new URLSearchParams({ limit: String(limit) });
  if (state) query.set("state", state);
  if (before !== null) query.set("before", String(before));
  const from = decode.fields(await read(`/alerts?${query}`));
  return { alerts: decode.each(from.alerts, alert), next: decode.number(from.next) };
}

/**
 * Acknowledges or resolves an alert as it was seen. Sent again with the same
 * key, it is not done again.
 */
export async function moveAlert({ id, version }: Alert, to: Action, note: string, key: string): Promise<Alert | null> {
  const headers = { "If-Match": `"${version}"`, "Idempotency-Key": key };
  const answer = await write(`/alerts/${encodeURIComponent(id)}/${to}`, note ? { note } : {}, headers);
  return alert(await answer.json());
}

/** The event at a place in the log; null where it is no longer kept. */
export async function eventAt(seq: number): Promise<FleetEvent | null> {
  try {
    const [event] = decode.each(decode.fields(await read(`/events?after=${seq - 1}&limit=1`)).events, decode.event);
    return event?.seq === seq ? event : null;
  } catch (error) {
    if (error instanceof Refused && error.status === 410) return null;
    throw error;
  }
}

const states = new Set<string>(["open", "acknowledged", "resolved"]);

export function alert(value: unknown): Alert | null {
  const from = decode.fields(value);
  const [id, seq, time, version, state] = [decode.string(from.id), decode.number(from.seq), decode.instant(from.time), decode.number(from.version), decode.string(from.state)];
  if (!id || seq === null || time === null || version === null || !states.has(state)) return null;
  const orNull = (text: unknown) => decode.string(text) || null;
  return {
    id,
    seq,
    time,
    version,
    state: state as AlertState,
    type: decode.string(from.type),
    subject: decode.string(from.subject),
    device: orNull(from.device),
    delivery: orNull(from.delivery),
    round: orNull(from.round),
    by: decode.string(from.by),
    byName: decode.string(from.by_name),
    note: decode.string(from.note),
  };
}
