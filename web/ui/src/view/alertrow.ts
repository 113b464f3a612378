import { allowed, type Action, type Alert } from "../api/alerts";
import type { Session } from "../api/types";
import { alertText as words } from "../alerttext";
import type { Fleet } from "../fleet/fleet";
import { kindOf } from "../fleet/kinds";
import { AlertForm } from "./alertform";
import { alertSentence, alertWords, holderText } from "./alertwords";
import { button, h, setAttributes, setText } from "./dom";
import { ago, momentText } from "./format";
import { icon } from "./icons";

export interface AlertRowActions {
  show(alert: Alert): void;
  /** An answer of the server tells how an alert is now; null where it has to be asked. */
  moved(alert: Alert | null, action: Action): void;
  /** Nothing keeps the row any more. */
  released(): void;
}

/** One alert of the list, with what can be done. */
export class AlertRow {
  readonly element: HTMLLIElement;
  readonly #press: HTMLButtonElement;
  readonly #who = h("b", { class: "who" });
  readonly #where = h("span", { class: "where" });
  readonly #facts = h("span", { class: "facts" });
  readonly #about = h("span", { class: "about" });
  readonly #time = h("time", { class: "at" });
  readonly #age = h("span", { class: "age" });
  readonly #holder = h("p", { class: "holder" });
  readonly #buttons: Record<Action, HTMLButtonElement>;
  readonly #actions: HTMLElement;
  #form: AlertForm | null = null;

  constructor(
    private alert: Alert,
    private readonly actions: AlertRowActions,
  ) {
    const { words: what, sign, tone } = kindOf(alert.type);
    const name = h("span", { class: "name" }, this.#who, " ", h("span", { class: "words" }, what), " ", this.#where);
    const line = h("span", { class: "line told" }, this.#time, this.#age, this.#facts);
    this.#press = h("button", { type: "button", "aria-pressed": "false" }, h("span", { class: "badge" }, icon(sign)), h("span", { class: "main" }, name, this.#about, line));
    this.#press.addEventListener("click", () => actions.show(this.alert));
    const act = (action: Action) => button(words[action], { "data-action": action }, () => this.#open(action));
    this.#buttons = { acknowledge: act("acknowledge"), resolve: act("resolve") };
    this.#actions = h("div", { class: "actions" }, this.#buttons.acknowledge, this.#buttons.resolve);
    this.element = h("li", { "data-testid": "alert", "data-alert": alert.id, "data-type": alert.type, "data-tone": tone }, this.#press, h("div", { class: "details" }, this.#holder, this.#actions));
  }

  get seq(): number {
    return this.alert.seq;
  }

  /** Whether somebody is writing here: then the row must not go. */
  get held(): boolean {
    return this.#form !== null;
  }

  write(alert: Alert, fleet: Fleet, me: Session): void {
    const before = this.alert;
    this.alert = alert;
    const event = fleet.eventAt(alert.seq);
    const told = alertWords(alert, event, fleet);
    setText(this.#who, told.who);
    setText(this.#where, told.where);
    setText(this.#facts, told.facts);
    setText(this.#about, told.about);
    setText(this.#holder, holderText(alert, me));
    setAttributes(this.#who, { title: alert.device });
    setAttributes(this.#where, { title: alert.subject });
    setAttributes(this.#about, { title: alert.delivery });
    setAttributes(this.element, { "data-state": alert.state, "data-subject": alert.subject });
    const sentence = alertSentence(alert, event, fleet);
    for (const action of ["acknowledge", "resolve"] as const) setAttributes(this.#buttons[action], { "aria-label": words.about(words[action], sentence) });
    this.#offer();
    if (this.#form && alert.version > before.version) this.#form.warn(allowed(alert, this.#form.action) ? words.stale : words.gone);
  }

  tick(now: number): void {
    const { time } = this.alert;
    setText(this.#time, momentText(time, now));
    setText(this.#age, ago(time, now));
    setAttributes(this.#time, { datetime: new Date(time).toISOString() });
  }

  select(selected: boolean): void {
    this.element.classList.toggle("selected", selected);
    setAttributes(this.#press, { "aria-pressed": String(selected) });
  }

  focus(): void {
    this.#press.focus();
  }

  #offer(): void {
    for (const action of ["acknowledge", "resolve"] as const) this.#buttons[action].hidden = !allowed(this.alert, action);
    this.#actions.hidden = this.#form !== null || this.alert.state === "resolved";
  }

  #open(action: Action): void {
    this.#close();
    const what = this.#buttons[action].getAttribute("aria-label") ?? "";
    this.#form = new AlertForm(
      action,
      what.slice(words[action].length + 2),
      () => this.alert,
      (moved) => this.#moved(moved, action),
      () => {
        this.#close();
        this.#buttons[action].focus();
        this.actions.released();
      },
    );
    this.#actions.after(this.#form.element);
    this.#offer();
    this.#form.focus();
  }

  #moved(moved: Alert | null, action: Action): void {
    if (moved) {
      this.#close();
      this.focus();
    }
    this.actions.moved(moved, action);
  }

  #close(): void {
    this.#form?.element.remove();
    this.#form = null;
    this.#offer();
  }
}
