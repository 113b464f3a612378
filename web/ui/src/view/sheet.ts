import { alertText } from "../alerttext";
import { text } from "../text";
import { button, h, setAttributes } from "./dom";

const tabs = ["alerts", "vehicles", "events"] as const;
export type Tab = (typeof tabs)[number];

/**
 * Holds the lists. On a wide screen all are in sight; else buttons choose one of
 * them, which on a phone lies below the map.
 */
export class Sheet {
  readonly element: HTMLElement;
  readonly #open = h("span", { class: "open-count", hidden: true });
  readonly #tabs: Record<Tab, HTMLButtonElement>;

  constructor(lists: Record<Tab, HTMLElement>) {
    const tab = (name: Tab) => button(text.sheet[name], {}, () => this.show(name));
    this.#tabs = { alerts: tab("alerts"), vehicles: tab("vehicles"), events: tab("events") };
    this.#tabs.alerts.append(this.#open);
    const bar = h("div", { class: "tabs", role: "group", "aria-label": text.sheet.label }, ...tabs.map((name) => this.#tabs[name]));
    this.element = h("aside", { class: "sheet" }, bar, ...tabs.map((name) => lists[name]));
    this.show("vehicles");
  }

  show(tab: Tab): void {
    this.element.dataset.tab = tab;
    for (const each of tabs) setAttributes(this.#tabs[each], { "aria-pressed": String(each === tab) });
  }

  /** Tells on the button of the alerts how many are open: that list may be out of sight. */
  showOpen(count: number, more: boolean): void {
    this.#open.hidden = count === 0;
    const words = alertText.countOpen(count, more);
    if (this.#open.dataset.count === words) return;
    this.#open.dataset.count = words;
    this.#open.replaceChildren(h("span", { "aria-hidden": "true" }, words), h("span", { class: "sr-only" }, ` ${alertText.open(words)}`));
  }
}
