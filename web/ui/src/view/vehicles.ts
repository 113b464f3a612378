import type { Fleet } from "../fleet/fleet";
import type { Activity, Vehicle } from "../fleet/vehicle";
import { deviceText } from "../devicetext";
import { text } from "../text";
import { button, h } from "./dom";
import type { Focus } from "./focus";
import { VehicleRow } from "./vehiclerow";

/** From this many vehicles on, the list has a search field. */
const searchable = 9;

const order = new Intl.Collator("en", { numeric: true });

/** Vehicles by name, then what they carry. */
function inOrder(a: Vehicle, b: Vehicle): number {
  return Number(a.kind === "parcel") - Number(b.kind === "parcel") || order.compare(a.name, b.name);
}

/** The list of vehicles, and of parcels that report by themselves. */
export class VehicleList {
  readonly element: HTMLElement;
  readonly #rows = new Map<string, VehicleRow>();
  readonly #changed = new Set<VehicleRow>();
  readonly #list = h("ul", { class: "rows" });
  readonly #search: HTMLInputElement;
  readonly #empty = h("div", { class: "empty", "data-testid": "empty-devices", hidden: true });
  readonly #noMatch: HTMLElement;
  readonly #add: HTMLButtonElement;
  #only: Activity | null = null;
  #selected: string | null = null;

  constructor(
    private readonly fleet: Fleet,
    private readonly focus: Focus,
    showAll: () => void,
    addDevice: () => void,
  ) {
    this.#search = h("input", { type: "search", placeholder: text.vehicles.filter, "aria-label": text.vehicles.filter, hidden: true });
    this.#search.addEventListener("input", () => this.#filter());
    const all = () => {
      this.#search.value = "";
      showAll();
    };
    this.#noMatch = h("div", { class: "empty", hidden: true }, h("p", {}, text.vehicles.noMatch), button(text.vehicles.showAll, {}, all));
    const words = text.noDevices;
    this.#add = button(deviceText.add.open, { hidden: true }, addDevice);
    this.#empty.append(h("h3", {}, words.heading), h("p", {}, words.lead), this.#add);
    this.element = h(
      "section",
      { class: "vehicles", "aria-labelledby": "vehicles-heading" },
      h("div", { class: "bar" }, h("h2", { id: "vehicles-heading" }, text.vehicles.heading), this.#search),
      h("div", { class: "scroll" }, this.#list, this.#noMatch, this.#empty),
    );
    focus.watch(({ vehicle, following }) => this.#select(vehicle, following));
  }

  /** The set of devices, or their names, changed. */
  renew(now: number): void {
    for (const [id, row] of this.#rows) if (!this.fleet.vehicles.has(id)) this.#remove(id, row);
    const sorted = [...this.fleet.vehicles.values()].sort(inOrder);
    sorted.forEach((vehicle, index) => this.#place(vehicle, index));
    this.#empty.hidden = sorted.length > 0;
    this.#search.hidden = sorted.length < searchable;
    this.tick(now);
  }

  /** Offers to add a first device to those who may. */
  invite(may: boolean): void {
    this.#add.hidden = !may;
  }

  /** Marks a vehicle for the next refresh. */
  touch(vehicle: Vehicle): void {
    const row = this.#rows.get(vehicle.id);
    if (row) this.#changed.add(row);
  }

  refresh(now: number): void {
    for (const row of this.#changed) row.show(now);
    this.#changed.clear();
    this.#filter();
  }

  /** Once a second: ages grow, vehicles fall silent. */
  tick(now: number): void {
    for (const row of this.#rows.values()) row.show(now);
    this.#filter();
  }

  only(activity: Activity | null): void {
    this.#only = activity;
    this.#filter();
  }

  #place(vehicle: Vehicle, index: number): void {
    const row = this.#rows.get(vehicle.id) ?? this.#insert(vehicle);
    const there = this.#list.children[index] ?? null;
    if (there !== row.element) this.#list.insertBefore(row.element, there);
  }

  #insert(vehicle: Vehicle): VehicleRow {
    const row = new VehicleRow(vehicle, this.focus);
    this.#rows.set(vehicle.id, row);
    return row;
  }

  #remove(id: string, row: VehicleRow): void {
    row.element.remove();
    this.#rows.delete(id);
    this.#changed.delete(row);
    if (this.focus.looking.vehicle === id) this.focus.clear();
  }

  #select(vehicle: string | null, following: boolean): void {
    if (this.#selected !== null && this.#selected !== vehicle) this.#rows.get(this.#selected)?.select(false, false);
    const row = vehicle === null ? undefined : this.#rows.get(vehicle);
    row?.select(true, following);
    if (vehicle !== this.#selected) row?.element.scrollIntoView({ block: "nearest" });
    this.#selected = vehicle;
  }

  #filter(): void {
    const wanted = this.#search.hidden ? "" : this.#search.value.trim().toLowerCase();
    let shown = 0;
    for (const row of this.#rows.values()) shown += row.filter(this.#only, wanted) ? 1 : 0;
    this.#noMatch.hidden = shown > 0 || this.#rows.size === 0;
  }
}
