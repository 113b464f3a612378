/**
 * Turns the server's JSON into our types. Whatever does not have the promised
 * shape is left out: one broken item must not take the page down.
 */
import { circlePolygon } from "../geo/circle";
import type { Config, Device, Fence, FleetEvent, NamedDelivery, NamedRound, NamedVehicle, Position, Session, Tiles, TrackPoint } from "./types";
import { unwrapped } from "../geo/unwrap";

type Fields = Record<string, unknown>;

export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

export function items(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function string(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** An RFC 3339 instant in milliseconds since 1970. */
export function instant(value: unknown): number | null {
  return typeof value === "string" ? number(Date.parse(value)) : null;
}

/** Decodes each item and drops those that come out null. */
export function each<T>(values: unknown, decode: (value: unknown) => T | null): T[] {
  return items(values).flatMap((value) => decode(value) ?? []);
}

export function position(value: unknown): Position | null {
  const from = fields(value);
  const [device, time, lon, lat] = [string(from.device), instant(from.time), number(from.lon), number(from.lat)];
  if (!device || time === null || lon === null || lat === null) return null;
  return {
    device,
    time,
    timeText: string(from.time),
    lon,
    lat,
    accuracy: number(from.accuracy_m),
    speed: number(from.speed_mps),
    heading: number(from.heading_deg),
    battery: number(from.battery_percent),
  };
}

export function device(value: unknown): Device | null {
  const from = fields(value);
  const id = string(from.id);
  if (!id) return null;
  return { id, name: string(from.name) || id, kind: string(from.kind), last: position(from.last) };
}

export function vehicle(value: unknown): NamedVehicle | null {
  const from = fields(value);
  const id = string(from.id);
  return id ? { id, name: string(from.name) || id, devices: items(from.devices).map(string).filter(Boolean) } : null;
}

export function delivery(value: unknown): NamedDelivery | null {
  const from = fields(value);
  const [id, address] = [string(from.id), string(from.address)];
  if (!id) return null;
  const name = [string(from.reference), string(from.consignee) || address].filter(Boolean).join(", ");
  return name ? { id, name, address, round: string(from.round) || null } : null;
}

export function round(value: unknown): NamedRound | null {
  const from = fields(value);
  const [id, vehicle] = [string(from.id), string(from.vehicle) || null];
  return id ? { id, name: string(from.name), vehicle } : null;
}

export function event(value: unknown): FleetEvent | null {
  const from = fields(value);
  const [seq, type, time] = [number(from.seq), string(from.type), instant(from.time)];
  if (seq === null || !type || time === null) return null;
  return {
    id: string(from.id),
    seq,
    type,
    time,
    knownAt: instant(from.known_at) ?? time,
    device: string(from.device) || null,
    subject: string(from.subject),
    lon: number(from.lon),
    lat: number(from.lat),
    detail: fields(from.detail),
  };
}

export function fence(value: unknown): Fence | null {
  const from = fields(value);
  const properties = fields(from.properties);
  const id = string(from.id) || string(properties.id);
  const area = areaOf(fields(from.geometry), properties);
  return id && area ? { id, name: string(properties.name) || id, area } : null;
}

/** Fences of zones are called hazard-ID-NUMBER. */
export function hazardNames(hazards: unknown): Map<string, string> {
  return new Map(
    items(hazards).flatMap((hazard) => {
      const { id, zones } = fields(hazard);
      return items(zones).map((zone, i) => [`hazard-${string(id)}-${i}`, string(fields(zone).event)] as const).filter(([, name]) => name);
    }),
  );
}

function areaOf(geometry: Fields, properties: Fields): Fence["area"] | null {
  if (!Array.isArray(geometry.coordinates)) return null;
  switch (geometry.type) {
    case "Polygon":
    case "MultiPolygon":
      return unwrapped({ type: geometry.type, coordinates: geometry.coordinates } as Fence["area"]);
    case "Point": {
      const [lon, lat] = geometry.coordinates.map(number);
      const radius = number(properties.radius_m);
      return lon == null || lat == null || radius === null ? null : circlePolygon(lon, lat, radius);
    }
    default:
      return null;
  }
}

export function trackPoint(value: unknown): TrackPoint | null {
  const from = fields(value);
  const [lon, lat] = items(fields(from.geometry).coordinates).map(number);
  const time = instant(fields(from.properties).time);
  return time === null || lon == null || lat == null ? null : { time, lon, lat };
}

export function config(value: unknown): Config {
  const from = fields(value);
  return { tiles: tiles(from.tiles), town: from.town === true };
}

function tiles(value: unknown): Tiles | null {
  const { kind, url, attribution } = fields(value);
  if ((kind !== "raster" && kind !== "vector") || !string(url)) return null;
  return { kind, url: string(url), attribution: string(attribution) };
}

export function session(value: unknown): Session {
  const from = fields(value);
  return {
    by: string(from.by),
    name: string(fields(from.person).name),
    role: string(from.role),
    expires: instant(from.expires),
  };
}
