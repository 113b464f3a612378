import { distance, nearLongitude, type Place } from "./distance";

/** A vehicle on its way from where it is shown to where it was last reported. */
export interface Glide {
  readonly from: Place;
  readonly to: Place;
  readonly headingFrom: number | null;
  readonly headingTo: number | null;
  /** Milliseconds on the page's own clock. */
  readonly start: number;
  readonly duration: number;
}

/** What a glide shows at one moment. */
export interface Shown {
  readonly place: Place;
  readonly heading: number | null;
}

/** The longest glide: past it the picture would lag too far behind the facts. */
const longest = 2_500;

/** Farther than this in metres is a correction, not a drive: it jumps. */
const farthest = 1_500;

/** A vehicle that stands where it was reported. */
export function resting(place: Place, heading: number | null): Glide {
  return { from: place, to: place, headingFrom: heading, headingTo: heading, start: 0, duration: 0 };
}

/**
 * Leaves from what is shown now for a new report. interval is the time between
 * the last two reports in milliseconds; the glide takes nearly as long, so that
 * it ends as the next report comes.
 */
export function glideTo(before: Glide, to: Place, heading: number | null, now: number, interval: number): Glide {
  const shown = shownAt(before, now);
  const target = heading ?? shown.heading;
  const jumps = interval <= 0 || distance(shown.place, to) > farthest;
  if (jumps) return resting(to, target);
  const duration = Math.min(interval * 0.95, longest);
  return { from: shown.place, to, headingFrom: shown.heading, headingTo: target, start: now, duration };
}

export function isGliding(glide: Glide, now: number): boolean {
  return now < glide.start + glide.duration;
}

export function shownAt(glide: Glide, now: number): Shown {
  if (!isGliding(glide, now)) return { place: glide.to, heading: glide.headingTo };
  const part = Math.max(0, (now - glide.start) / glide.duration);
  const [fromLon, fromLat] = glide.from;
  const toLon = nearLongitude(glide.to[0], fromLon);
  const place: Place = [fromLon + (toLon - fromLon) * part, fromLat + (glide.to[1] - fromLat) * part];
  return { place, heading: turn(glide.headingFrom, glide.headingTo, part) };
}

/** Turns the shorter way round; a heading known at one end only is kept. */
function turn(from: number | null, to: number | null, part: number): number | null {
  if (from === null || to === null) return to ?? from;
  const difference = ((((to - from + 180) % 360) + 360) % 360) - 180;
  return (((from + difference * part) % 360) + 360) % 360;
}
