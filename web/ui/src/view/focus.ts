/** What the dispatcher is looking at. */
export interface Looking {
  /** The selected vehicle. */
  readonly vehicle: string | null;
  /** Whether the map moves along with it. */
  readonly following: boolean;
  /** The sequence number of the selected event. */
  readonly event: number | null;
}

const nothing: Looking = { vehicle: null, following: false, event: null };

/** The one selection that lists and map share. */
export class Focus {
  #looking = nothing;
  readonly #watchers: ((looking: Looking) => void)[] = [];

  get looking(): Looking {
    return this.#looking;
  }

  watch(watcher: (looking: Looking) => void): void {
    this.#watchers.push(watcher);
  }

  /** Selects a vehicle and goes along with it. */
  vehicle(id: string): void {
    this.#set({ ...nothing, vehicle: id, following: true });
  }

  event(seq: number): void {
    this.#set({ ...nothing, event: seq });
  }

  /** Starts or stops going along with the selected vehicle. */
  follow(following: boolean): void {
    if (this.#looking.following !== following) this.#set({ ...this.#looking, following });
  }

  clear(): void {
    if (this.#looking !== nothing) this.#set(nothing);
  }

  #set(looking: Looking): void {
    this.#looking = looking;
    for (const watcher of this.#watchers) watcher(looking);
  }
}
