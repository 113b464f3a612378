import type { Fleet } from "../fleet/fleet";
import type { Vehicle } from "../fleet/vehicle";
import { glideTo, isGliding, resting, shownAt, type Glide } from "../geo/glide";
import { calm } from "../view/dom";
import type { Cast } from "./scene";

/** Where the picture has each vehicle: on its way to where it was last reported. */
export class Motion {
  readonly #glides = new Map<string, Glide>();

  constructor(private readonly fleet: Fleet) {
    for (const { id, place, heading } of fleet.vehicles.values()) if (place) this.#glides.set(id, resting(place, heading));
  }

  /** Sets off for a new position; returns for how many milliseconds. */
  move({ id, place, heading, interval }: Vehicle): number {
    if (!place) return 0;
    const glide = this.#glides.get(id);
    const still = !glide || calm() || document.hidden;
    const next = still ? resting(place, heading) : glideTo(glide, place, heading, performance.now(), interval);
    this.#glides.set(id, next);
    return next.duration;
  }

  /** Whether anything is on its way. */
  get moving(): boolean {
    const now = performance.now();
    for (const glide of this.#glides.values()) if (isGliding(glide, now)) return true;
    return false;
  }

  /** All vehicles that have a place, as they are to be shown now. */
  cast(selected: string | null): Cast[] {
    const now = performance.now();
    const cast: Cast[] = [];
    for (const vehicle of this.fleet.vehicles.values()) {
      const glide = this.#glides.get(vehicle.id);
      if (glide) cast.push({ vehicle, shown: shownAt(glide, now), selected: vehicle.id === selected });
    }
    return cast;
  }
}
