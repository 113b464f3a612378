import type { FleetEvent } from "../api/types";

/** The newest events, oldest first, each once. */
export class EventLog {
  #events: FleetEvent[] = [];

  constructor(private readonly capacity: number) {}

  get events(): readonly FleetEvent[] {
    return this.#events;
  }

  /** The sequence number of the newest event; 0 for none. */
  get last(): number {
    return this.#events.at(-1)?.seq ?? 0;
  }

  find(seq: number): FleetEvent | undefined {
    return this.#events.find((event) => event.seq === seq);
  }

  /** Takes an event that is newer than all before; false for one already taken. */
  add(event: FleetEvent): boolean {
    if (event.seq <= this.last) return false;
    this.#events.push(event);
    if (this.#events.length > this.capacity) this.#events.shift();
    return true;
  }
}
