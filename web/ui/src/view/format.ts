/** Numbers and times in the words of text.ts. */
import { text } from "../text";

const clockFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** The local time of day, to the second. */
export function clockTime(time: number): string {
  return clockFormat.format(time);
}

/** The local time of day, with the date before it where that is another day than now. */
export function momentText(time: number, now: number): string {
  const day = dayFormat.format(time);
  return day === dayFormat.format(now) ? clockTime(time) : `${day}, ${clockTime(time)}`;
}

/** A span in milliseconds, in its largest whole unit; "now" under five seconds. */
export function span(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 5) return text.time.now;
  if (seconds < 60) return text.time.seconds(seconds);
  if (seconds < 3600) return text.time.minutes(Math.floor(seconds / 60));
  if (seconds < 86_400) return text.time.hours(Math.floor(seconds / 3600));
  return text.time.days(Math.floor(seconds / 86_400));
}

export function ago(time: number, now: number): string {
  const age = span(now - time);
  return age === text.time.now ? age : text.time.ago(age);
}

/** Metres per second as whole kilometres per hour. */
export function speedText(speed: number): string {
  return text.speed(Math.round(speed * 3.6));
}

/** A heading as degrees and the nearest of the eight winds. */
export function headingText(degrees: number): string {
  const round = ((Math.round(degrees) % 360) + 360) % 360;
  return `${text.compass[Math.round(round / 45) % 8]} (${round}°)`;
}

export function placeText(lon: number, lat: number): string {
  return `${lat.toFixed(5)}, ${lon.toFixed(5)}`;
}
