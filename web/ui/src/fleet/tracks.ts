/** Fetches the recent tracks that trails begin with. */
import * as client from "../api/client";
import type { Fleet } from "./fleet";
import { trailLength } from "./trail";

/** Requests under way at once, and the most vehicles seeded in one go. */
const lanes = 4;
const most = 200;

export class TrackSeeder {
  #queue: string[] = [];
  #running = 0;
  #seeded = new Set<string>();

  constructor(
    private readonly fleet: Fleet,
    private readonly now: () => number,
  ) {}

  /** Seeds every vehicle heard of lately, the newest first; more come when asked for. */
  seedAll(): void {
    this.#seeded.clear();
    const recent = [...this.fleet.vehicles.values()]
      .filter((vehicle) => vehicle.position && vehicle.position.time > this.now() - trailLength)
      .sort((a, b) => (b.position?.time ?? 0) - (a.position?.time ?? 0));
    this.#queue = recent.slice(0, most).map((vehicle) => vehicle.id);
    this.#pump();
  }

  /** Seeds one vehicle before all others, if it was not yet. */
  seed(device: string): void {
    if (this.#seeded.has(device)) return;
    this.#queue = [device, ...this.#queue.filter((id) => id !== device)];
    this.#pump();
  }

  #pump(): void {
    while (this.#running < lanes) {
      const device = this.#queue.shift();
      if (device === undefined) return;
      this.#running++;
      void this.#fetch(device).finally(() => {
        this.#running--;
        this.#pump();
      });
    }
  }

  /** A trail that cannot be had is no reason to bother anybody: it grows live. */
  async #fetch(device: string): Promise<void> {
    this.#seeded.add(device);
    try {
      const points = await client.track(device, this.now() - trailLength);
      this.fleet.recall(device, points, this.now());
    } catch {
      this.#seeded.delete(device);
    }
  }
}
