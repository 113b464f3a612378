import { managedDevices, type ManagedDevice } from "../../api/enrol";
import { deviceText as text } from "../../devicetext";
import { text as words } from "../../text";
import { button, h, setAttributes, setText } from "../dom";
import { ago, dateText, minuteText } from "../format";
import { addPage } from "./add";
import { codesPage } from "./codes";
import type { Desk, Page } from "./desk";
import { devicePage } from "./device";

/** From this many devices on, the list has a search field. */
const searchable = 9;

const order = new Intl.Collator("en", { numeric: true });

/** From so long before its end, in milliseconds, a certificate is warned of. */
const expiringWithin = 30 * 24 * 3_600_000;

/** All devices with their state. */
export function listPage(desk: Desk): Page {
  const back = () => desk.show(listPage(desk));
  const rows = new Map<string, Row>();
  const list = h("ul", { class: "rows" });
  const none = h("p", { class: "empty", hidden: true }, desk.manages ? text.none : text.noneHere);
  const noMatch = h("p", { class: "empty", hidden: true }, text.noMatch);
  const search = h("input", { type: "search", placeholder: text.find, "aria-label": text.find, hidden: true });
  const filter = () => {
    let shown = 0;
    for (const row of rows.values()) shown += row.filter(search.value.trim().toLowerCase()) ? 1 : 0;
    noMatch.hidden = shown > 0 || rows.size === 0;
  };
  search.addEventListener("input", filter);
  const renew = (devices: ManagedDevice[]) => {
    const ids = new Set(devices.map(({ id }) => id));
    for (const [id, row] of rows) if (!ids.has(id)) (row.element.remove(), rows.delete(id));
    const sorted = devices.sort((a, b) => order.compare(a.name, b.name));
    sorted.forEach((device, index) => {
      const row = rows.get(device.id) ?? new Row((shown) => desk.show(devicePage(desk, shown, back)));
      rows.set(device.id, row);
      row.show(device, desk.now());
      const there = list.children[index] ?? null;
      if (there !== row.element) list.insertBefore(row.element, there);
    });
    none.hidden = devices.length > 0;
    search.hidden = devices.length < searchable;
    filter();
  };
  const actions = h(
    "div",
    { class: "actions" },
    desk.manages ? button(text.add.open, { class: "primary", "data-testid": "add-device" }, () => desk.show(addPage(desk, back))) : null,
    desk.manages ? button(text.codes.open, {}, () => desk.show(codesPage(desk, back))) : null,
    search,
  );
  return { heading: text.heading, body: [actions, list, none, noMatch], refresh: async () => renew(await managedDevices()) };
}

class Row {
  readonly element: HTMLLIElement;
  readonly #name = h("span", { class: "name" });
  readonly #id = h("span", {});
  readonly #seen = h("span", {});
  readonly #battery = h("span", { class: "battery" });
  readonly #warning = h("span", { class: "warning" });
  readonly #state = h("span", { class: "state" });
  #device: ManagedDevice | null = null;

  constructor(open: (device: ManagedDevice) => void) {
    const line = h("span", { class: "line" }, this.#id, this.#seen, this.#battery, this.#warning);
    const press = h("button", { type: "button" }, h("span", { class: "main" }, this.#name, line), this.#state);
    press.addEventListener("click", () => this.#device && open(this.#device));
    this.element = h("li", { "data-testid": "managed-device" }, press);
  }

  show(device: ManagedDevice, now: number): void {
    const { last, name, id } = device;
    this.#device = device;
    setAttributes(this.element, { "data-device": id, "data-connected": device.connected === null ? null : String(device.connected) });
    setText(this.#name, name);
    setText(this.#id, name === id ? "" : id);
    setText(this.#seen, last ? text.lastSeen(ago(last.time, now)) : text.never);
    setText(this.#battery, last?.battery == null ? "" : words.vehicles.battery(Math.round(last.battery)));
    this.#battery.classList.toggle("low", last?.battery != null && last.battery < 20);
    setText(this.#warning, warningOf(device, now));
    setText(this.#state, device.connected === null ? text.state.unknown : device.connected ? text.state.connected : text.state.away);
  }

  filter(wanted: string): boolean {
    const device = this.#device;
    const found = device !== null && (device.name.toLowerCase().includes(wanted) || device.id.toLowerCase().includes(wanted));
    this.element.hidden = !found;
    return found;
  }
}

function warningOf({ expires, oldUntil }: ManagedDevice, now: number): string {
  if (expires !== null && expires <= now) return text.expired;
  if (expires !== null && expires - now < expiringWithin) return text.expires(dateText(expires));
  return oldUntil === null ? "" : text.inGrace(minuteText(oldUntil, now));
}
