/**
 * The server's time, as far as this computer can tell: a dispatcher's clock that
 * is minutes off must not turn live vehicles into silent ones.
 */
export class ServerClock {
  #ahead = 0;

  /** Takes the server's time, in milliseconds since 1970, at its arrival. */
  set(serverTime: number): void {
    this.#ahead = serverTime - Date.now();
  }

  now(): number {
    return Date.now() + this.#ahead;
  }
}
