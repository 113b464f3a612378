/** What the page needs before the live feed, fetched at once. */
import * as client from "../api/client";
import type { Config, Device, Fence, FleetEvent, NamedVehicle } from "../api/types";
import { loggedEvents } from "../fleet/log";
import { backoff } from "./backoff";

export interface Beginning {
  config: Config;
  vehicles: NamedVehicle[];
  devices: Device[];
  hazards: Map<string, string>;
  fences: Fence[];
  events: FleetEvent[];
}

/** As many as are kept: what needs action now may have happened in the night. */
const firstEvents = loggedEvents;

/** What the console begins with. */
export async function beginning(): Promise<Beginning> {
  const [config, vehicles, devices, hazards, fences, events] = await Promise.all([
    client.config(),
    client.vehicles(),
    client.devices(),
    client.hazards(),
    client.fences(),
    client.lastEvents(firstEvents),
  ]);
  return { config, vehicles, devices, hazards, fences, events };
}

/**
 * Loads until it succeeds; waiting tells when the next try is due. Throws only
 * client.SignedOut.
 */
export async function persist<T>(load: () => Promise<T>, waiting: (retryAt: number) => void): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await load();
    } catch (error) {
      if (error instanceof client.SignedOut) throw error;
      const wait = backoff(failures);
      waiting(Date.now() + wait);
      await sleep(wait);
    }
  }
}

/** Waits, but not longer than until the network is back. */
function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    addEventListener("online", done);
  });
}
