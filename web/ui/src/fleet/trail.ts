import { distance, distanceFromLine, type Place } from "../geo/distance";

/** How long a trail reaches back, in milliseconds. */
export const trailLength = 15 * 60_000;

/** Shades a trail fades through: each covers an equal part of its length. */
export const shades = 6;

/** The most points one trail keeps. */
const capacity = 400;

/** Nearer than this in metres is the noise of a standing receiver. */
const nearest = 8;

/** A place nearer than this in metres to the line past it is left out, over at most so many milliseconds. */
const straight = 3;
const stretch = 20_000;

/** A longer silence, or a wider jump, leaves a gap: nobody knows the way between. */
const longestGap = 4 * 60_000;
const widestJump = 3_000;

interface Point {
  /** First and last time it was reported there, in milliseconds since 1970. */
  arrived: number;
  left: number;
  place: Place;
}

/** A part of a trail of one shade: 0 is the newest. */
export interface TrailPart {
  shade: number;
  line: Place[];
}

/** Where a vehicle was lately, in order of time and bounded. */
export class Trail {
  #points: Point[] = [];

  /** Takes a reported place; a late one finds its place in the order. */
  add(time: number, place: Place): void {
    let at = this.#points.length;
    while (at > 0 && (this.#points[at - 1] as Point).arrived > time) at--;
    const before = this.#points[at - 1];
    if (before && distance(before.place, place) < nearest) before.left = Math.max(before.left, time);
    else if (at === this.#points.length) this.#append({ arrived: time, left: time, place });
    else this.#points.splice(at, 0, { arrived: time, left: time, place });
    if (this.#points.length > capacity) this.#points.shift();
  }

  /** Lets a straight drive be one long stretch instead of many short ones. */
  #append(point: Point): void {
    const [before, last] = this.#points.slice(-2);
    if (before && last && point.arrived - before.left < stretch && !isGap(before, last)) {
      const needless = last.arrived === last.left && distanceFromLine(last.place, before.place, point.place) < straight;
      if (needless) this.#points.pop();
    }
    this.#points.push(point);
  }

  /** Drops what is older than a trail is long. */
  expire(now: number): void {
    const kept = this.#points.findIndex((point) => point.left > now - trailLength);
    if (kept !== 0) this.#points.splice(0, kept < 0 ? this.#points.length : kept);
  }

  /** The fresh end: the places since a time, and the one before, after the last gap. */
  head(time: number): Place[] {
    let at = this.#points.length - 1;
    for (; at > 0; at--) {
      const [from, to] = [this.#points[at - 1] as Point, this.#points[at] as Point];
      if (to.arrived <= time || isGap(from, to)) break;
    }
    return this.#points.slice(Math.max(0, at)).map((point) => point.place);
  }

  /** The trail until a time as lines of one shade each, by the age of where a stretch began. */
  parts(now: number, until: number): TrailPart[] {
    const parts: TrailPart[] = [];
    for (let i = 1; i < this.#points.length; i++) {
      const [from, to] = [this.#points[i - 1] as Point, this.#points[i] as Point];
      if (to.arrived > until) break;
      const shade = shadeOf(now - from.left);
      if (shade === null || isGap(from, to)) continue;
      const last = parts.at(-1);
      if (last?.shade === shade && last.line.at(-1) === from.place) last.line.push(to.place);
      else parts.push({ shade, line: [from.place, to.place] });
    }
    return parts;
  }
}

function shadeOf(age: number): number | null {
  const shade = Math.max(0, Math.floor((age / trailLength) * shades));
  return shade < shades ? shade : null;
}

function isGap(from: Point, to: Point): boolean {
  return to.arrived - from.left > longestGap || distance(from.place, to.place) > widestJump;
}
