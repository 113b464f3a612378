/** The numbers behind an event, in words that a dispatcher needs. */
import { fields, instant, number, string } from "../api/decode";
import type { FleetEvent } from "../api/types";
import { facts as words, happened, reasons } from "../eventtext";
import type { Fleet } from "../fleet/fleet";
import { readable } from "../fleet/kinds";
import { distanceText, lastingText, minuteText, momentText, shareText, speedText } from "./format";

type Fact = string | null;

/** An event's detail, by name and unit; what is missing is null. */
class Detail {
  constructor(
    private readonly event: FleetEvent,
    private readonly fleet: Fleet,
  ) {}

  /** What something is called, by its id; empty where it is missing. */
  name(name: string): string {
    const id = this.word(name);
    return id && this.fleet.nameOf(id);
  }

  number(name: string): number | null {
    return number(this.event.detail[name]);
  }

  word(name: string): string {
    return string(this.event.detail[name]);
  }

  /** A word of an object in the detail. */
  part(name: string, member: string): string {
    return string(fields(this.event.detail[name])[member]);
  }

  metres(name: string): Fact {
    return map(this.number(name), distanceText);
  }

  lasting(name: string): Fact {
    return map(this.number(name), (seconds) => lastingText(Math.abs(seconds)));
  }

  share(name: string): Fact {
    return map(this.number(name), shareText);
  }

  speed(name: string): Fact {
    return map(this.number(name), speedText);
  }

  /** The time of day so many seconds after the event, or before it. */
  clock(name: string, sign: 1 | -1 = 1): Fact {
    const { time } = this.event;
    return map(this.number(name), (seconds) => minuteText(time + sign * seconds * 1000, time));
  }

  reason(): Fact {
    const reason = this.word("reason");
    return reason ? (own(reasons, reason) ?? readable(reason)) : null;
  }

  moment(name: string): Fact {
    return map(instant(this.event.detail[name]), (time) => momentText(time, this.event.knownAt));
  }
}

