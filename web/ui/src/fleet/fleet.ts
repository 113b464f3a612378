/** All that the page knows of the fleet; views watch it for changes. */
import { number } from "../api/decode";
import type { Device, Fence, FleetEvent, Position, TrackPoint } from "../api/types";
import { EventLog, isOpen, loggedEvents, type Entry, type News } from "./log";
import { Vehicle, type Activity } from "./vehicle";

/** What changed. */
export type Change =
  | { kind: "devices" }
  | { kind: "position"; vehicle: Vehicle }
  | { kind: "trails" }
  | { kind: "fences" }
  | { kind: "silence"; vehicle: Vehicle }
  | ({ kind: "event" } & News);

type Watcher = (change: Change) => void;

export class Fleet {
  readonly vehicles = new Map<string, Vehicle>();
  readonly log = new EventLog(loggedEvents);
  fences: readonly Fence[] = [];
  readonly #watchers: Watcher[] = [];

  watch(watcher: Watcher): void {
    this.#watchers.push(watcher);
  }

  /** Replaces the set of devices; those that stay keep what they had. */
  setDevices(devices: readonly Device[]): void {
    const known = new Set(devices.map((device) => device.id));
    for (const id of this.vehicles.keys()) if (!known.has(id)) this.vehicles.delete(id);
    for (const device of devices) {
      const vehicle = this.#vehicle(device);
      Object.assign(vehicle, { name: device.name, kind: device.kind });
      if (device.last) vehicle.take(device.last);
    }
    this.#tell({ kind: "devices" });
  }

  setFences(fences: readonly Fence[]): void {
    this.fences = fences;
    this.#tell({ kind: "fences" });
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

  nameOf(device: string): string {
    return this.vehicles.get(device)?.name ?? device;
  }

  /** The name of the fence with an id; null for none. */
  fenceName(id: string): string | null {
    return this.fences.find((fence) => fence.id === id)?.name ?? null;
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
