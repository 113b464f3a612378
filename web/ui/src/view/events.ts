import type { Fleet } from "../fleet/fleet";
import type { Entry } from "../fleet/log";
import { text } from "../text";
import { commandBlock, createFence } from "./command";
import { h } from "./dom";
import { EventRow } from "./eventrow";
import type { Focus } from "./focus";

/** The most rows; older events stay in the server's log. */
const capacity = 500;

/** The list of events, newest first. */
export class EventList {
  readonly element: HTMLElement;
  readonly #rows: EventRow[] = [];
  readonly #list = h("ol", { class: "rows", reversed: true });
  readonly #none = h("p", { class: "empty" }, text.events.none);
  readonly #noFences = h("div", { class: "empty", "data-testid": "empty-fences", hidden: true });
  readonly #amended = new Set<number>();
  #waiting: Entry[] = [];

  /** middle gives the place in degrees to suggest for a first fence. */
  constructor(
    private readonly fleet: Fleet,
    private readonly focus: Focus,
    private readonly middle: () => readonly [number, number],
  ) {
    this.element = h(
      "section",
      { class: "events", id: "events", tabindex: -1, "aria-labelledby": "events-heading" },
      h("div", { class: "bar" }, h("h2", { id: "events-heading" }, text.events.heading)),
      h("div", { class: "scroll" }, this.#noFences, this.#none, this.#list),
    );
    focus.watch(({ event }) => this.#rows.forEach((row) => row.select(row.seq === event)));
  }

  /** Queues an event for the next refresh. */
  add(entry: Entry): void {
    this.#waiting.push(entry);
  }

  /** Marks an event about which something new is known; null for none. */
  amend(entry: Entry | null): void {
    if (entry) this.#amended.add(entry.event.seq);
  }

  refresh(now: number): void {
    if (this.#waiting.length === 0 && this.#amended.size === 0) return;
    for (const row of this.#rows) if (this.#amended.has(row.seq)) this.#write(row, now);
    this.#amended.clear();
    for (const entry of this.#waiting.slice(-capacity)) this.#insert(entry, now);
    this.#waiting = [];
    this.#none.hidden = this.#rows.length > 0 || !this.#noFences.hidden;
  }

  /** Fences or vehicles have new names. */
  rename(): void {
    for (const row of this.#rows) row.name(this.fleet);
  }

  /** Tells how to make a fence while there is none. */
  showFences(count: number): void {
    this.#noFences.hidden = count > 0;
    if (count === 0) this.suggest();
    this.#none.hidden = this.#rows.length > 0 || count === 0;
  }

  /** Writes the command for a first fence anew: the map may have moved. */
  suggest(): void {
    if (this.#noFences.hidden) return;
    const words = text.noFences;
    const [lon, lat] = this.middle();
    const command = createFence(lon, lat);
    if (this.#noFences.querySelector("code")?.textContent === command) return;
    this.#noFences.replaceChildren(h("h3", {}, words.heading), h("p", {}, words.lead), commandBlock(command));
  }

  tick(now: number): void {
    for (const row of this.#rows) row.tick(now);
  }

  #write(row: EventRow, now: number): void {
    row.name(this.fleet);
    row.tick(now);
  }

  #insert(entry: Entry, now: number): void {
    const row = new EventRow(entry, this.focus);
    this.#write(row, now);
    this.#rows.unshift(row);
    this.#list.prepend(row.element);
    if (this.#rows.length > capacity) this.#rows.pop()?.element.remove();
  }
}
