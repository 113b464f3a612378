import type { Fleet } from "../fleet/fleet";
import { kindOf } from "../fleet/kinds";
import { isOver, type Entry } from "../fleet/log";
import { text } from "../text";
import { h, setAttributes, setText } from "./dom";
import { factsText } from "./eventfacts";
import { whereText, whoText } from "./eventwords";
import type { Focus } from "./focus";
import { ago, minuteText, momentText, span } from "./format";
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
  readonly #told: HTMLElement;
  readonly #name: HTMLElement;
  readonly #facts = h("span", { class: "facts" });
  readonly #time = h("time", { class: "at" });
  readonly #age = h("span", { class: "age" });
  readonly #note = h("span", { class: "note" });

  constructor(
    private readonly entry: Entry,
    focus: Focus,
  ) {
    const { seq, type, subject, device } = entry.event;
    this.seq = seq;
    const { words, sign, tone } = kindOf(type);
    this.#told = h("span", {}, this.#who, " ", h("span", { class: "words" }, words), " ", this.#where);
    this.#name = h("span", { class: "name" }, this.#told);
    const line = h("span", { class: "line told" }, this.#time, this.#age, this.#facts, this.#note);
    this.#press = h(
      "button",
      { type: "button", "aria-pressed": "false" },
      h("span", { class: "badge" }, icon(sign)),
      h("span", { class: "main" }, this.#name, line),
    );
    this.#press.addEventListener("click", () => focus.event(seq));
    const hooks = { "data-seq": seq, "data-type": type, "data-subject": subject, "data-event-device": device };
    this.element = h("li", { "data-testid": "event", "data-tone": tone, ...hooks }, this.#press);
  }

  /** Writes anew what the event is about, and what became of it. */
  name(fleet: Fleet): void {
    const { event, correction } = this.entry;
    setText(this.#who, whoText(event, fleet));
    setText(this.#where, whereText(event, fleet));
    setText(this.#facts, factsText(event, fleet));
    setAttributes(this.#who, { title: event.device });
    setAttributes(this.#where, { title: event.subject });
    setAttributes(this.element, { "data-correction": correction?.kind });
    this.#strike(correction?.kind === "withdrawn");
  }

  tick(now: number): void {
    const { time } = this.entry.event;
    setText(this.#age, ago(time, now));
    setText(this.#time, momentText(time, now));
    setAttributes(this.#time, { datetime: new Date(time).toISOString() });
    this.#showNote(now);
  }

  select(selected: boolean): void {
    this.element.classList.toggle("selected", selected);
    setAttributes(this.#press, { "aria-pressed": String(selected) });
  }

  #strike(withdrawn: boolean): void {
    const struck = this.#name.lastElementChild?.localName === "s";
    if (withdrawn !== struck) this.#name.replaceChildren(withdrawn ? h("s", {}, this.#told) : this.#told);
  }

  #showNote(now: number): void {
    const [kind, words] = this.#noteText(now);
    setText(this.#note, words);
    setAttributes(this.#note, { "data-note": kind });
  }

  /** What became of the event; else that it was known late. */
  #noteText(now: number): [kind: string, words: string] {
    const { event, correction, end } = this.entry;
    const words = text.events;
    if (correction?.kind === "withdrawn") return ["withdrawn", words.withdrawn];
    const over = kindOf(event.type).urgent && isOver(end) ? words.over(minuteText(end.event.time, now)) : "";
    if (correction) {
      const corrected = correction.was === event.time ? words.confirmed : words.corrected(momentText(correction.was, now));
      return ["corrected", [corrected, over].filter(Boolean).join(", ")];
    }
    if (over) return ["over", over];
    const delay = event.knownAt - event.time;
    return delay > late ? ["late", words.late(span(delay))] : ["", ""];
  }
}
