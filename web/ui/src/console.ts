/** The console: what it shows and how its parts hear of changes. */
import { alertText } from "./alerttext";
import { alerts, oneAlert } from "./api/alerts";
import * as client from "./api/client";
import type { Session } from "./api/types";
import type { Beginning } from "./feed/start";
import { ServerClock } from "./feed/clock";
import type { FeedState } from "./feed/live";
import { AlertBook, type AlertChange } from "./fleet/alerts";
import { Fleet, type Change } from "./fleet/fleet";
import { needsAction } from "./fleet/kinds";
import type { News } from "./fleet/log";
import { TrackSeeder } from "./fleet/tracks";
import { MapView } from "./map/mapview";
import { PushSwitch } from "./push/switch";
import { text } from "./text";
import { AlertList } from "./view/alerts";
import { Announcer } from "./view/announce";
import { Desk } from "./view/devices/desk";
import { addPage } from "./view/devices/add";
import { listPage } from "./view/devices/list";
import { h, perFrame } from "./view/dom";
import { EventList } from "./view/events";
import { sentence } from "./view/eventwords";
import { Focus } from "./view/focus";
import { Notice } from "./view/notice";
import { notifyPage } from "./view/notifypage";
import { Sheet, type Tab } from "./view/sheet";
import { TopBar, type TopBarActions } from "./view/topbar";
import { Unread } from "./view/unread";
import { VehicleList } from "./view/vehicles";

