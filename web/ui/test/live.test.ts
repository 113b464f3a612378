import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket as Socket, WebSocketServer } from "ws";
import { SignedOut } from "../src/api/client";
import { LiveFeed, type FeedState } from "../src/feed/live";

/** A server that keeps an event log and sends it as the live feed does. */
class LogServer {
  readonly #server: WebSocketServer;
  /** The resume point of each connection, in order. */
  readonly asked: number[] = [];
  refuse = false;

  constructor(public seq: number) {
    const verifyClient = () => !this.refuse;
    this.#server = new WebSocketServer({ port: 0, host: "127.0.0.1", verifyClient });
    this.#server.on("connection", (socket, request) => this.#greet(socket, request.url ?? ""));
  }

  async listening(): Promise<this> {
    if (!this.#server.address()) await once(this.#server, "listening");
    return this;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Adds events to the log and sends them to whoever listens. */
  happen(count: number): void {
    for (let i = 0; i < count; i++) this.#server.clients.forEach((socket) => socket.send(event(++this.seq)));
  }

  close(code: number): void {
    this.#server.clients.forEach((socket) => socket.close(code));
  }

  kill(): void {
    this.#server.clients.forEach((socket) => socket.terminate());
  }

  stop(): void {
    this.kill();
    this.#server.close();
  }

  #greet(socket: Socket, url: string): void {
    const after = Number(new URL(url, "ws://x").searchParams.get("after"));
    this.asked.push(after);
    socket.send(JSON.stringify({ type: "hello", seq: this.seq, world_version: 1, server_time: "2026-03-01T07:00:00Z" }));
    for (let seq = after + 1; seq <= this.seq; seq++) socket.send(event(seq));
  }
}

function event(seq: number): string {
  const time = "2026-03-01T07:00:00Z";
  return JSON.stringify({ id: `e${seq}`, seq, type: "geofence.enter", time, known_at: time, device: "a", subject: "f", lon: 1, lat: 2, detail: {} });
}

/** A socket as a browser has it: an error there is a close event and no exception. */
function connect(url: string): WebSocket {
  const socket = new Socket(url);
  socket.on("error", () => undefined);
  return socket as unknown as WebSocket;
}

/** A feed on a server, and all that it told. */
function listen(server: LogServer, last: number, probe: () => Promise<unknown> = async () => undefined) {
  const seen: number[] = [];
  const states: FeedState["kind"][] = [];
  const told = { seen, states, rewound: 0 };
  const feed = new LiveFeed(
    {
      open: (after) => connect(`${server.url}?after=${after}`),
      probe,
      onFrame: (frame) => void (frame.kind === "event" && seen.push(frame.event.seq)),
      onState: ({ kind }) => void states.push(kind),
      onRewound: () => void told.rewound++,
    },
    last,
  );
  feeds.push(feed);
  feed.start();
  return { feed, told };
}

const feeds: LiveFeed[] = [];
let server: LogServer;

beforeEach(async () => {
  server = await new LogServer(0).listening();
});

afterEach(() => {
  feeds.splice(0).forEach((feed) => feed.stop());
  server.stop();
});

const soon = { timeout: 4_000, interval: 5 };

function until(condition: () => boolean): Promise<void> {
  return expect.poll(condition, soon).toBe(true);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

test("starts after the last event known and is live with the hello", async () => {
  server.seq = 7;
  const { told } = listen(server, 5);
  await until(() => told.seen.length === 2);
  expect(told.seen).toEqual([6, 7]);
  expect(told.states).toEqual(["connecting", "live"]);
  expect(server.asked).toEqual([5]);
});

test("misses nothing and repeats nothing over lost connections", async () => {
  const { told } = listen(server, 0);
  await until(() => told.states.includes("live"));
  for (let round = 1; round <= 3; round++) {
    server.happen(2);
    await until(() => told.seen.length === server.seq);
    server.kill();
    await until(() => told.states.at(-1) === "reconnecting");
    server.seq += 3;
    await until(() => told.seen.length === server.seq);
  }
  expect(told.seen).toEqual(range(1, 15));
  expect(server.asked).toEqual([0, 2, 7, 12]);
});

test("drops an event that the server sends again", async () => {
  const { told } = listen(server, 0);
  await until(() => told.states.includes("live"));
  server.happen(2);
  server.seq = 0;
  server.happen(3);
  await until(() => told.seen.includes(3));
  expect(told.seen).toEqual([1, 2, 3]);
});

test("comes straight back when it was too slow", async () => {
  const { told } = listen(server, 0);
  await until(() => told.states.includes("live"));
  const start = performance.now();
  server.close(4008);
  await until(() => told.states.filter((state) => state === "live").length === 2);
  expect(performance.now() - start).toBeLessThan(450);
});

test("a session that ended is the end", async () => {
  const { told } = listen(server, 0);
  await until(() => told.states.includes("live"));
  server.close(4001);
  await until(() => told.states.at(-1) === "signed-out");
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(server.asked).toEqual([0]);
});

test("a refused handshake is explained by the probe", async () => {
  server.refuse = true;
  const { told } = listen(server, 0, () => Promise.reject(new SignedOut()));
  await until(() => told.states.at(-1) === "signed-out");
});

test("a server that is away is tried again, at once on waking", async () => {
  server.refuse = true;
  const { feed, told } = listen(server, 0, () => Promise.reject(new TypeError("no network")));
  await until(() => told.states.at(-1) === "reconnecting");
  server.refuse = false;
  const start = performance.now();
  feed.wake();
  await until(() => told.states.at(-1) === "live");
  expect(performance.now() - start).toBeLessThan(200);
});

test("waking a live feed that no longer carries anything reconnects it", async () => {
  let reachable = true;
  const probe = async () => {
    if (!reachable) throw new TypeError("no network");
  };
  const { feed, told } = listen(server, 0, probe);
  await until(() => told.states.includes("live"));
  feed.wake();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(told.states.at(-1)).toBe("live");
  reachable = false;
  feed.wake();
  await until(() => told.states.at(-1) === "reconnecting");
});

test("a log that is behind ours is another log", async () => {
  server.seq = 3;
  const { told } = listen(server, 9);
  await until(() => told.rewound === 1);
  expect(told.seen).toEqual([]);
  expect(told.states).not.toContain("live");
});
