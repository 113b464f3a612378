import { Refused, SignedOut } from "../../api/client";
import { deviceText as text } from "../../devicetext";
import { button, h } from "../dom";

/** What the dialog shows at a time. */
export interface Page {
  heading: string;
  body: (HTMLElement | null)[];
  /** Where the way back leads; left out on the first page. */
  back?: () => void;
  /** Done at once and every few seconds while the page shows. */
  refresh?: () => Promise<void>;
}

const refreshEvery = 5_000;

/** The dialog in which devices are managed, one page at a time. */
export class Desk {
  readonly element: HTMLDialogElement;
  /** Whether who is signed in may add, change and revoke devices; others look at them. */
  manages = false;
  readonly #heading = h("h2", { id: "devices-heading", tabindex: -1 });
  readonly #back = button(text.back, { class: "quiet" }, () => this.#page?.back?.());
  readonly #alarm = h("p", { class: "alarm", role: "alert", hidden: true });
  readonly #body = h("div", { class: "page" });
  #page: Page | null = null;
  #failed: (() => Promise<void>) | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** now is the server's time; changed is called after the set of devices changed. */
  constructor(
    readonly now: () => number,
    readonly changed: () => void,
  ) {
    const close = button(text.close, { class: "quiet" }, () => this.element.close());
    const head = h("header", {}, this.#back, this.#heading, close);
    this.element = h("dialog", { class: "devices", "aria-labelledby": "devices-heading", "data-testid": "devices" }, head, this.#alarm, this.#body);
    this.element.addEventListener("close", () => this.#leave());
  }

  /** Shows a page, also where the dialog was closed meanwhile: a secret must not be lost unseen. */
  show(page: Page): void {
    this.#leave();
    if (!this.element.open) this.element.showModal();
    this.#page = page;
    this.#heading.textContent = page.heading;
    this.#back.hidden = !page.back;
    this.#body.replaceChildren(...page.body.filter((part) => part !== null));
    this.#body.scrollTop = 0;
    this.#heading.focus();
    const { refresh } = page;
    if (!refresh) return;
    void this.attempt(refresh);
    this.#timer = setInterval(() => !document.hidden && void this.attempt(refresh), refreshEvery);
  }

  /** Does what asks the server, and says so where it fails. */
  async attempt(work: () => Promise<void>): Promise<void> {
    const page = this.#page;
    try {
      await work();
      // What a press failed with stays until the next press, whatever is refreshed meanwhile.
      if (page === this.#page && (work === this.#failed || work !== page?.refresh)) this.#alarm.hidden = true;
    } catch (error) {
      if (page !== this.#page) return;
      this.#failed = work;
      this.#say(error);
    }
  }

  #say(error: unknown): void {
    const known = error instanceof SignedOut ? text.signedOut : error instanceof Refused && error.detail;
    this.#alarm.textContent = known || text.failed;
    this.#alarm.hidden = false;
  }

  /** What was shown, perhaps a secret, does not stay in the page. */
  #leave(): void {
    clearInterval(this.#timer);
    this.#page = null;
    this.#alarm.hidden = true;
    this.#body.replaceChildren();
  }
}
