import type { Activity, Vehicle } from "../fleet/vehicle";
import { text } from "../text";
import { button, h, setAttributes, setText } from "./dom";
import type { Focus } from "./focus";
import { ago, headingText, minuteText, momentText, placeText, speedText } from "./format";
import { icon } from "./icons";

/** One vehicle of the list: a line, and all that is known of it while it is selected. */
export class VehicleRow {
  readonly element: HTMLLIElement;
  readonly #press: HTMLButtonElement;
  readonly #badge = h("span", { class: "badge" });
  readonly #name = h("span", { class: "name" });
  readonly #what = h("span", { class: "what" });
  readonly #age = h("span", { class: "age" });
  readonly #battery = h("span", { class: "battery" });
  readonly #facts = h("dl", {});
  readonly #follow: HTMLButtonElement;
  readonly #details: HTMLElement;
  #activity: Activity | null = null;
  #following = false;

  constructor(
    private readonly vehicle: Vehicle,
    focus: Focus,
  ) {
    const { id } = vehicle;
    const press = () => (focus.looking.vehicle === id ? focus.clear() : focus.vehicle(id));
    const line = h("span", { class: "line" }, this.#what, this.#battery);
    this.#press = h("button", { type: "button", "aria-expanded": "false" }, this.#badge, h("span", { class: "main" }, this.#name, line), this.#age);
    this.#press.addEventListener("click", press);
    this.#follow = button(text.vehicles.follow, { "aria-pressed": "false" }, () => focus.follow(!this.#following));
    this.#details = h("div", { class: "details", hidden: true }, this.#facts, this.#follow);
    this.element = h("li", { "data-testid": "vehicle", "data-device": id }, this.#press, this.#details);
  }

  show(now: number): void {
    const { vehicle } = this;
    const { position } = vehicle;
    this.#showActivity(vehicle.activity(now));
    this.#point();
    setText(this.#name, vehicle.name);
    setText(this.#what, this.#whatText(now));
    setText(this.#age, position ? ago(position.time, now) : "");
    this.#showBattery(position?.battery ?? null);
    if (position)
      setAttributes(this.element, { "data-lon": position.lon, "data-lat": position.lat, "data-time": position.timeText });
    if (!this.#details.hidden) this.#showFacts(now);
  }

  select(selected: boolean, following: boolean): void {
    this.#following = following;
    this.element.classList.toggle("selected", selected);
    setAttributes(this.#press, { "aria-expanded": String(selected) });
    this.#details.hidden = !selected;
    setAttributes(this.#follow, { "aria-pressed": String(following) });
    setText(this.#follow, following ? text.vehicles.stopFollowing : text.vehicles.follow);
  }

  /** Hides the row unless it matches; returns whether it shows. */
  filter(only: Activity | null, wanted: string): boolean {
    const { name, id } = this.vehicle;
    const found = wanted === "" || name.toLowerCase().includes(wanted) || id.toLowerCase().includes(wanted);
    this.element.hidden = !found || (only !== null && only !== this.#activity);
    return !this.element.hidden;
  }

  #whatText(now: number): string {
    const activity = this.vehicle.activity(now);
    const words = text.vehicles.activity[activity];
    const since = this.vehicle.silentSince(now);
    if (since !== null) return text.vehicles.silentSince(minuteText(since, now));
    return activity === "moving" ? `${words}, ${speedText(this.vehicle.speed ?? 0)}` : words;
  }

  #showActivity(activity: Activity): void {
    if (activity === this.#activity) return;
    this.#activity = activity;
    setAttributes(this.element, { "data-activity": activity });
    this.#badge.replaceChildren(icon(activity));
  }

  /** Turns the arrow of a moving vehicle its way. */
  #point(): void {
    const heading = this.#activity === "moving" ? this.vehicle.heading : null;
    const turn = heading === null ? "" : `rotate(${Math.round(heading)}deg)`;
    if (this.#badge.style.transform !== turn) this.#badge.style.transform = turn;
  }

  #showBattery(percent: number | null): void {
    setText(this.#battery, percent === null ? "" : text.vehicles.battery(Math.round(percent)));
    this.#battery.classList.toggle("low", percent !== null && percent < 20);
  }

  #showFacts(now: number): void {
    const { position, heading, kind, id } = this.vehicle;
    const names = text.vehicles.facts;
    const facts: [string, string | null][] = [
      [names.id, id],
      [names.kind, kind || null],
      [names.lastReport, position && momentText(position.time, now)],
      [names.heading, position && heading !== null ? headingText(heading) : null],
      [names.accuracy, position?.accuracy != null ? text.vehicles.accuracy(Math.round(position.accuracy)) : null],
      [names.place, position && placeText(position.lon, position.lat)],
    ];
    const pairs = facts.flatMap(([name, value]) => (value ? [h("dt", {}, name), h("dd", {}, value)] : []));
    this.#facts.replaceChildren(...pairs);
  }
}