export class Console {
  readonly fleet = new Fleet({ deliveries: client.deliveries, rounds: client.rounds });
  readonly alerts = new AlertBook({ alerts, alert: oneAlert }, (changes) => this.#showAlerts(changes));
  readonly clock = new ServerClock();
  readonly focus = new Focus();
  readonly tracks = new TrackSeeder(this.fleet, () => this.clock.now());
  readonly push = new PushSwitch();
  readonly #bar: TopBar;
  readonly #desk = new Desk(
    () => this.clock.now(),
    () => void this.reloadDevices().catch(() => undefined),
  );
  readonly #notice = new Notice();
  readonly #announcer = new Announcer("announcer", text.events.many);
  readonly #alertAnnouncer = new Announcer("alert-announcer", alertText.many);
  readonly #unread = new Unread();
  readonly #map: MapView;
  readonly #vehicles: VehicleList;
  readonly #events: EventList;
  readonly #alerts: AlertList;
  readonly #sheet: Sheet;
  #silent = 0;
  readonly #refresh = perFrame(() => this.#show());
  readonly #rename = perFrame(() => {
    this.#events.rename();
    this.#alerts.rename();
  });
  readonly #clockwork = setInterval(() => this.#tick(), 1_000);
  #begun = false;
  #greeted = false;

  constructor(actions: Pick<TopBarActions, "retry" | "signOut">) {
    this.#map = new MapView(this.fleet, this.clock, this.focus, { rested: () => this.#events.suggest(), picked: () => this.#sheet.show("vehicles") });
    this.#vehicles = new VehicleList(this.fleet, this.focus, () => this.#bar.clearFilter(), () => this.#addDevice());
    this.#events = new EventList(this.fleet, this.focus, () => this.#map.middle());
    this.#alerts = new AlertList(this.fleet, this.alerts, this.focus, (sentence) => this.#alertAnnouncer.say(sentence));
    this.#bar = new TopBar({
      ...actions,
      devices: () => this.#desk.show(listPage(this.#desk)),
      notify: () => this.#desk.show(notifyPage(this.#desk, this.push, true)),
      filter: (activity) => this.#vehicles.only(activity),
    });
    this.push.watch(() => this.#bar.showPush(this.push.state));
    this.#sheet = new Sheet({ alerts: this.#alerts.element, vehicles: this.#vehicles.element, events: this.#events.element });
    const page = h("div", { class: "console" }, skipLinks((tab) => this.#sheet.show(tab)), this.#bar.element, this.#notice.element, this.#sheet.element, this.#map.element);
    document.body.replaceChildren(page, this.#announcer.element, this.#alertAnnouncer.element, this.#desk.element);
    this.fleet.watch((change) => this.#changed(change));
    this.focus.watch(({ vehicle }) => this.#looking(vehicle));
    addEventListener("keydown", (press) => press.key === "Escape" && this.focus.clear());
  }

  showFeed(state: FeedState): void {
    this.#bar.showFeed(state);
    this.#notice.connected(state.kind === "live");
  }

  /** Fills the page with what was there before the live feed, then opens the map. */
  begin(session: Session, { config, vehicles, devices, hazards, fences, events }: Beginning): void {
    this.#notice.sessionEnds(session.expires);
    this.#desk.manages = session.role === "admin";
    this.#vehicles.invite(this.#desk.manages);
    this.#alerts.me = session;
    this.fleet.setVehicles(vehicles);
    this.fleet.setDevices(devices);
    this.fleet.setPlaces(hazards);
    this.fleet.setFences(fences);
    for (const event of events) this.fleet.append(event);
    this.#begun = true;
    this.tracks.seedAll();
    void this.#map.open(config);
  }

  /** Puts a sentence below the bar for a while. */
  say(sentence: string): void {
    this.#notice.say(sentence);
  }

  /** Stops everything; the page is about to show something else. */
  close(): void {
    clearInterval(this.#clockwork);
    this.#map.close();
  }

  /** Asks for the fences anew, after somebody edited them. */
  async reloadFences(): Promise<void> {
    this.fleet.setFences(await client.fences());
  }

  async reloadDevices(): Promise<void> {
    const [vehicles, devices] = await Promise.all([client.vehicles(), client.devices()]);
    this.fleet.setVehicles(vehicles);
    this.fleet.setDevices(devices);
  }

  #addDevice(): void {
    this.#desk.show(addPage(this.#desk, () => this.#desk.show(listPage(this.#desk))));
  }

  #changed(change: Change): void {
    switch (change.kind) {
      case "position":
        this.#vehicles.touch(change.vehicle);
        this.#map.move(change.vehicle);
        break;
      case "devices":
        this.#vehicles.renew(this.clock.now());
        this.#rename();
        this.#map.redraw("vans", "trails");
        break;
      case "trails":
        this.#map.redraw("trails");
        break;
      case "fences":
        this.#events.showFences(this.fleet.fences.length);
        this.#rename();
        this.#map.redraw("fences");
        break;
      case "names":
        this.#rename();
        break;
      case "silence":
        this.#vehicles.touch(change.vehicle);
        this.#map.redraw("vans");
        break;
      case "event":
        if (change.isNew) this.#events.add(change.entry);
        this.#events.amend(change.isNew ? change.ended : change.entry);
        if (!change.isNew) this.#events.amend(change.ended);
        if (this.#begun) this.#tell(change);
    }
    this.#refresh();
  }

  #tell({ entry }: News): void {
    this.#unread.add();
    this.#announcer.say(sentence(entry, this.fleet), needsAction(entry));
  }

  #looking(vehicle: string | null): void {
    if (vehicle !== null) this.tracks.seed(vehicle);
    this.#vehicles.tick(this.clock.now());
  }

  #show(): void {
    const now = this.clock.now();
    this.#vehicles.refresh(now);
    this.#events.refresh(now);
    this.#bar.showCounts(this.fleet.count(now));
  }

  #tick(): void {
    const now = this.clock.now();
    this.#bar.tick(now);
    const counts = this.fleet.count(now);
    this.#bar.showCounts(counts);
    // A vehicle that falls silent sends nothing that would have it drawn anew.
    if (counts.silent !== this.#silent) this.#map.redraw("vans");
    this.#silent = counts.silent;
    this.#notice.tick(now);
    this.#vehicles.tick(now);
    this.#events.tick(now);
    this.#alerts.tick(now);
  }

  #showAlerts(changes: AlertChange[]): void {
    this.#alerts.show(changes, this.clock.now());
    this.#sheet.showOpen(this.alerts.open, this.alerts.openIsMore);
    // What waits for somebody comes before all else, once.
    if (!this.#greeted && this.alerts.open > 0) this.#sheet.show("alerts");
    this.#greeted ||= this.alerts.loaded;
  }
}

/** Ways past the list of vehicles for who uses the keyboard: it may be a thousand rows long. */
function skipLinks(show: (tab: Tab) => void): HTMLElement {
  const { label, toAlerts, toEvents, toMap } = text.skip;
  const way = (tab: Tab, words: string) => {
    const link = h("a", { href: `#${tab}` }, words);
    link.addEventListener("click", () => show(tab));
    return link;
  };
  return h("nav", { class: "skip", "aria-label": label }, way("alerts", toAlerts), way("events", toEvents), h("a", { href: "#map" }, toMap));
}
