/** The alerts that the page shows, kept up to date. */
import type { Alert, AlertPage, AlertState } from "../api/alerts";

/** What the list shows; all includes those resolved. */
export type AlertFilter = "open" | "acknowledged" | "all";

export interface AlertSource {
  alerts(state: AlertState | null, limit: number, before?: number | null): Promise<AlertPage>;
  alert(id: string): Promise<Alert | null>;
}

/** How many are fetched at a time, and the most that a refresh fetches again. */
export const alertPage = 50;
const most = 1000;

/** The least milliseconds between two refreshes: one cause may change many alerts. */
const pace = 500;

/** The most that are asked for one by one. */
const mostGone = 20;

/** What became of an alert that was seen before. */
export interface AlertChange {
  before: Alert;
  after: Alert;
}

export class AlertBook {
  filter: AlertFilter = "open";
  /** Newest first. */
  shown: readonly Alert[] = [];
  /** Whether there are older ones. */
  more = false;
  /** How many are open, as far as they were counted. */
  open = 0;
  openIsMore = false;
  /** Whether the last refresh failed. */
  failed = false;
  loaded = false;
  readonly #seen = new Map<string, Alert>();
  #next: number | null = null;
  /** Looks begun, and the newest one of which the answer was taken. */
  #looks = 0;
  #taken = 0;
  #running: Promise<void> | null = null;
  #again = false;

  /** changed is called after each refresh, with what became of alerts seen before. */
  constructor(
    private readonly source: AlertSource,
    private readonly changed: (changes: AlertChange[]) => void,
  ) {}

  /** Looks again, soon; calls meanwhile are one. */
  refresh(): Promise<void> {
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#turns().finally(() => (this.#running = null));
    return this.#running;
  }

  choose(filter: AlertFilter): Promise<void> {
    this.filter = filter;
    this.shown = [];
    this.#next = null;
    this.more = false;
    return this.#load();
  }

  /** An alert as it was last told, whether it is shown or not. */
  seen(id: string): Alert | undefined {
    return this.#seen.get(id);
  }

  /** Fetches older ones. */
  async older(): Promise<void> {
    const [filter, taken] = [this.filter, this.#taken];
    if (this.#next === null) return;
    const page = await this.source.alerts(stateOf(filter), alertPage, this.#next);
    // Behind another list than it was asked for, some would be left out.
    if (filter !== this.filter) return;
    if (taken !== this.#taken) return this.older();
    this.#take([...this.shown, ...page.alerts], page.next);
    this.changed([]);
  }

  /** Takes an alert as an answer of the server told it; a refresh puts it where it belongs. */
  put(alert: Alert): void {
    this.#seen.set(alert.id, alert);
    this.shown = this.shown.map((each) => (each.id === alert.id ? alert : each));
  }

  async #turns(): Promise<void> {
    do {
      this.#again = false;
      await this.#load();
      await new Promise((resolve) => setTimeout(resolve, pace));
    } while (this.#again);
  }

  async #load(): Promise<void> {
    const { filter } = this;
    const look = ++this.#looks;
    const limit = Math.min(Math.max(alertPage, this.shown.length), most);
    try {
      const [page, open] = await Promise.all([
        this.source.alerts(stateOf(filter), limit),
        filter === "open" ? null : this.source.alerts("open", alertPage),
      ]);
      // Answers may overtake each other.
      if (look < this.#taken || filter !== this.filter) return;
      this.#taken = look;
      this.failed = false;
      const counted = open ?? page;
      this.#take(page.alerts, page.next);
      [this.open, this.openIsMore, this.loaded] = [counted.alerts.length, counted.next !== null, true];
      this.changed(this.#compare([...page.alerts, ...counted.alerts, ...(await this.#gone(counted))]));
    } catch {
      this.failed = true;
      this.changed([]);
    }
  }

  #take(alerts: readonly Alert[], next: number | null): void {
    this.shown = alerts;
    this.#next = next;
    this.more = next !== null;
  }

  /** Those that were open and are not any more, as they are now. */
  async #gone({ alerts, next }: AlertPage): Promise<Alert[]> {
    const open = new Set(alerts.map(({ id }) => id));
    const oldest = next === null ? 0 : (alerts.at(-1)?.seq ?? 0);
    const gone = [...this.#seen.values()].filter(({ id, state, seq }) => state === "open" && seq >= oldest && !open.has(id));
    const now = await Promise.all(gone.slice(0, mostGone).map(({ id }) => this.source.alert(id)));
    return now.filter((alert) => alert !== null);
  }

  #compare(alerts: readonly Alert[]): AlertChange[] {
    const changes: AlertChange[] = [];
    for (const after of alerts) {
      const before = this.#seen.get(after.id);
      this.#seen.set(after.id, after);
      if (before && before.version < after.version) changes.push({ before, after });
    }
    return changes;
  }
}

function stateOf(filter: AlertFilter): AlertState | null {
  return filter === "all" ? null : filter;
}
