/** Starts the console: text and socket first, the map when it is there. */
import "./style/base.css";
import "./style/bar.css";
import "./style/lists.css";
import "./style/events.css";
import "./style/alerts.css";
import "./style/map.css";
import "./style/devices.css";
import * as client from "./api/client";
import type { Session } from "./api/types";
import { Console } from "./console";
import type { Frame } from "./feed/frames";
import { LiveFeed, type FeedState } from "./feed/live";
import { beginning, persist } from "./feed/start";
import { text } from "./text";
import { showGuest } from "./view/guest";
import { showSignedOut } from "./view/signedout";

/** How often to look for devices made or renamed elsewhere, in milliseconds: no frame tells of them. */
const devicePace = { none: 4_000, some: 60_000 };

/** After this long without a live feed, in milliseconds, trails have holes worth filling. */
const holes = 20_000;

/** One signed-in stay on the page. */
class Stay {
  readonly #page = new Console({ retry: () => this.#feed?.wake(), signOut: () => void this.#leave() });
  #feed: LiveFeed | null = null;
  #devices: ReturnType<typeof setTimeout> | undefined;
  #lostAt: number | null = null;
  #world: number | null = null;

  async start(): Promise<void> {
    try {
      const wait = (retryAt: number) => this.#page.showFeed({ kind: "reconnecting", retryAt });
      const session = await persist(client.session, wait);
      this.#page.push.start(session.by);
      if (!isDispatch(session)) return this.#receiveGuest(session);
      const first = await persist(beginning, wait);
      this.#page.begin(session, first);
      this.#open(first.events.at(-1)?.seq ?? 0);
      this.#watchDevices();
    } catch (error) {
      if (!(error instanceof client.SignedOut)) throw error;
      this.#end();
    }
  }

  #receiveGuest(session: Session): void {
    this.#page.close();
    showGuest(session, this.#page.push, () => void this.#leave());
  }

  #open(last: number): void {
    const ports = {
      open: (after: number) => new WebSocket(client.liveURL(after)),
      probe: client.session,
      onFrame: (frame: Frame) => this.#receive(frame),
      onState: (state: FeedState) => this.#turn(state),
      onRewound: () => location.reload(),
    };
    const feed = new LiveFeed(ports, last);
    this.#feed = feed;
    feed.start();
    addEventListener("online", () => feed.wake());
    document.addEventListener("visibilitychange", () => !document.hidden && feed.wake());
  }

  #receive(frame: Frame): void {
    switch (frame.kind) {
      case "hello":
        if (frame.serverTime !== null) this.#page.clock.set(frame.serverTime);
        void this.#page.alerts.refresh();
        return this.#changeWorld(frame.worldVersion);
      case "world":
        return this.#changeWorld(frame.version);
      case "alerts":
        return void this.#page.alerts.refresh();
      case "event":
        return this.#page.fleet.append(frame.event);
      case "positions":
        if (this.#page.fleet.report(frame.positions)) quietly(this.#page.reloadDevices());
    }
  }

  #turn(state: FeedState): void {
    if (state.kind === "signed-out") return this.#end();
    const live = state.kind === "live";
    if (live && this.#lostAt !== null && Date.now() - this.#lostAt > holes) this.#page.tracks.seedAll();
    this.#lostAt = live ? null : (this.#lostAt ?? Date.now());
    this.#page.showFeed(state);
  }

  /** The version stands only once its fences are here: else the next hello asks again. */
  #changeWorld(version: number): void {
    if (version === this.#world) return;
    quietly(this.#page.reloadFences().then(() => void (this.#world = version)));
  }

  #watchDevices(): void {
    const pace = this.#page.fleet.vehicles.size === 0 ? devicePace.none : devicePace.some;
    this.#devices = setTimeout(() => {
      if (!document.hidden) quietly(this.#page.reloadDevices());
      this.#watchDevices();
    }, pace);
  }

  async #leave(): Promise<void> {
    try {
      // Whoever sits here next is not to read what was meant for somebody else.
      await this.#page.push.turnOff().catch(() => undefined);
      await client.signOut();
    } catch (error) {
      if (!(error instanceof client.SignedOut)) return this.#page.say(text.signOutFailed);
    }
    this.#end();
  }

  #end(): void {
    clearTimeout(this.#devices);
    this.#feed?.stop();
    this.#page.close();
    showSignedOut();
  }
}

/** Whether somebody has a console; drivers have none. */
function isDispatch({ role }: Session): boolean {
  return role === "admin" || role === "dispatcher";
}

/** For what is tried again anyway; the live feed tells when the server is away or the session over. */
function quietly(work: Promise<void>): void {
  work.catch(() => undefined);
}

void new Stay().start();
