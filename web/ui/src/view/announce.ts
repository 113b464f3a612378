import { text } from "../text";
import { h } from "./dom";

/** At most one announcement in this many milliseconds: a screen reader must get a word in. */
const pace = 4_000;

/** Reads new events out, politely: one by its words, several by their number. */
export class Announcer {
  readonly element = h("div", { class: "sr-only", role: "log", "aria-live": "polite", "data-testid": "announcer" });
  #waiting: string[] = [];
  #urgent = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(sentence: string, urgent: boolean): void {
    this.#waiting.push(sentence);
    if (urgent) this.#urgent++;
    this.#timer ??= setTimeout(() => this.#speak(), 500);
  }

  #speak(): void {
    const [only, ...more] = this.#waiting;
    const urgent = this.#urgent;
    this.#waiting = [];
    this.#urgent = 0;
    this.#timer = setTimeout(() => this.#rest(), pace);
    if (only === undefined) return;
    this.element.replaceChildren(h("p", {}, more.length ? text.events.many(more.length + 1, urgent) : only));
  }

  #rest(): void {
    this.#timer = undefined;
    if (this.#waiting.length) this.#speak();
  }
}
