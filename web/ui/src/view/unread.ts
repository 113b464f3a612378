import { text } from "../text";

/** Counts the events that came while the page was out of sight, in its title. */
export class Unread {
  #count = 0;

  constructor() {
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#show(0);
    });
  }

  add(): void {
    if (document.hidden) this.#show(this.#count + 1);
  }

  #show(count: number): void {
    this.#count = count;
    document.title = text.title(count);
  }
}
