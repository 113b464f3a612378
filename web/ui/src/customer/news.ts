/**
 * What the server tells a customer's page. Decoded here and not by api/decode, so
 * that this page loads one small file.
 */

/** Longitude and latitude in degrees. */
export type Place = readonly [lon: number, lat: number];

export interface Moment {
  time: string;
  text: string;
}

export interface News {
  state: string;
  /** Texts by the place on the page; what is missing has nothing to say. */
  text: Readonly<Record<string, string>>;
  history: readonly Moment[];
  /** Where the vehicle is and where it goes to; null where that is not to be shown. */
  vehicle: Place | null;
  door: Place | null;
}

type Fields = Readonly<Record<string, unknown>>;

/** Null for what is no news. */
export function parseNews(frame: string): News | null {
  try {
    return news(fields(JSON.parse(frame)));
  } catch {
    return null;
  }
}

function news(from: Fields): News | null {
  if (from.type !== "status" || typeof from.state !== "string") return null;
  const texts = Object.entries(fields(from.text)).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  const lines = Array.isArray(from.history) ? from.history.map(fields) : [];
  return {
    state: from.state,
    text: Object.fromEntries(texts),
    history: lines.map(({ time, text }) => ({ time: String(time), text: String(text) })),
    vehicle: place(from.vehicle),
    door: place(from.door),
  };
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function place(value: unknown): Place | null {
  const { lon, lat } = fields(value);
  return typeof lon === "number" && typeof lat === "number" ? [lon, lat] : null;
}
