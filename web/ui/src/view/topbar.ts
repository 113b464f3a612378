import type { FeedState } from "../feed/live";
import type { Activity } from "../fleet/vehicle";
import { deviceText } from "../devicetext";
import type { PushState } from "../push/switch";
import { pushText } from "../pushtext";
import { text } from "../text";
import { button, h, setAttributes, setText } from "./dom";
import { clockTime } from "./format";
import { icon } from "./icons";

const activities = ["moving", "standing", "silent", "waiting"] as const;

interface Count {
  chip: HTMLButtonElement;
  number: HTMLElement;
}

export interface TopBarActions {
  retry(): void;
  signOut(): void;
  /** Opens the dialog of the devices. */
  devices(): void;
  /** Opens the dialog of notifications. */
  notify(): void;
  /** Shows vehicles of one activity only; null for all. */
  filter(activity: Activity | null): void;
}

/** The bar with the connection's state, the counts, which filter the list, and the clock. */
export class TopBar {
  readonly element: HTMLElement;
  readonly #state = h("span", { class: "connection", "data-testid": "connection", "data-state": "connecting" });
  readonly #retry: HTMLButtonElement;
  readonly #clock = h("time", { class: "clock", "data-testid": "clock" });
  readonly #total = h("b", { "data-testid": "count-total" }, "0");
  readonly #noun = h("span", {}, text.vehicles.total(0));
  readonly #counts: Record<Activity, Count>;
  readonly #notify: HTMLButtonElement;
  readonly #notifyWord = h("span", {}, ...shortened(pushText.open));
  #feed: FeedState = { kind: "connecting" };
  #only: Activity | null = null;

  constructor(private readonly actions: TopBarActions) {
    this.#retry = button(text.connection.retry, { class: "quiet", hidden: true }, actions.retry);
    const counts = activities.map((activity) => [activity, this.#count(activity)] as const);
    this.#counts = Object.fromEntries(counts) as Record<Activity, Count>;
    this.#notify = button(pushText.open, { class: "quiet leave notify", "data-testid": "notify", title: pushText.open }, actions.notify, icon("bell"), this.#notifyWord);
    const all = h("span", { class: "total" }, this.#total, " ", this.#noun);
    this.element = h(
      "header",
      { class: "topbar" },
      h("div", { class: "brand" }, icon("brand"), h("h1", {}, text.product)),
      h("div", { class: "feed" }, this.#state, this.#retry),
      h("div", { class: "counts" }, all, ...counts.map(([, { chip }]) => chip)),
      this.#clock,
      this.#notify,
      button(deviceText.open, { class: "quiet leave", "data-testid": "open-devices" }, actions.devices, icon("devices"), h("span", {}, deviceText.open)),
      button(text.signOut, { class: "quiet leave" }, actions.signOut, icon("leave"), h("span", {}, text.signOut)),
    );
  }

  showCounts(counts: Record<Activity, number>): void {
    const total = activities.reduce((sum, activity) => sum + counts[activity], 0);
    setText(this.#total, String(total));
    setText(this.#noun, text.vehicles.total(total));
    for (const activity of activities) {
      const { chip, number } = this.#counts[activity];
      setText(number, String(counts[activity]));
      chip.hidden = activity === "waiting" && counts.waiting === 0 && this.#only !== "waiting";
    }
  }

  showPush(state: PushState): void {
    const words = state === "on" ? pushText.on : pushText.open;
    this.#notifyWord.replaceChildren(...shortened(words));
    setAttributes(this.#notify, { "data-push-state": state, "aria-label": words, title: words });
  }

  showFeed(state: FeedState): void {
    this.#feed = state;
    setAttributes(this.#state, { "data-state": state.kind });
    this.#retry.hidden = state.kind !== "reconnecting";
    this.#word();
  }

  /** Once a second, with the server's time. */
  tick(now: number): void {
    setText(this.#clock, clockTime(now));
    setAttributes(this.#clock, { datetime: new Date(now).toISOString() });
    this.#word();
  }

  #word(): void {
    const words = text.connection;
    switch (this.#feed.kind) {
      case "connecting":
        return setText(this.#state, words.connecting);
      case "live":
        return setText(this.#state, words.live);
      case "reconnecting":
        return setText(this.#state, words.reconnecting(Math.max(0, Math.ceil((this.#feed.retryAt - Date.now()) / 1000))));
      case "signed-out":
        return setText(this.#state, words.signedOut);
    }
  }

  #count(activity: Activity): Count {
    const number = h("b", { "data-testid": `count-${activity}` }, "0");
    const word = text.vehicles.counts[activity];
    const attributes = { class: `count ${activity}`, "aria-pressed": "false", title: text.vehicles.only(word) };
    const chip = button(word, attributes, () => this.#choose(this.#only === activity ? null : activity), icon(activity), number, h("span", {}, ` ${word}`));
    chip.removeAttribute("aria-label");
    return { chip, number };
  }

  /** Shows vehicles of all activities again. */
  clearFilter(): void {
    this.#choose(null);
  }

  #choose(activity: Activity | null): void {
    this.#only = activity;
    for (const each of activities)
      setAttributes(this.#counts[each].chip, { "aria-pressed": String(each === this.#only) });
    this.actions.filter(this.#only);
  }
}

/** Words of which a narrow bar shows only the first two. */
function shortened(words: string): (string | HTMLElement)[] {
  const [first = "", second = "", ...rest] = words.split(" ");
  return [`${first} ${second}`, ...(rest.length ? [h("span", { class: "rest" }, ` ${rest.join(" ")}`)] : [])];
}
