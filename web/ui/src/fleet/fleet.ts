/** All that the page knows of the fleet; views watch it for changes. */
import { number } from "../api/decode";
import type { Device, Fence, FleetEvent, NamedVehicle, Position, TrackPoint } from "../api/types";
import { EventLog, isOpen, loggedEvents, type Entry, type News } from "./log";
import { Names, shortID, type Lookup } from "./names";
import { Vehicle, type Activity } from "./vehicle";

/** What changed. */
export type Change =
  | { kind: "devices" }
  | { kind: "position"; vehicle: Vehicle }
  | { kind: "trails" }
  | { kind: "fences" }
  | { kind: "names" }
  | { kind: "silence"; vehicle: Vehicle }
  | ({ kind: "event" } & News);

type Watcher = (change: Change) => void;

export class Fleet {
  readonly vehicles = new Map<string, Vehicle>();
  readonly log = new EventLog(loggedEvents);
  fences: readonly Fence[] = [];
  readonly names: Names;
  /** Events that the log does not have any more, or not yet, by sequence number. */
  readonly #recalled = new Map<number, FleetEvent>();
  /** What places were called that are fences, or were. */
  readonly #places = new Map<string, string>();
  #named: readonly NamedVehicle[] = [];
  readonly #watchers: Watcher[] = [];

  /** Without a lookup, deliveries and rounds go by their ids. */
  constructor(lookup: Lookup | null = null) {
    this.names = new Names(lookup, () => this.#tell({ kind: "names" }));
  }

  watch(watcher: Watcher): void {
    this.#watchers.push(watcher);
  }

  /** What vehicles are called, before the devices that are in them. */
  setVehicles(vehicles: readonly NamedVehicle[]): void {
    this.#named = vehicles;
  }

  /** Replaces the set of devices; those that stay keep what they had. */
  setDevices(devices: readonly Device[]): void {
    const known = new Set(devices.map((device) => device.id));
    for (const id of this.vehicles.keys()) if (!known.has(id)) this.vehicles.delete(id);
    for (const device of devices) {
      const vehicle = this.#vehicle(device);
      Object.assign(vehicle, { name: this.#vehicleName(device), kind: device.kind });
      if (device.last) vehicle.take(device.last);
    }
    this.#tell({ kind: "devices" });
  }

  setFences(fences: readonly Fence[]): void {
    this.fences = fences;
    for (const { id, name } of fences) this.#places.set(id, name);
    this.#tell({ kind: "fences" });
  }

  /** What hazards are called that may be over. */
  setPlaces(names: ReadonlyMap<string, string>): void {
    for (const [id, name] of names) this.#places.set(id, name);
  }

  /** Takes reports; returns whether one came from a device not known before. */
  report(positions: readonly Position[]): boolean {
    const before = this.vehicles.size;
    for (const position of positions) {
      const id = position.device;
      const vehicle = this.#vehicle({ id, name: id, kind: "" });
      if (vehicle.take(position)) this.#tell({ kind: "position", vehicle });
    }
    const isNew = this.vehicles.size > before;
    if (isNew) this.#tell({ kind: "devices" });
    return isNew;
  }

  /** Takes an event unless it was taken before. */
  append(event: FleetEvent): void {
    const news = this.log.add(event);
    if (!news) return;
    this.#listen(news.entry);
    if (event.type === "delivery.changed") this.names.renew(event.subject);
    this.#tell({ kind: "event", ...news });
  }

  /** Notes whether a vehicle is silent, as the server tells. */
  #listen(entry: Entry): void {
    const { type, device, time, knownAt, detail } = entry.event;
    const vehicle = this.vehicles.get(device ?? "");
    if (!vehicle || (type !== "device.silent" && type !== "device.back")) return;
    if (type === "device.silent" && isOpen(entry)) vehicle.fellSilent(time - (number(detail.silent_for_s) ?? 0) * 1000, time);
    else vehicle.isHeard(type === "device.back" ? knownAt : 0);
    this.#tell({ kind: "silence", vehicle });
  }

  /** Adds stored fixes to a vehicle's trail. */
  recall(device: string, points: readonly TrackPoint[], now: number): void {
    const vehicle = this.vehicles.get(device);
    if (!vehicle) return;
    for (const { time, lon, lat } of points) if (time <= now) vehicle.trail.add(time, [lon, lat]);
    this.#tell({ kind: "trails" });
  }

  /** An event with its corrections, or one fetched by itself. */
  eventAt(seq: number): FleetEvent | undefined {
    return this.log.find(seq)?.event ?? this.#recalled.get(seq);
  }

  /** Keeps an event that was fetched by itself. */
  recallEvent(event: FleetEvent): void {
    this.#recalled.set(event.seq, event);
    this.#tell({ kind: "names" });
  }

  /** What a device, a place, a delivery or a round is called; its id, short, where nobody knows. */
  nameOf(id: string): string {
    return this.#places.get(id) ?? this.vehicles.get(id)?.name ?? this.names.of(id) ?? this.vehicleName(id) ?? shortID(id);
  }

  /** The name of a vehicle, which is no device; null for none. */
  vehicleName(id: string): string | null {
    return this.#named.find((vehicle) => vehicle.id === id)?.name ?? null;
  }

  /** That of the vehicle it is in; with its own where that has several. */
  #vehicleName({ id, name }: Device): string {
    const vehicle = this.#named.find(({ devices }) => devices.includes(id));
    if (!vehicle) return name;
    return vehicle.devices.length > 1 ? `${vehicle.name} (${name})` : vehicle.name;
  }

  /** How many vehicles do what, by the server's time. */
  count(now: number): Record<Activity, number> {
    const counts = { moving: 0, standing: 0, silent: 0, waiting: 0 };
    for (const vehicle of this.vehicles.values()) counts[vehicle.activity(now)]++;
    return counts;
  }

  #vehicle(device: Pick<Device, "id" | "name" | "kind">): Vehicle {
    const found = this.vehicles.get(device.id);
    if (found) return found;
    const vehicle = new Vehicle(device);
    this.vehicles.set(device.id, vehicle);
    return vehicle;
  }

  #tell(change: Change): void {
    for (const watcher of this.#watchers) watcher(change);
  }
}
