import { moveAlert, type Action, type Alert } from "../api/alerts";
import { Refused, SignedOut } from "../api/client";
import { alertText as words } from "../alerttext";
import { deviceText } from "../devicetext";
import { button, h, setText } from "./dom";

const maxNote = 500;

/** The line in which an alert is acknowledged or resolved, with a note. */
export class AlertForm {
  readonly element: HTMLFormElement;
  readonly #note: HTMLInputElement;
  readonly #send: HTMLButtonElement;
  readonly #alarm = h("p", { class: "alarm", role: "alert" });
  /** What was sent last, and its key: the same once more is not done twice. */
  #sent = { what: "", key: "" };

  /** alert is as it is when the form is sent; what says what it is about. */
  constructor(
    readonly action: Action,
    what: string,
    private readonly alert: () => Alert,
    private readonly done: (moved: Alert | null) => void,
    cancel: () => void,
  ) {
    const label = words[action];
    this.#note = h("input", { class: "note-field", maxlength: maxNote, autocomplete: "off", placeholder: words.note[action], "aria-label": words.about(words.note[action], what) });
    this.#send = h("button", { type: "submit", class: "primary" }, label);
    const leave = button(words.cancel, { class: "quiet" }, cancel);
    this.element = h("form", { class: "alert-form", "data-testid": "alert-form", "aria-label": words.about(label, what) }, this.#note, h("div", { class: "actions" }, this.#send, leave), this.#alarm);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#move();
    });
    this.element.addEventListener("keydown", (press) => {
      if (press.key !== "Escape") return;
      press.stopPropagation();
      cancel();
    });
  }

  focus(): void {
    this.#note.focus();
  }

  /** Says what is in the way. */
  warn(sentence: string): void {
    setText(this.#alarm, sentence);
  }

  async #move(): Promise<void> {
    const [alert, note] = [this.alert(), this.#note.value.trim()];
    const what = JSON.stringify([alert.version, note]);
    if (what !== this.#sent.what) this.#sent = { what, key: newKey() };
    this.#send.disabled = true;
    try {
      this.done(await moveAlert(alert, this.action, note, this.#sent.key));
    } catch (error) {
      this.warn(problem(error));
      if (error instanceof Refused && error.status === 412) this.done(null);
    } finally {
      this.#send.disabled = false;
    }
  }
}

function problem(error: unknown): string {
  if (error instanceof SignedOut) return deviceText.signedOut;
  if (!(error instanceof Refused)) return words.lost;
  return error.status === 412 ? words.stale : error.detail || words.lost;
}

/** 128 random bits; randomUUID is there only with HTTPS. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
