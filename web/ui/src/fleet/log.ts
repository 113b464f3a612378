import { instant, number } from "../api/decode";
import type { FleetEvent } from "../api/types";

/** How many events the page keeps. */
export const loggedEvents = 500;

/** What was last said against an event. */
export interface Correction {
  kind: "revised" | "withdrawn";
  /** When it was last told to have happened, in milliseconds since 1970. */
  was: number;
}

/** An event, with what the log said of it later. */
export interface Entry {
  /** Time, place and detail are those of the last revision. */
  event: FleetEvent;
  correction: Correction | null;
  /** The event that ended what this one began. */
  end: Entry | null;
}

/** What an event changed. */
export interface News {
  /** The entry it is, or the one it corrects. */
  entry: Entry;
  isNew: boolean;
  /** The entry whose end it concerns. */
  ended: Entry | null;
}

/** What ends what: two events of one device and one episode. */
const ends = new Map([
  ["route.off", "route.back"],
  ["stop.unplanned", "stop.end"],
  ["delivery.delayed", "delivery.on_time_again"],
  ["parcel.separated", "parcel.reunited"],
  ["device.silent", "device.back"],
]);
const begins = new Map([...ends].map(([begin, end]) => [end, begin]));

/** Whether an event still stands and nothing has ended it. */
export function isOpen({ correction, end }: Entry): boolean {
  return correction?.kind !== "withdrawn" && !isOver(end);
}

/** Whether an end, if there is one, stands. */
export function isOver(end: Entry | null): end is Entry {
  return end !== null && end.correction?.kind !== "withdrawn";
}

/** The newest events, oldest first, each once, with their corrections joined to them. */
export class EventLog {
  readonly #entries: Entry[] = [];
  readonly #byID = new Map<string, Entry>();
  readonly #byEpisode = new Map<string, Entry>();
  #last = 0;

  constructor(private readonly capacity: number) {}

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** The sequence number of the newest event; 0 for none. */
  get last(): number {
    return this.#last;
  }

  find(seq: number): Entry | undefined {
    return this.#entries.find(({ event }) => event.seq === seq);
  }

  /** Takes an event that is newer than all before; null for one already taken. */
  add(event: FleetEvent): News | null {
    if (event.seq <= this.#last) return null;
    this.#last = event.seq;
    const corrected = isCorrection(event) ? this.#byID.get(event.subject) : undefined;
    if (corrected) {
      correct(corrected, event);
      return { entry: corrected, isNew: false, ended: this.#partner(corrected.event, begins) };
    }
    const entry: Entry = { event, correction: null, end: this.#partner(event, ends) };
    this.#keep(entry);
    const ended = this.#partner(event, begins);
    if (ended) ended.end = entry;
    return { entry, isNew: true, ended };
  }

  /** The entry of the other type that a table names, of the same episode. */
  #partner(event: FleetEvent, table: ReadonlyMap<string, string>): Entry | null {
    const type = table.get(event.type);
    return (type !== undefined && this.#byEpisode.get(episodeKey(event, type))) || null;
  }

  #keep(entry: Entry): void {
    const { event } = entry;
    this.#entries.push(entry);
    this.#byID.set(event.id, entry);
    if (ends.has(event.type) || begins.has(event.type)) this.#byEpisode.set(episodeKey(event, event.type), entry);
    if (this.#entries.length > this.capacity) this.#drop(this.#entries.shift() as Entry);
  }

  #drop(entry: Entry): void {
    const { event } = entry;
    if (this.#byID.get(event.id) === entry) this.#byID.delete(event.id);
    const key = episodeKey(event, event.type);
    if (this.#byEpisode.get(key) === entry) this.#byEpisode.delete(key);
  }
}

export function isCorrection({ type }: FleetEvent): boolean {
  return type === "event.revised" || type === "event.retracted";
}

function correct(entry: Entry, by: FleetEvent): void {
  const { event } = entry;
  const was = instant(by.detail.was) ?? event.time;
  if (by.type === "event.retracted") {
    entry.correction = { kind: "withdrawn", was };
    return;
  }
  const { time, lon, lat, detail } = by;
  entry.event = { ...event, time, lon, lat, detail };
  entry.correction = { kind: "revised", was };
}

function episodeKey({ device, detail, seq }: FleetEvent, type: string): string {
  // Without an episode it is alone.
  return JSON.stringify([type, device, number(detail.episode) ?? `#${seq}`]);
}
