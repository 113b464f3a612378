/** What the page needs before the live feed, fetched at once. */
import * as client from "../api/client";
import type { Config, Device, Fence, FleetEvent, Session } from "../api/types";
import { loggedEvents } from "../fleet/log";
import { backoff } from "./backoff";

export interface Beginning {
  session: Session;
  config: Config;
  devices: Device[];
  fences: Fence[];
  events: FleetEvent[];
}

/** As many as are kept: what needs action now may have happened in the night. */
const firstEvents = loggedEvents;

async function load(): Promise<Beginning> {
  const [session, config, devices, fences, events] = await Promise.all([
    client.session(),
    client.config(),
    client.devices(),
    client.fences(),
    client.lastEvents(firstEvents),
  ]);
  return { session, config, devices, fences, events };
}

/**
 * Loads until it succeeds; waiting tells when the next try is due. Throws only
 * client.SignedOut.
 */
export async function begin(waiting: (retryAt: number) => void): Promise<Beginning> {
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
