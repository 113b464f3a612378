import { eventAt, type Alert } from "../api/alerts";
import type { Session } from "../api/types";
import { alertText as words } from "../alerttext";
import type { AlertBook, AlertChange, AlertFilter } from "../fleet/alerts";
import type { Fleet } from "../fleet/fleet";
import { AlertRow } from "./alertrow";
import { alertSentence, holderText } from "./alertwords";
import { button, h, setAttributes, setText } from "./dom";
import type { Focus } from "./focus";

const filters = ["open", "acknowledged", "all"] as const;

const nobody: Session = { by: "", name: "", role: "", expires: null };

/** The list of alerts, newest first. */
export class AlertList {
  readonly element: HTMLElement;
  /** Who is signed in. */
  me: Session = nobody;
  readonly #rows = new Map<string, AlertRow>();
  readonly #list = h("ol", { class: "rows", reversed: true });
  readonly #heading = h("h2", { id: "alerts-heading", tabindex: -1 }, words.heading);
  readonly #note = h("p", { class: "empty" }, words.loading);
  readonly #retry: HTMLButtonElement;
  readonly #older: HTMLButtonElement;
  readonly #count = h("b", { "data-testid": "count-open" }, "0");
  readonly #choices: Record<AlertFilter, HTMLButtonElement>;
  readonly #asked = new Set<number>();

  /** say reads a sentence out. */
  constructor(
    private readonly fleet: Fleet,
    private readonly book: AlertBook,
    private readonly focus: Focus,
    private readonly say: (sentence: string) => void,
  ) {
    const choice = (filter: AlertFilter) => button(words.filters[filter], { class: "count", "aria-pressed": String(filter === book.filter) }, () => this.#choose(filter));
    this.#choices = { open: choice("open"), acknowledged: choice("acknowledged"), all: choice("all") };
    this.#choices.open.append(" ", this.#count);
    this.#retry = button(words.retry, { hidden: true }, () => void book.refresh());
    this.#older = button(words.older, { class: "older", hidden: true }, () => void this.#showOlder());
    const filter = h("div", { class: "filter", role: "group", "aria-label": words.show }, ...filters.map((each) => this.#choices[each]));
    this.element = h(
      "section",
      { class: "alerts", id: "alerts", tabindex: -1, "aria-labelledby": "alerts-heading" },
      h("div", { class: "bar" }, this.#heading, filter),
      h("div", { class: "scroll" }, h("div", { class: "state" }, this.#note, this.#retry), this.#list, this.#older),
    );
    focus.watch(({ event }) => this.#rows.forEach((row) => row.select(row.seq === event)));
  }

  /** Writes the list as the book has it. */
  show(changes: readonly AlertChange[], now: number): void {
    const { book } = this;
    const wanted = this.#withHeld();
    this.#remove(new Set(wanted.map(({ id }) => id)));
    wanted.forEach((alert, index) => this.#place(alert, index, now));
    this.#older.hidden = !book.more;
    this.#retry.hidden = !book.failed;
    this.#note.hidden = !book.failed && wanted.length > 0;
    setText(this.#note, book.failed ? words.failed : book.loaded ? words.none[book.filter] : words.loading);
    setText(this.#count, words.countOpen(book.open, book.openIsMore));
    setAttributes(this.#choices.open, { "data-any": book.open > 0 });
    this.#tell(changes);
  }

  /** Something has another name, or an event has come. */
  rename(): void {
    for (const alert of this.#withHeld()) this.#rows.get(alert.id)?.write(alert, this.fleet, this.me);
  }

  tick(now: number): void {
    for (const row of this.#rows.values()) row.tick(now);
  }

  /** Those of the book, and rows in which somebody is writing, where they were. */
  #withHeld(): readonly Alert[] {
    const shown = new Set(this.book.shown.map(({ id }) => id));
    const held = [...this.#rows].filter(([id, row]) => row.held && !shown.has(id)).flatMap(([id]) => this.book.seen(id) ?? []);
    return held.length === 0 ? this.book.shown : [...this.book.shown, ...held].sort((a, b) => b.seq - a.seq);
  }

  /** Takes rows off; where one of them has the focus, the next one gets it. */
  #remove(wanted: ReadonlySet<string>): void {
    const focused = document.activeElement?.closest<HTMLElement>("[data-alert]");
    for (const [id, row] of this.#rows) {
      if (wanted.has(id)) continue;
      if (row.element === focused) this.#passFocus(focused, wanted);
      row.element.remove();
      this.#rows.delete(id);
    }
  }

  #passFocus(from: HTMLElement, wanted: ReadonlySet<string>): void {
    const stays = (element: Element | null, step: "nextElementSibling" | "previousElementSibling"): AlertRow | undefined => {
      for (let at = element?.[step] ?? null; at; at = at[step]) {
        const id = (at as HTMLElement).dataset.alert ?? "";
        if (wanted.has(id)) return this.#rows.get(id);
      }
      return undefined;
    };
    const next = stays(from, "nextElementSibling") ?? stays(from, "previousElementSibling");
    if (next) next.focus();
    else this.#heading.focus();
  }

  #place(alert: Alert, index: number, now: number): void {
    const row = this.#rows.get(alert.id) ?? this.#insert(alert);
    row.write(alert, this.fleet, this.me);
    row.tick(now);
    // Rows keep their order, so only new ones move: moving takes the focus away.
    const there = this.#list.children[index] ?? null;
    if (there !== row.element) this.#list.insertBefore(row.element, there);
    this.#recall(alert);
  }

  #insert(alert: Alert): AlertRow {
    const row = new AlertRow(alert, {
      show: (shown) => void this.#onMap(shown),
      moved: (moved, action) => {
        if (moved) {
          this.book.put(moved);
          this.say(words.done[action]);
        }
        void this.book.refresh();
      },
      released: () => void this.book.refresh(),
    });
    row.select(this.focus.looking.event === alert.seq);
    this.#rows.set(alert.id, row);
    return row;
  }

  /** Fetches the event that opened an alert, unless it is here: it has the numbers and the place. */
  #recall({ seq }: Alert): void {
    if (this.#asked.has(seq) || this.fleet.eventAt(seq)) return;
    this.#asked.add(seq);
    eventAt(seq).then(
      (event) => event && this.fleet.recallEvent(event),
      () => this.#asked.delete(seq),
    );
  }

  async #onMap(alert: Alert): Promise<void> {
    const event = this.fleet.eventAt(alert.seq);
    if (event && event.lon !== null) return this.focus.event(alert.seq);
    if (alert.device && this.fleet.vehicles.get(alert.device)?.place) return this.focus.vehicle(alert.device);
    this.focus.event(alert.seq);
    this.say(words.nowhere);
  }

  #choose(filter: AlertFilter): void {
    for (const each of filters) setAttributes(this.#choices[each], { "aria-pressed": String(each === filter) });
    void this.book.choose(filter);
  }

  async #showOlder(): Promise<void> {
    this.#older.disabled = true;
    try {
      await this.book.older();
    } catch {
      this.say(words.failed);
    } finally {
      this.#older.disabled = false;
    }
  }

  /** Reads out what others did; what opens is read out as an event. */
  #tell(changes: readonly AlertChange[]): void {
    const forward = changes.filter(({ before, after }) => before.state !== after.state);
    const [only, ...more] = forward;
    if (!only) return;
    const { after } = only;
    const sentence = alertSentence(after, this.fleet.eventAt(after.seq), this.fleet);
    this.say(more.length ? words.many(forward.length) : words.changed(sentence, holderText(after, this.me) || words.filters.open));
  }
}
