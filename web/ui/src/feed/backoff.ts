const first = 500;
const cap = 30_000;

/**
 * How long to wait before the next try, in milliseconds: doubling from half a
 * second up to 30 s, of which half is left to chance so that a fleet of
 * browsers does not come back in step after the server restarts.
 */
export function backoff(failures: number, random: () => number = Math.random): number {
  const whole = Math.min(cap, first * 2 ** Math.min(failures, 16));
  return whole / 2 + (random() * whole) / 2;
}
