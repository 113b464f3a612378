/** The server's side of push messages. */
import { ask, read, write } from "./client";
import * as decode from "./decode";

export interface PushKey {
  /** The applicationServerKey. */
  key: string;
  /** Whether messages leave the server; else they end in its mailbox. */
  sends: boolean;
}

/** Somebody in dispatch who hears of alerts. */
export interface Contact {
  id: string;
  name: string;
}

export async function pushKey(): Promise<PushKey> {
  const from = decode.fields(await read("/push/key"));
  return { key: decode.string(from.key), sends: from.sends === true };
}

export async function contacts(): Promise<Contact[]> {
  return decode.each(decode.fields(await read("/notify/settings")).contacts, (value) => {
    const { id, name } = decode.fields(value);
    return decode.string(id) ? { id: decode.string(id), name: decode.string(name) || decode.string(id) } : null;
  });
}

/** Has a browser told what a contact hears of, null for whoever is signed in; returns the browser's id there. */
export async function keepBrowser(contact: string | null, { endpoint, keys }: PushSubscriptionJSON): Promise<string> {
  const made = await write("/push/subscriptions", { ...(contact === null ? {} : { contact }), endpoint, keys });
  return decode.string(decode.fields(await made.json()).id);
}

export async function dropBrowser(id: string, contact: string | null): Promise<void> {
  const query = contact === null ? "" : `?contact=${encodeURIComponent(contact)}`;
  await ask(`/push/subscriptions/${encodeURIComponent(id)}${query}`, { method: "DELETE" });
}
