import type { Config } from "../api/types";
import type { ServerClock } from "../feed/clock";
import type { Fleet } from "../fleet/fleet";
import type { Vehicle } from "../fleet/vehicle";
import type { Place } from "../geo/distance";
import { text } from "../text";
import { button, h, setText } from "../view/dom";
import type { Focus, Looking } from "../view/focus";
import { icon } from "../view/icons";
import { Camera } from "./camera";
import type { Chart, Ground } from "./chart";
import { extent } from "./extent";
import { Motion } from "./motion";
import { openMap } from "./open";
import { onScheme } from "./palette";
import { Stage, type Part } from "./stage";

/** What makes an open map live. */
interface Theatre {
  chart: Chart;
  motion: Motion;
  camera: Camera;
  stage: Stage;
}

/** The map's part of the page; it works, showing nothing, while or where there is no map. */
export class MapView {
  readonly element: HTMLElement;
  readonly #container = h("div", { class: "chart" });
  readonly #note = h("p", { class: "map-state", role: "status" }, text.map.loading);
  readonly #following = h("span", {});
  readonly #chip: HTMLElement;
  readonly #tools: HTMLElement;
  #theatre: Theatre | null = null;

  constructor(
    private readonly fleet: Fleet,
    private readonly clock: ServerClock,
    private readonly focus: Focus,
    /** Called when the view came to rest, and when somebody picked a vehicle. */
    private readonly heard: { rested(): void; picked(): void },
  ) {
    this.#chip = h("div", { class: "chip", hidden: true }, this.#following, button(text.vehicles.stopFollowing, {}, () => focus.follow(false)));
    this.#tools = h(
      "div",
      { class: "tools", hidden: true },
      button(text.map.zoomIn, { title: text.map.zoomIn }, () => this.#theatre?.chart.zoomBy(1), icon("plus")),
      button(text.map.zoomOut, { title: text.map.zoomOut }, () => this.#theatre?.chart.zoomBy(-1), icon("minus")),
      button(text.map.fit, { title: text.map.fit }, () => this.#fit(), icon("fit")),
    );
    const label = { class: "map", id: "map", tabindex: -1, "aria-label": text.map.region, "data-testid": "map" };
    this.element = h("main", label, this.#container, this.#note, this.#tools, this.#chip);
    focus.watch((looking) => this.#showFollowing(looking));
  }

  /** Opens the map; settles when it shows its first picture or cannot. */
  async open(config: Config): Promise<void> {
    const events = {
      pick: (device: string) => {
        this.focus.vehicle(device);
        this.heard.picked();
      },
      grab: () => {
        this.#theatre?.camera.grabbed();
        this.focus.follow(false);
      },
      rest: () => {
        this.#theatre?.stage.redraw("vans");
        this.heard.rested();
      },
    };
    const opened = await openMap(this.#container, config, events, (ground) => extent(this.fleet, ground));
    const root = document.documentElement.dataset;
    root.map = opened?.chart.kind ?? "none";
    setText(this.#note, text.map.none);
    this.#note.hidden = opened !== null;
    this.#tools.hidden = opened === null;
    if (!opened) return;
    await this.#begin(opened.chart, opened.ground);
    root.mapReady = "true";
  }

  move(vehicle: Vehicle): void {
    if (!this.#theatre) return;
    this.#theatre.camera.moved(vehicle, this.#theatre.motion.move(vehicle));
    this.#theatre.stage.redraw("vans");
  }

  redraw(...parts: Part[]): void {
    this.#theatre?.stage.redraw(...parts);
  }

  close(): void {
    this.#theatre?.stage.stop();
    this.#theatre?.chart.remove();
    this.#theatre = null;
  }

  /** The middle of the map; [0, 0] without one. */
  middle(): Place {
    return this.#theatre?.chart.middle() ?? [0, 0];
  }

  async #begin(chart: Chart, ground: Ground): Promise<void> {
    const motion = new Motion(this.fleet);
    const camera = new Camera(chart, this.fleet, ground, this.focus);
    const stage = new Stage(chart, this.fleet, motion, this.clock, this.focus);
    this.#theatre = { chart, motion, camera, stage };
    onScheme((palette) => this.#theatre?.chart.recolour(palette));
    await chart.drawn();
    this.heard.rested();
  }

  #fit(): void {
    this.focus.follow(false);
    this.#theatre?.camera.fitAll();
  }

  #showFollowing({ vehicle, following }: Looking): void {
    const followed = following && vehicle !== null ? this.fleet.vehicles.get(vehicle) : undefined;
    this.#chip.hidden = !followed?.place;
    if (followed) setText(this.#following, text.vehicles.following(followed.name));
  }
}
