/** Turns push messages of this browser on and off. */
import { Refused } from "../api/client";
import { dropBrowser, keepBrowser, pushKey } from "../api/push";
import { forget, recall, remember } from "./memory";

/**
 * What stands between somebody and push messages: nothing when off or on; plain
 * HTTP (insecure), a browser that cannot (unsupported), a server that sends none
 * (unsent), the browser's own setting (blocked), or its push service (failed).
 */
export type PushState = "checking" | "insecure" | "unsupported" | "unsent" | "blocked" | "off" | "on" | "failed";

/** What the browser says by itself; null where it can. */
export function obstacle(secure: boolean, able: boolean): "insecure" | "unsupported" | null {
  if (!secure) return "insecure";
  return able ? null : "unsupported";
}

const able = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

export class PushSwitch {
  state: PushState = "checking";
  /** Whose messages the browser shows while on; null for those of who is signed in. */
  contact: string | null = null;
  readonly #watchers: (() => void)[] = [];
  #busy: Promise<void> = Promise.resolve();
  #by = "";

  /** by is who is signed in, as the server calls them. */
  start(by: string): void {
    this.#by = by;
    // Whoever opens the dialog is told what fails.
    this.look().catch(() => undefined);
  }

  watch(watcher: () => void): void {
    this.#watchers.push(watcher);
  }

  /** Finds out how it stands, and tells the server again of a browser that is on: it may have lost it. */
  look(): Promise<void> {
    return this.#inTurn(async () => this.#set(await this.#find()));
  }

  /** Asks the person, the browser and the server, in this order. */
  turnOn(contact: string | null): Promise<void> {
    return this.#inTurn(async () => {
      const permission = await Notification.requestPermission();
      if (permission !== "granted") return this.#set(permission === "denied" ? "blocked" : "off");
      let subscription: PushSubscription;
      try {
        subscription = await subscribe((await pushKey()).key);
      } catch {
        return this.#set("failed");
      }
      await this.#keep(contact, subscription);
    });
  }

  turnOff(): Promise<void> {
    return this.#inTurn(async () => {
      const known = recall();
      if (known) await dropBrowser(known.id, known.contact);
      forget();
      if (this.state === "on") this.#set("off");
    });
  }

  async #find(): Promise<PushState> {
    const cannot = obstacle(isSecureContext, able());
    if (cannot) return cannot;
    const key = await serverKey();
    if (key === null) return "unsent";
    if (Notification.permission === "denied") return "blocked";
    const known = await this.#mine();
    const worker = await navigator.serviceWorker.getRegistration("/");
    const subscription = await worker?.pushManager.getSubscription();
    if (!known || !subscription || Notification.permission !== "granted" || !isFor(subscription, key)) return "off";
    await this.#keep(known.contact, subscription);
    return "on";
  }

  /** What is on for who is signed in; what somebody else left on here ends. */
  async #mine(): Promise<ReturnType<typeof recall>> {
    const known = recall();
    if (!known || known.by === this.#by) return known;
    await dropBrowser(known.id, known.contact ?? known.by).catch(() => undefined);
    forget();
    return null;
  }

  async #keep(contact: string | null, subscription: PushSubscription): Promise<void> {
    const id = await keepBrowser(contact, subscription.toJSON());
    const before = recall();
    if (before && before.id !== id) await dropBrowser(before.id, before.contact).catch(() => undefined);
    remember({ id, contact, by: this.#by });
    this.contact = contact;
    this.#set("on");
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#busy.then(work);
    this.#busy = turn.catch(() => undefined);
    return turn;
  }

  #set(state: PushState): void {
    this.state = state;
    for (const watcher of this.#watchers) watcher();
  }
}

/** The server's key; null where it has no push messages, or sends none. */
async function serverKey(): Promise<string | null> {
  try {
    const { key, sends } = await pushKey();
    return sends ? key : null;
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

/** Whether a subscription takes messages signed with a key: that of a server whose data was made anew is another one. */
export function isFor({ options }: Pick<PushSubscription, "options">, key: string): boolean {
  const bytes = new Uint8Array(options?.applicationServerKey ?? []);
  return bytes.length === 0 || btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") === key;
}

/** The browser's own subscription, made where there is none. */
async function subscribe(key: string): Promise<PushSubscription> {
  await navigator.serviceWorker.register("/push-worker.js");
  const worker = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: key };
  try {
    return await worker.pushManager.subscribe(options);
  } catch (problem) {
    // One for another key, of before the server's data was made anew.
    const old = await worker.pushManager.getSubscription();
    if (!old) throw problem;
    await old.unsubscribe();
    return worker.pushManager.subscribe(options);
  }
}
