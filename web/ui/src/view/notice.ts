import { text } from "../text";
import { h, setText } from "./dom";
import { clockTime } from "./format";

/** How long before its end the session's end is announced, in milliseconds. */
const warning = 15 * 60_000;

/** How long a lost connection goes without more words than "reconnecting". */
const patience = 5_000;

/** How long a sentence stays, in milliseconds. */
const reading = 10_000;

/** The line below the bar that says what a dispatcher must know now. */
export class Notice {
  readonly element = h("p", { class: "notice", role: "status", hidden: true });
  #lostSince: number | null = null;
  #sessionEnds: number | null = null;
  #said: { words: string; until: number } = { words: "", until: 0 };

  connected(live: boolean): void {
    this.#lostSince = live ? null : (this.#lostSince ?? Date.now());
  }

  /** When the session ends, by the server's clock; null if it did not say. */
  sessionEnds(time: number | null): void {
    this.#sessionEnds = time;
  }

  say(words: string): void {
    this.#said = { words, until: Date.now() + reading };
  }

  /** Once a second, with the server's time. */
  tick(now: number): void {
    const words = this.#words(now);
    this.element.hidden = words === "";
    setText(this.element, words);
  }

  #words(now: number): string {
    if (Date.now() < this.#said.until) return this.#said.words;
    if (this.#lostSince !== null && Date.now() - this.#lostSince > patience) return text.connection.lost;
    const ends = this.#sessionEnds;
    return ends !== null && ends - now < warning ? text.sessionEnds(clockTime(ends)) : "";
  }
}
