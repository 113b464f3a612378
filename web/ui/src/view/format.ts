/** Numbers and times in the words of text.ts. */
import { text } from "../text";

const clockFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minuteFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const kilometreFormat = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });
const dateFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
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

/** The local time of day to the minute, with the date before it where that is another day than now. */
export function minuteText(time: number, now: number): string {
  const day = dayFormat.format(time);
  const minute = minuteFormat.format(time);
  return day === dayFormat.format(now) ? minute : `${day}, ${minute}`;
}

/** The local date with its year. */
export function dateText(time: number): string {
  return dateFormat.format(time);
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

/** How long something took, rounded to its two largest units: 45 s, 12 min, 1 h 20 min, 2 d 3 h. */
export function lastingText(seconds: number): string {
  const { time } = text;
  const whole = Math.round(seconds);
  if (whole < 60) return time.seconds(whole);
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return time.minutes(minutes);
  if (minutes < 24 * 60) return two(time.hours, time.minutes, minutes, 60);
  return two(time.days, time.hours, Math.round(minutes / 60), 24);
}

/** A count of smaller units in larger ones, each of so many, and what is left. */
function two(larger: (n: number) => string, smaller: (n: number) => string, count: number, each: number): string {
  const [whole, rest] = [Math.floor(count / each), count % each];
  return rest === 0 ? larger(whole) : `${larger(whole)} ${smaller(rest)}`;
}

/** A distance in metres; from a kilometre on in kilometres. */
export function distanceText(metres: number): string {
  const whole = Math.round(metres);
  return whole < 1000 ? text.metres(String(whole)) : text.kilometres(kilometreFormat.format(metres / 1000));
}

/** A probability; never all or nothing. */
export function shareText(share: number): string {
  const percent = Math.round(share * 100);
  if (percent > 99) return text.share.most;
  return percent < 1 ? text.share.least : text.share.some(percent);
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
