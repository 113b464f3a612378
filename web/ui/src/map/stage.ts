/** Keeps the map's overlays up to date: as often as needed, as seldom as possible. */
import type { ServerClock } from "../feed/clock";
import type { Fleet } from "../fleet/fleet";
import { holds, padded } from "../geo/bounds";
import type { Focus, Looking } from "../view/focus";
import type { Chart } from "./chart";
import type { Motion } from "./motion";
import * as scene from "./scene";

/** Milliseconds between pictures: of a few vehicles, and of more than this many. */
const pace = { few: 100, many: 250 };
const many = 250;

/** Milliseconds between redrawings of the settled part of the trails. */
const trailPace = 1_500;

/** The most trails drawn at once. */
const mostTrails = 200;

export type Part = "vans" | "trails" | "fences" | "marks";

export class Stage {
  readonly #due = new Set<Part>(["vans", "trails", "fences", "marks"]);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;
  #stopped = false;
  #trailsDrawn = 0;
  #trailsUntil = 0;
  #looking: Looking;

  constructor(
    private readonly chart: Chart,
    private readonly fleet: Fleet,
    private readonly motion: Motion,
    private readonly clock: ServerClock,
    focus: Focus,
  ) {
    this.#looking = focus.looking;
    focus.watch((looking) => {
      this.#looking = looking;
      this.redraw("vans", "trails", "marks");
    });
    document.addEventListener("visibilitychange", () => this.redraw("vans", "trails"));
    this.redraw();
  }

  /** Has parts drawn again soon. */
  redraw(...parts: Part[]): void {
    for (const part of parts) this.#due.add(part);
    if (!document.hidden && !this.#busy && !this.#stopped) this.#timer ??= setTimeout(() => void this.#draw(), 0);
  }

  /** Ends all drawing; the chart may go. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #draw(): Promise<void> {
    const start = performance.now();
    this.#busy = true;
    await this.#paint();
    await this.chart.drawn();
    this.#busy = false;
    this.#timer = undefined;
    this.#goOn(performance.now() - start);
  }

  /** Draws on while something moves; a machine that needed cost milliseconds gets as many to rest. */
  #goOn(cost: number): void {
    if (this.motion.moving) this.#due.add("vans");
    if (this.#due.size === 0 || document.hidden || this.#stopped) return;
    const wanted = this.fleet.vehicles.size > many ? pace.many : pace.few;
    this.#timer = setTimeout(() => void this.#draw(), Math.max(wanted - cost, cost));
  }

  async #paint(): Promise<void> {
    const due = new Set(this.#due);
    this.#due.clear();
    const cast = this.motion.cast(this.#looking.vehicle);
    const stale = performance.now() - this.#trailsDrawn > trailPace;
    await Promise.all([
      due.has("fences") && this.#paintFences(),
      (due.has("trails") || stale) && this.#paintTrails(cast),
      due.has("vans") && this.#paintVans(cast),
      due.has("marks") && this.#paintSpot(),
    ]);
  }

  async #paintFences(): Promise<void> {
    const { fences } = this.fleet;
    await Promise.all([
      this.chart.paint("fences", scene.fences(fences)),
      this.chart.paint("fence-names", scene.fenceNames(fences)),
    ]);
  }

  async #paintTrails(cast: readonly scene.Cast[]): Promise<void> {
    const now = this.clock.now();
    for (const vehicle of this.fleet.vehicles.values()) vehicle.trail.expire(now);
    this.#trailsDrawn = performance.now();
    this.#trailsUntil = now - trailPace;
    await this.chart.paint("trails", scene.trails(this.#withTrails(cast), now, this.#trailsUntil));
  }

  async #paintVans(cast: readonly scene.Cast[]): Promise<void> {
    const selected = cast.find((each) => each.selected);
    await Promise.all([
      this.chart.paint("vans", scene.vans(cast, this.clock.now())),
      this.chart.paint("heads", scene.heads(this.#withTrails(cast), this.#trailsUntil)),
      this.chart.paint("accuracy", selected ? scene.accuracy(selected) : scene.nothing),
    ]);
  }

  async #paintSpot(): Promise<void> {
    const event = this.#looking.event === null ? undefined : this.fleet.eventAt(this.#looking.event);
    await this.chart.paint("spot", event ? scene.spot(event) : scene.nothing);
  }

  /** Those whose trails are drawn: all of a small fleet, else those in view. */
  #withTrails(cast: readonly scene.Cast[]): readonly scene.Cast[] {
    if (cast.length <= mostTrails) return cast;
    const view = padded(this.chart.bounds(), 0.2);
    const near = cast.filter(({ shown, selected }) => selected || holds(view, shown.place));
    return near.slice(0, mostTrails);
  }
}
