import * as decode from "../api/decode";
import type { FleetEvent, Position } from "../api/types";

/** One message of the live feed. */
export type Frame =
  | { kind: "hello"; seq: number; worldVersion: number; serverTime: number | null }
  | { kind: "positions"; positions: Position[] }
  | { kind: "event"; event: FleetEvent }
  | { kind: "world"; version: number }
  /** Some alert has changed. */
  | { kind: "alerts" };

/**
 * Reads a frame; null for what is not understood, so that a newer server may
 * send more kinds. Events come bare: their type is the one that has a dot.
 */
export function parseFrame(text: string): Frame | null {
  const value = json(text);
  const from = decode.fields(value);
  switch (from.type) {
    case "hello":
      return helloFrame(from);
    case "positions":
      return { kind: "positions", positions: decode.each(from.positions, decode.position) };
    case "world":
      return { kind: "world", version: decode.number(from.version) ?? 0 };
    case "alerts":
      return { kind: "alerts" };
    default:
      return decode.string(from.type).includes(".") ? eventFrame(value) : null;
  }
}

function helloFrame(from: Record<string, unknown>): Frame | null {
  const seq = decode.number(from.seq);
  if (seq === null) return null;
  const worldVersion = decode.number(from.world_version) ?? 0;
  return { kind: "hello", seq, worldVersion, serverTime: decode.instant(from.server_time) };
}

function eventFrame(value: unknown): Frame | null {
  const event = decode.event(value);
  return event && { kind: "event", event };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
