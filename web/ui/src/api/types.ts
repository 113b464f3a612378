import type { FeatureCollection, MultiPolygon, Polygon } from "geojson";

/** One fix as the server tells it. What a device did not report is null. */
export interface Position {
  device: string;
  /** Device time in milliseconds since 1970, and as the server wrote it. */
  time: number;
  timeText: string;
  lon: number;
  lat: number;
  /** Radius in metres that holds the true place with 68 % probability. */
  accuracy: number | null;
  /** Metres per second. */
  speed: number | null;
  /** Degrees clockwise from true north. */
  heading: number | null;
  battery: number | null;
}

export interface Device {
  id: string;
  /** What people call it; the id where it has no name. */
  name: string;
  kind: string;
  last: Position | null;
}

export interface Fence {
  id: string;
  name: string;
  /** The area; circles are already turned into polygons. */
  area: Polygon | MultiPolygon;
}

/** What somebody drives; several devices may be in it. */
export interface NamedVehicle {
  id: string;
  name: string;
  devices: string[];
}

/** What people call a delivery. */
export interface NamedDelivery {
  id: string;
  /** The sender's reference and whom it is for, else where it goes. */
  name: string;
  address: string;
  round: string | null;
}

export interface NamedRound {
  id: string;
  name: string;
  /** The vehicle's id. */
  vehicle: string | null;
}

/** One entry of the server's event log. */
export interface FleetEvent {
  id: string;
  seq: number;
  type: string;
  /** When it happened and when the server knew, in milliseconds since 1970. */
  time: number;
  knownAt: number;
  device: string | null;
  subject: string;
  lon: number | null;
  lat: number | null;
  /** The numbers and words behind it, by name; a number's name ends with its unit. */
  detail: Readonly<Record<string, unknown>>;
}

export interface Tiles {
  kind: "raster" | "vector";
  url: string;
  attribution: string;
}

export interface Config {
  tiles: Tiles | null;
  /** Whether the server has a made-up town to draw. */
  town: boolean;
}

export interface Session {
  /** Who is signed in, as alerts tell who took them up. */
  by: string;
  /** Their name; empty for nobody in particular. */
  name: string;
  role: string;
  /** When the session ends, in milliseconds since 1970; null if not told. */
  expires: number | null;
}

/** One stored fix of a track. */
export interface TrackPoint {
  time: number;
  lon: number;
  lat: number;
}

export type Town = FeatureCollection;
