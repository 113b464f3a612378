import { h } from "./dom";

/** At most one announcement in this many milliseconds: a screen reader must get a word in. */
const pace = 4_000;

/** Reads news out, politely: one by its words, several by their number. */
export class Announcer {
  readonly element: HTMLElement;
  #waiting: string[] = [];
  #urgent = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** many tells of several, of which some are urgent. */
  constructor(
    name: string,
    private readonly many: (count: number, urgent: number) => string,
  ) {
    this.element = h("div", { class: "sr-only", role: "log", "aria-live": "polite", "data-testid": name });
  }

  say(sentence: string, urgent = false): void {
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
    this.element.replaceChildren(h("p", {}, more.length ? this.many(more.length + 1, urgent) : only));
  }

  #rest(): void {
    this.#timer = undefined;
    if (this.#waiting.length) this.#speak();
  }
}
