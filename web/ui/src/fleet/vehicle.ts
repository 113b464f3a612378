import type { Device, Position } from "../api/types";
import { bearing, distance, type Place } from "../geo/distance";
import { Trail } from "./trail";

/** What a vehicle does; waiting has never reported a position. */
export type Activity = "moving" | "standing" | "silent" | "waiting";

/** After this long without a report, in milliseconds, a vehicle counts as silent. */
export const silentAfter = 5 * 60_000;

/** From this speed in m/s it moves: above the drift of a standing receiver. */
const movingSpeed = 0.8;

export class Vehicle {
  readonly id: string;
  readonly trail = new Trail();
  name: string;
  kind: string;
  position: Position | null = null;
  /** Milliseconds between the last two reports; 0 before the second. */
  interval = 0;
  /** Degrees clockwise from north, as reported, else the way it last went; null before either. */
  heading: number | null = null;
  #derivedSpeed = 0;
  /** As the server told: since when nothing was heard, and from when on that was a silence. */
  #silence: { since: number; from: number } | null = null;
  #back = 0;

  constructor(device: Pick<Device, "id" | "name" | "kind">) {
    this.id = device.id;
    this.name = device.name;
    this.kind = device.kind;
  }

  get place(): Place | null {
    return this.position && [this.position.lon, this.position.lat];
  }

  /** Metres per second: as reported, else worked out from the last two places. */
  get speed(): number | null {
    return this.position && (this.position.speed ?? this.#derivedSpeed);
  }

  /** Takes a report unless it is older than, or the same as, the one shown. */
  take(position: Position): boolean {
    const before = this.position;
    this.trail.add(position.time, [position.lon, position.lat]);
    if (before && position.time <= before.time) return false;
    this.interval = before ? position.time - before.time : 0;
    this.#derivedSpeed = before ? derivedSpeed(before, position) : 0;
    this.heading = position.heading ?? (before && course(before, position)) ?? this.heading;
    this.position = position;
    return true;
  }

  /** The server says that nothing was heard since a time, and from a later one on calls it a silence. */
  fellSilent(since: number, from: number): void {
    this.#silence = { since, from };
  }

  /** The server says that it was heard again, when; what it sent may be older. */
  isHeard(time: number): void {
    this.#silence = null;
    this.#back = time;
  }

  /** Since when nothing is heard; null while something is, or never was. */
  silentSince(now: number): number | null {
    const last = this.position?.time ?? 0;
    if (this.#silence && this.#silence.from >= last) return this.#silence.since;
    return this.position && now - Math.max(last, this.#back) > silentAfter ? last : null;
  }

  /** now is the server's time in milliseconds since 1970. */
  activity(now: number): Activity {
    if (this.silentSince(now) !== null) return "silent";
    if (!this.position) return "waiting";
    return (this.speed ?? 0) >= movingSpeed ? "moving" : "standing";
  }
}

/** Metres between two reports, after taking off what both may be wrong by. */
function moved(from: Position, to: Position): number {
  const slack = (from.accuracy ?? 0) + (to.accuracy ?? 0);
  return Math.max(0, distance([from.lon, from.lat], [to.lon, to.lat]) - slack);
}

function derivedSpeed(from: Position, to: Position): number {
  return moved(from, to) / ((to.time - from.time) / 1000);
}

function course(from: Position, to: Position): number | null {
  return moved(from, to) > 0 ? bearing([from.lon, from.lat], [to.lon, to.lat]) : null;
}
