import { text } from "../text";
import { button, h, setAttributes } from "./dom";

type Tab = "vehicles" | "events";

/**
 * Holds the two lists. On a wide screen both are in sight; on a phone they lie
 * below the map and two buttons choose between them.
 */
export class Sheet {
  readonly element: HTMLElement;
  readonly #tabs: Record<Tab, HTMLButtonElement>;

  constructor(vehicles: HTMLElement, events: HTMLElement) {
    this.#tabs = { vehicles: this.#tab("vehicles"), events: this.#tab("events") };
    const tabs = h("div", { class: "tabs", role: "group", "aria-label": text.sheet.label }, this.#tabs.vehicles, this.#tabs.events);
    this.element = h("aside", { class: "sheet" }, tabs, vehicles, events);
    this.show("vehicles");
  }

  show(tab: Tab): void {
    this.element.dataset.tab = tab;
    for (const each of ["vehicles", "events"] as const)
      setAttributes(this.#tabs[each], { "aria-pressed": String(each === tab) });
  }

  #tab(tab: Tab): HTMLButtonElement {
    return button(text.sheet[tab], {}, () => this.show(tab));
  }
}
