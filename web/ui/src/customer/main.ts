/**
 * Keeps a customer's page up to date. The page reads without it: the server has
 * written all that there is to say. The map comes last, and only where there is a
 * vehicle to be seen.
 */
import { Feed } from "./feed";
import type { News, Place } from "./news";
import { show } from "./page";

function watch(main: HTMLElement): void {
  const stage = new Stage(main);
  const feed = new Feed(new URL(main.dataset.live ?? "", location.href).href, {
    onNews: (news) => {
      settle(main, news);
      show(news);
      stage.show(news);
    },
    onFresh: sayFresh,
    onDead: () => location.reload(),
  });
  feed.connect();
  addEventListener("online", () => feed.connect());
  document.addEventListener("visibilitychange", () => !document.hidden && feed.connect());
}

/** In another state the form asks for other things: the server writes it anew, unless it is being filled in. */
function settle(main: HTMLElement, { state }: News): void {
  if (state === main.dataset.state) return;
  const form = document.querySelector<HTMLDetailsElement>("#form");
  main.dataset.state = state;
  if (form && !form.open) void rewrite(form);
}

async function rewrite(form: HTMLElement): Promise<void> {
  const response = await fetch(location.pathname, { credentials: "omit" });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector("#form");
  if (fresh) form.replaceWith(document.adoptNode(fresh));
  else form.remove();
}

function sayFresh(fresh: boolean): void {
  const place = document.getElementById("fresh");
  const words = (fresh ? place?.dataset.fresh : place?.dataset.lost) ?? "";
  if (place && place.textContent !== words) place.textContent = words;
}

/** The part of the page that has the map. */
class Stage {
  readonly #section = document.getElementById("where");
  readonly #button = document.querySelector<HTMLButtonElement>("#show-map");
  #last: News | null = null;
  #map: Promise<{ show(vehicle: Place | null, door: Place | null): void } | null> | null = null;
  #wanted = !frugal();

  constructor(private readonly main: HTMLElement) {
    this.#button?.addEventListener("click", () => {
      this.#wanted = true;
      if (this.#button) this.#button.hidden = true;
      this.#open();
    });
  }

  show(news: News): void {
    this.#last = news;
    if (this.#section) this.#section.hidden = news.vehicle === null;
    if (news.vehicle && !this.#wanted && this.#button) this.#button.hidden = false;
    if (news.vehicle && this.#wanted) this.#open();
    void this.#map?.then((map) => map?.show(news.vehicle, news.door));
  }

  #open(): void {
    const place = document.getElementById("map");
    if (this.#map || !place || !this.#last) return;
    const { vehicle, door } = this.#last;
    if (!vehicle || !door) return;
    this.#map = import("./map")
      .then(({ openMap }) => openMap(place, this.main.dataset, vehicle, door))
      .catch(() => null);
    void this.#map.then((map) => this.#opened(map !== null));
  }

  /** Without a map there is no place for one. */
  #opened(there: boolean): void {
    document.documentElement.dataset.map = there ? "open" : "none";
    if (!there) this.#section?.remove();
  }
}

/** Whoever pays for each megabyte is asked first. */
function frugal(): boolean {
  const { connection } = navigator as { connection?: { saveData?: boolean; effectiveType?: string } };
  return connection?.saveData === true || /2g$/.test(connection?.effectiveType ?? "");
}

const main = document.querySelector<HTMLElement>("main[data-live]");
if (main) watch(main);
