import type { FleetEvent } from "../api/types";
import type { Fleet } from "../fleet/fleet";
import { kindOf } from "../fleet/kinds";
import { text } from "../text";
import { h, setAttributes, setText } from "./dom";
import { whereText } from "./eventwords";
import type { Focus } from "./focus";
import { ago, momentText, span } from "./format";
import { icon } from "./icons";

/** From this delay in milliseconds on, a row tells that the event was known late. */
const late = 60_000;

/** One event of the list. */
export class EventRow {
  readonly element: HTMLLIElement;
  readonly seq: number;
  readonly #press: HTMLButtonElement;
  readonly #who = h("b", { class: "who" });
  readonly #where = h("span", { class: "where" });
  readonly #time = h("time", { class: "at" });
  readonly #age = h("span", { class: "age" });

  constructor(
    private readonly event: FleetEvent,
    focus: Focus,
  ) {
    this.seq = event.seq;
    const { words, sign, tone } = kindOf(event.type);
    const what = h("span", { class: "words" }, words);
    const delay = event.knownAt - event.time;
    const note = delay > late ? h("span", { class: "late" }, text.events.late(span(delay))) : null;
    const line = h("span", { class: "line" }, this.#time, this.#age, note);
    this.#press = h(
      "button",
      { type: "button", "aria-pressed": "false" },
      h("span", { class: "badge" }, icon(sign)),
      h("span", { class: "main" }, h("span", { class: "name" }, this.#who, " ", what, " ", this.#where), line),
    );
    this.#press.addEventListener("click", () => focus.event(event.seq));
    const hooks = { "data-seq": event.seq, "data-type": event.type, "data-subject": event.subject, "data-event-device": event.device };
    this.element = h("li", { "data-testid": "event", "data-tone": tone, ...hooks }, this.#press);
  }

  name(fleet: Fleet): void {
    setText(this.#who, this.event.device === null ? "" : fleet.nameOf(this.event.device));
    setText(this.#where, whereText(this.event, fleet));
  }

  tick(now: number): void {
    setText(this.#age, ago(this.event.time, now));
    setText(this.#time, momentText(this.event.time, now));
    setAttributes(this.#time, { datetime: new Date(this.event.time).toISOString() });
  }

  select(selected: boolean): void {
    this.element.classList.toggle("selected", selected);
    setAttributes(this.#press, { "aria-pressed": String(selected) });
  }
}
