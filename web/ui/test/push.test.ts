import { expect, test } from "vitest";
import { isFor, obstacle } from "../src/push/switch";
import { forget, recall, remember } from "../src/push/memory";
import { pushText } from "../src/pushtext";

test("plain HTTP is what stands in the way, whatever the browser can", () => {
  expect(obstacle(false, true)).toBe("insecure");
  expect(obstacle(false, false)).toBe("insecure");
  expect(obstacle(true, false)).toBe("unsupported");
  expect(obstacle(true, true)).toBe(null);
});

test("a subscription for another key is none", () => {
  const applicationServerKey = new Uint8Array([4, 251, 255, 0]).buffer;
  const options = { applicationServerKey, userVisibleOnly: true };
  expect(isFor({ options }, "BPv_AA")).toBe(true);
  expect(isFor({ options }, "BPv_AB")).toBe(false);
  expect(isFor({ options: { ...options, applicationServerKey: null } }, "BPv_AA")).toBe(true);
});

test("every state but the first has words and a hint", () => {
  for (const [state, [words, hint]] of Object.entries(pushText.states)) {
    expect(words, state).not.toBe("");
    if (state !== "checking") expect(hint, state).toMatch(/\.$/);
  }
});

test("what is remembered comes back, and nonsense does not", () => {
  const kept = new Map<string, string>();
  const storage = { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v), removeItem: (k: string) => void kept.delete(k) };
  Object.assign(globalThis, { localStorage: storage });
  expect(recall()).toBe(null);
  remember({ id: "1", contact: null, by: "admin" });
  expect(recall()).toEqual({ id: "1", contact: null, by: "admin" });
  remember({ id: "1", contact: "night", by: "ines" });
  expect(recall()?.contact).toBe("night");
  for (const bad of ["", "{", "7", "null", '{"id":3,"by":"x"}', '{"id":"1"}']) {
    kept.set("wayguard push", bad);
    expect(recall(), bad).toBe(null);
  }
  forget();
  expect(kept.size).toBe(0);
});
