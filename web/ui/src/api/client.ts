/** The server's HTTP API, as far as the console uses it. */
import * as decode from "./decode";
import type { Config, Device, Fence, FleetEvent, NamedDelivery, NamedRound, NamedVehicle, Session, Town, TrackPoint } from "./types";

/** The server does not know this session, or no longer. */
export class SignedOut extends Error {
  constructor() {
    super("not signed in");
  }
}

/** The server answered, but not with what was asked for. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    path: string,
    /** What the server says is to be done; empty if it says nothing. */
    readonly detail: string,
  ) {
    super(`${path} answered ${status}`);
  }
}

const root = "/api/v1";
const timeout = 15_000;

/** Sends a request and wants it granted. */
export async function ask(path: string, request: RequestInit = {}): Promise<Response> {
  const response = await fetch(root + path, { ...request, credentials: "same-origin", signal: AbortSignal.timeout(timeout) });
  if (response.status === 401) throw new SignedOut();
  if (!response.ok) throw new Refused(response.status, path, await problemOf(response));
  return response;
}

async function problemOf(response: Response): Promise<string> {
  try {
    return decode.string(decode.fields(await response.json()).detail);
  } catch {
    return "";
  }
}

export async function read(path: string): Promise<unknown> {
  return (await ask(path)).json();
}

/** Sends JSON by POST. */
export function write(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return ask(path, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) });
}

export async function session(): Promise<Session> {
  return decode.session(await read("/session"));
}

export async function signOut(): Promise<void> {
  await ask("/session", { method: "DELETE" });
}

export async function config(): Promise<Config> {
  return decode.config(await read("/config"));
}

export async function devices(): Promise<Device[]> {
  return decode.each(decode.fields(await read("/devices")).devices, decode.device);
}

export async function vehicles(): Promise<NamedVehicle[]> {
  return decode.each(decode.fields(await read("/vehicles")).vehicles, decode.vehicle);
}

/** Those of some ids that there are. */
export async function deliveries(ids: readonly string[]): Promise<NamedDelivery[]> {
  return decode.each(decode.fields(await read(`/deliveries?id=${ids.map(encodeURIComponent).join(",")}`)).deliveries, decode.delivery);
}

/** The newest rounds. */
export async function rounds(): Promise<NamedRound[]> {
  return decode.each(decode.fields(await read("/rounds?routes=false&limit=1000")).rounds, decode.round);
}

/** What hazards are called, by the ids of the fences that their zones are or were. */
export async function hazards(): Promise<Map<string, string>> {
  return decode.hazardNames(decode.fields(await read("/hazards")).hazards);
}

export async function fences(): Promise<Fence[]> {
  return decode.each(decode.fields(await read("/fences")).features, decode.fence);
}

/** The newest events, oldest first. */
export async function lastEvents(count: number): Promise<FleetEvent[]> {
  return decode.each(decode.fields(await read(`/events?last=${count}`)).events, decode.event);
}

/** The fixes of a device from an instant (milliseconds since 1970) until now. */
export async function track(device: string, from: number): Promise<TrackPoint[]> {
  const path = `/devices/${encodeURIComponent(device)}/track?format=geojson&from=${new Date(from).toISOString()}`;
  return decode.each(decode.fields(await read(path)).features, decode.trackPoint);
}

export async function town(): Promise<Town> {
  return (await read("/basemap")) as Town;
}

/** Where the live feed is, resuming after an event's sequence number. */
export function liveURL(after: number): string {
  const url = new URL(`${root}/live`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("after", String(after));
  url.searchParams.set("alerts", "true");
  return url.href;
}
