/** What this browser remembers of push messages that are on. */
import { fields, string } from "../api/decode";

export interface Known {
  /** The browser's id at the server. */
  id: string;
  /** Whose messages it shows; null for those of who turned it on. */
  contact: string | null;
  /** Who turned it on. */
  by: string;
}

const key = "wayguard push";

/** Null where nothing is on; storage may be forbidden or hold anything. */
export function recall(): Known | null {
  try {
    const from = fields(JSON.parse(localStorage.getItem(key) ?? "null"));
    const [id, by] = [string(from.id), string(from.by)];
    return id && by ? { id, by, contact: string(from.contact) || null } : null;
  } catch {
    return null;
  }
}

export function remember(known: Known): void {
  try {
    localStorage.setItem(key, JSON.stringify(known));
  } catch {
    // Then it is off again with the next page, and can be turned on anew.
  }
}

export function forget(): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // There is nothing to be forgotten.
  }
}
