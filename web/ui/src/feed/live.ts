/** The live feed, kept alive: it resumes after the last event seen and misses none. */
import { SignedOut } from "../api/client";
import { backoff } from "./backoff";
import { parseFrame, type Frame } from "./frames";

export type FeedState =
  | { kind: "connecting" }
  | { kind: "live" }
  /** retryAt is in milliseconds of Date.now. */
  | { kind: "reconnecting"; retryAt: number }
  | { kind: "signed-out" };

export interface FeedPorts {
  /** Opens a socket that resumes after an event. */
  open(after: number): WebSocket;
  /** Asks the server whether it answers us; throws SignedOut when it does not know us. */
  probe(): Promise<unknown>;
  onFrame(frame: Frame): void;
  onState(state: FeedState): void;
  /** The server's log is behind ours: it is another log, and all must be loaded anew. */
  onRewound(): void;
}

/** Close codes of the server. */
const signedOutCode = 4001;
const tooSlowCode = 4008;

/** Being too slow is no failure of the server: a breath, then on. */
const breath = 250;

/** The server pings every 30 s, unseen by scripts; a minute without frames is worth a question. */
const quiet = 60_000;

export class LiveFeed {
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #state: FeedState = { kind: "connecting" };
  #probing = false;
  #stopped = false;

  /** last is the sequence number of the newest event already known. */
  constructor(
    private readonly ports: FeedPorts,
    private last: number,
  ) {}

  start(): void {
    this.#connect();
  }

  /** Ends the feed for good. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  /**
   * The network or the page came back: tries at once if a try is due, and asks
   * whether a connection that has been quiet is still one.
   */
  wake(): void {
    if (this.#stopped) return;
    if (this.#state.kind === "reconnecting") this.#connect();
    else if (this.#state.kind === "live") void this.#probe();
  }

  #connect(): void {
    clearTimeout(this.#timer);
    this.#drop();
    if (this.#state.kind !== "reconnecting") this.#enter({ kind: "connecting" });
    const socket = this.ports.open(this.last);
    this.#socket = socket;
    socket.addEventListener("message", (message) => {
      if (socket === this.#socket) this.#receive(String(message.data));
    });
    socket.addEventListener("close", (close) => {
      if (socket === this.#socket) this.#closed(close.code);
    });
  }

  #receive(text: string): void {
    const frame = parseFrame(text);
    this.#watch();
    if (!frame) return;
    if (frame.kind === "hello" && !this.#greet(frame.seq)) return;
    if (frame.kind === "event") {
      if (frame.event.seq <= this.last) return;
      this.last = frame.event.seq;
    }
    this.ports.onFrame(frame);
  }

  #greet(seq: number): boolean {
    if (seq < this.last) {
      this.stop();
      this.ports.onRewound();
      return false;
    }
    this.#failures = 0;
    this.#enter({ kind: "live" });
    return true;
  }

  #closed(code: number): void {
    clearTimeout(this.#timer);
    const neverOpened = this.#state.kind !== "live";
    this.#socket = null;
    if (code === signedOutCode) return this.#signedOut();
    const wait = code === tooSlowCode ? breath : backoff(this.#failures++);
    this.#enter({ kind: "reconnecting", retryAt: Date.now() + wait });
    this.#timer = setTimeout(() => this.#connect(), wait);
    // A refused handshake does not tell scripts its status: ask for it.
    if (neverOpened) void this.#probe();
  }

  /** After a quiet minute, asks the server over HTTP. */
  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#probe(), quiet);
  }

  async #probe(): Promise<void> {
    if (this.#probing) return;
    this.#probing = true;
    try {
      await this.ports.probe();
      if (this.#state.kind === "live") this.#watch();
    } catch (error) {
      if (error instanceof SignedOut) this.#signedOut();
      else if (this.#state.kind === "live") this.#lost();
    } finally {
      this.#probing = false;
    }
  }

  /** Gives up a connection that no longer carries anything. */
  #lost(): void {
    if (this.#stopped) return;
    this.#drop();
    this.#closed(1006);
  }

  #signedOut(): void {
    if (this.#stopped) return;
    this.stop();
    this.#enter({ kind: "signed-out" });
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #enter(state: FeedState): void {
    this.#state = state;
    this.ports.onState(state);
  }
}
