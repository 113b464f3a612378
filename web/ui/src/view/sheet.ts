import { text } from "../text";
import { button, h, setAttributes } from "./dom";

type Tab = "vehicles" | "events";

/**
 * Holds the two lists. On a wide screen both are in sight; on a phone they lie
 * below the map and two buttons choose between them.
 */
export class Sheet {
  readonly element: HTMLElement;
  readonly #urgent = h("span", { class: "urgent-count", hidden: true });
  readonly #tabs: Record<Tab, HTMLButtonElement>;

  constructor(vehicles: HTMLElement, events: HTMLElement) {
    this.#tabs = { vehicles: this.#tab("vehicles"), events: this.#tab("events") };
    this.#tabs.events.append(this.#urgent);
    const tabs = h("div", { class: "tabs", role: "group", "aria-label": text.sheet.label }, this.#tabs.vehicles, this.#tabs.events);
    this.element = h("aside", { class: "sheet" }, tabs, vehicles, events);
    this.show("vehicles");
  }

  show(tab: Tab): void {
    this.element.dataset.tab = tab;
    for (const each of ["vehicles", "events"] as const)
      setAttributes(this.#tabs[each], { "aria-pressed": String(each === tab) });
  }

  /** Tells on the button of the events how many need action: that list may be out of sight. */
  showUrgent(count: number): void {
    this.#urgent.hidden = count === 0;
    if (this.#urgent.dataset.count === String(count)) return;
    this.#urgent.dataset.count = String(count);
    const said = h("span", { class: "sr-only" }, ` ${text.sheet.urgent(count)}`);
    this.#urgent.replaceChildren(h("span", { "aria-hidden": "true" }, String(count)), said);
  }

  #tab(tab: Tab): HTMLButtonElement {
    return button(text.sheet[tab], {}, () => this.show(tab));
  }
}
