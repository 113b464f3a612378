/** The page's live feed: a WebSocket, and where that does not get through, questions. */
import { parseNews, type News } from "./news";

/** Close code of the server: the link shows nothing any more. */
const linkDead = 4004;

/** Waits before the next try, in milliseconds, of which half is left to chance. */
const waits = [1_000, 2_000, 5_000, 10_000, 30_000] as const;

export interface FeedPorts {
  onNews(news: News): void;
  /** Whether the page is up to date. */
  onFresh(fresh: boolean): void;
  onDead(): void;
}

export class Feed {
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  constructor(
    private readonly url: string,
    private readonly ports: FeedPorts,
  ) {}

  /** Connects, at once if it waits for the next try. */
  connect(): void {
    if (this.#socket) return;
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#receive(String(data)));
    socket.addEventListener("close", ({ code }) => this.#closed(code));
  }

  #receive(frame: string): void {
    const news = parseNews(frame);
    if (!news) return;
    this.#failures = 0;
    this.ports.onFresh(true);
    this.ports.onNews(news);
  }

  #closed(code: number): void {
    this.#socket = null;
    if (code === linkDead) return this.ports.onDead();
    const wait = waits[Math.min(this.#failures++, waits.length - 1)] ?? 0;
    this.#timer = setTimeout(() => this.connect(), wait / 2 + (Math.random() * wait) / 2);
    void this.#ask();
  }

  /** A handshake that failed does not say why, and some networks let none through. */
  async #ask(): Promise<void> {
    try {
      const response = await fetch(this.url, { headers: { Accept: "application/json" }, credentials: "omit" });
      if (response.status === 404) return this.ports.onDead();
      const news = response.ok ? parseNews(await response.text()) : null;
      this.ports.onFresh(news !== null);
      if (news) this.ports.onNews(news);
    } catch {
      this.ports.onFresh(false);
    }
  }
}
