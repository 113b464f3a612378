/** What people call deliveries and rounds, which events name by id; asked for as needed, and kept. */
import type { NamedDelivery, NamedRound } from "../api/types";

/** How names are found out. */
export interface Lookup {
  /** Those of some ids, at most lookedUpAtOnce, that there are. */
  deliveries(ids: readonly string[]): Promise<NamedDelivery[]>;
  /** The newest rounds. */
  rounds(): Promise<NamedRound[]>;
}

export const lookedUpAtOnce = 100;

/** Milliseconds that questions are gathered for, and after which one that failed is asked again. */
const gather = 30;
const again = 5_000;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** An id that nobody has a name for, as short as can still be told apart. */
export function shortID(id: string): string {
  return uuid.test(id) ? `${id.slice(0, 8)}…` : id;
}

export class Names {
  readonly #deliveries = new Map<string, NamedDelivery>();
  readonly #rounds = new Map<string, NamedRound>();
  /** Asked for: waiting to be, or found to have no name. */
  readonly #asked = new Set<string>();
  #waiting = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** changed is called when there are more names; without a lookup there never are. */
  constructor(
    private readonly lookup: Lookup | null,
    private readonly changed: () => void,
  ) {}

  /** The name of a delivery or a round, null while it is not known. */
  of(id: string): string | null {
    return this.delivery(id)?.name ?? this.round(id)?.name ?? null;
  }

  delivery(id: string): NamedDelivery | null {
    return this.#deliveries.get(id) ?? this.#want(id);
  }

  round(id: string): NamedRound | null {
    return this.#rounds.get(id) ?? this.#want(id);
  }

  /** Asks anew when the name is needed next: somebody edited it. */
  renew(id: string): void {
    if (!this.#deliveries.has(id)) return;
    this.#waiting.add(id);
    this.#schedule(gather);
  }

  #want(id: string): null {
    if (this.lookup && uuid.test(id) && !this.#asked.has(id) && !this.#deliveries.has(id) && !this.#rounds.has(id)) {
      this.#asked.add(id);
      this.#waiting.add(id);
      this.#schedule(gather);
    }
    return null;
  }

  #schedule(wait: number): void {
    this.#timer ??= setTimeout(() => void this.#ask(), wait);
  }

  async #ask(): Promise<void> {
    const ids = [...this.#waiting].slice(0, lookedUpAtOnce);
    try {
      await this.#find(ids);
      for (const id of ids) this.#waiting.delete(id);
      this.changed();
    } catch {
      // Names are no reason to bother anybody: short ids stand until the server answers.
    }
    this.#timer = undefined;
    if (this.#waiting.size > 0) this.#schedule(this.#waiting.has(ids[0] ?? "") ? again : gather);
  }

  async #find(ids: readonly string[]): Promise<void> {
    if (!this.lookup || ids.length === 0) return;
    for (const delivery of await this.lookup.deliveries(ids)) this.#deliveries.set(delivery.id, delivery);
    if (ids.every((id) => this.#deliveries.has(id) || this.#rounds.has(id))) return;
    for (const round of await this.lookup.rounds()) this.#rounds.set(round.id, round);
  }
}
