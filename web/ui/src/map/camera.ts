import type { Fleet } from "../fleet/fleet";
import type { Vehicle } from "../fleet/vehicle";
import type { Place } from "../geo/distance";
import { calm } from "../view/dom";
import type { Focus, Looking } from "../view/focus";
import type { Chart, Ground } from "./chart";
import { extent } from "./extent";

/** Zoom that shows the street a vehicle or an event is in. */
const streetZoom = 15.5;

/** How long a journey across the map takes, in milliseconds. */
const journey = 800;

/** Points the map at what the dispatcher looks at. */
export class Camera {
  #looking: Looking;
  /** When the journey under way ends, on the page's own clock: following must not cut it short. */
  #arrival = 0;
  /** Whether the first view has been found, by us or by hand. */
  #settled: boolean;

  constructor(
    private readonly chart: Chart,
    private readonly fleet: Fleet,
    private readonly ground: Ground,
    focus: Focus,
  ) {
    this.#looking = focus.looking;
    this.#settled = extent(fleet, ground) !== null;
    focus.watch((looking) => this.#look(looking));
  }

  /** A vehicle goes to its new position within some milliseconds: along with it, if it is followed. */
  moved({ id, place }: Vehicle, duration: number): void {
    if (!this.#settled) this.fitAll();
    const followed = this.#looking.following && this.#looking.vehicle === id;
    if (place && followed && performance.now() > this.#arrival) this.chart.goTo(place, duration);
  }

  /** Shows everything. */
  fitAll(): void {
    const all = extent(this.fleet, this.ground);
    if (!all) return;
    this.#settled = true;
    this.chart.fit(all, calm() ? 0 : journey);
  }

  /** A person took the map in hand: the view is theirs. */
  grabbed(): void {
    this.#settled = true;
  }

  #look(looking: Looking): void {
    const before = this.#looking;
    this.#looking = looking;
    const sets = looking.following && !(before.following && before.vehicle === looking.vehicle);
    const place = sets ? this.#vehicle(looking.vehicle) : this.#event(looking.event);
    if (place) this.#travel(place);
  }

  #travel(place: Place): void {
    const duration = calm() ? 0 : journey;
    this.#arrival = performance.now() + duration;
    this.chart.goTo(place, duration, streetZoom);
  }

  #vehicle(id: string | null): Place | null {
    return (id === null ? null : this.fleet.vehicles.get(id)?.place) ?? null;
  }

  #event(seq: number | null): Place | null {
    const event = seq === null ? undefined : this.fleet.eventAt(seq);
    return event && event.lon !== null && event.lat !== null ? [event.lon, event.lat] : null;
  }
}