function own(table: Record<string, string>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function map<T>(value: T | null, use: (value: T) => string): Fact {
  return value === null ? null : use(value);
}

/** Null unless both are known. */
function both(a: Fact, b: Fact, use: (a: string, b: string) => string): Fact {
  return a === null || b === null ? null : use(a, b);
}

const tellers = new Map<string, (d: Detail) => Fact[]>(Object.entries({
  "geofence.dwell": (d) => [map(d.lasting("dwell_s"), words.lasted)],
  "geofence.cross": (d) => [map(d.metres("chord_m"), words.across), map(d.lasting("gap_s"), words.unseen)],
  "route.off": (d) => [
    both(d.metres("distance_m"), d.metres("corridor_m"), words.beside),
    own(words.severity, d.word("severity")) ?? null,
  ],
  "route.back": (d) => [
    both(d.lasting("duration_s"), d.metres("max_distance_m"), words.wasOff),
    (d.number("missed_m") ?? 0) >= 1 ? map(d.metres("missed_m"), words.missed) : null,
  ],
  "route.wrong_way": (d) => [map(d.metres("distance_m"), words.backwards)],
  "route.stop_skipped": (d) => [
    map(d.number("sequence"), words.place),
    d.word("served") ? map(d.number("served_sequence"), (place) => words.served(d.name("served"), place)) : null,
  ],
  "stop.begin": (d) => [map(d.metres("distance_m"), words.fromStop)],
  "stop.end": (d) => [map(d.lasting("duration_s"), words.after)],
  "stop.unplanned": (d) => [map(d.lasting("duration_s"), words.stood), words.noStop],
  "delivery.approaching": (d) => [...arrival(d), map(d.metres("remaining_m"), words.toGo)],
  "delivery.delayed": (d) => [map(d.lasting("late_s"), words.lateBy), ...arrival(d), map(d.share("probability"), words.likelihood)],
  "delivery.on_time_again": onTimeAgain,
  "delivery.wish": (d) => [own(words.wishes, d.part("wish", "kind")) ?? null],
  "drop.confirmed": (d) => [
    map(d.metres("distance_m"), words.fromStop),
    map(d.share("probability"), words.sure),
    d.word("handoff") === "implied" ? words.implied : null,
  ],
  "drop.wrong_address": (d) => [
    elsewhere(d) ?? words.nowhere,
    map(d.metres("distance_m"), words.fromAddress),
    map(d.share("probability"), words.sure),
    d.word("handoff") === "implied" ? words.implied : null,
  ],
  "drop.unverifiable": (d) => [d.reason(), elsewhere(d), map(d.metres("distance_m"), words.fromAddress)],
  "parcel.separated": (d) => [map(d.metres("distance_m"), words.apart)],
  "parcel.tamper": (d) => [own(words.causes, d.word("cause")) ?? null],
  "hazard.ahead": (d) => [map(d.metres("ahead_m"), words.ahead), map(d.lasting("in_s"), words.inTime)],
  "parcel.reunited": (d) => [map(d.metres("distance_m"), words.apart)],
  "fix.implausible": implausible,
  "device.silent": (d) => [map(d.lasting("silent_for_s"), words.quiet), map(d.clock("silent_for_s", -1), words.lastHeard)],
  "device.back": (d) => [map(d.lasting("silent_for_s"), words.silence), d.word("reason") === "buffered" ? words.buffered : null],
  "device.low_battery": (d) => [map(d.number("battery_percent"), (percent) => shareText(percent / 100))],
  "event.revised": (d) => [both(d.moment("time"), d.moment("was"), words.retimed)],
  "event.retracted": (d) => [map(d.moment("was"), words.toldFor)],
} satisfies Record<string, (d: Detail) => Fact[]>));

/** When a stop will be reached: the middle of the guess, and from when to when. */
function arrival(d: Detail): Fact[] {
  const range = both(d.clock("in_p10_s"), d.clock("in_p90_s"), (from, to) => (from === to ? "" : ` (${words.between(from, to)})`));
  return [map(d.clock("in_p50_s"), (time) => words.expected(time) + (range ?? ""))];
}

/** Without a guess the stop has been reached. */
function onTimeAgain(d: Detail): Fact[] {
  const reached = d.number("in_p50_s") === null;
  return [map(d.lasting("late_s"), reached ? words.early : words.spare), ...arrival(d)];
}

/** The other address that a drop fits. */
function elsewhere(d: Detail): Fact {
  const likely = d.name("likely");
  if (!likely) return null;
  return map(d.metres("likely_distance_m"), (distance) => words.ratherNear(likely, distance)) ?? words.rather(likely);
}

function implausible(d: Detail): Fact[] {
  const [distance, gap, speed] = [d.metres("distance_m"), d.lasting("gap_s"), d.speed("speed_mps")];
  const numbers = gap !== null && speed !== null;
  if (numbers && distance !== null && d.word("reason") === "speed") return [words.leap(distance, gap, speed)];
  if (numbers && d.word("reason") === "frozen") return [words.frozen(gap, speed)];
  return [d.reason()];
}

/** What matters of an event's numbers; empty where nothing does. */
export function factsText(event: FleetEvent, fleet: Fleet): string {
  const detail = new Detail(event, fleet);
  const facts = tellers.get(event.type)?.(detail) ?? (Object.hasOwn(happened, event.type) ? [] : anyFacts(event, detail));
  return facts.filter(Boolean).join(", ");
}

/** The most numbers told of an event that nothing more is known of. */
const most = 3;

/** Numbers by their own names and units, a few. */
function anyFacts({ detail }: FleetEvent, d: Detail): Fact[] {
  const facts = Object.keys(detail).flatMap((name) => {
    const [, bare = "", unit = ""] = /^(.+)_(m|s|mps|percent)$/.exec(name) ?? [];
    const value = { m: d.metres(name), s: d.lasting(name), mps: d.speed(name), percent: map(d.number(name), (n) => `${Math.round(n)} %`) }[unit];
    return value ? [`${readable(bare)} ${value}`] : [];
  });
  return facts.slice(0, most);
}
