import { text } from "../text";
import { button, h } from "./dom";

/** A command line to copy. */
export function commandBlock(command: string): HTMLElement {
  const copy = button(text.copy, { class: "quiet copy" }, () => {
    void navigator.clipboard.writeText(command).then(() => {
      copy.textContent = text.copied;
    });
  });
  // Browsers hide the clipboard from pages on plain HTTP.
  copy.hidden = !("clipboard" in navigator);
  const code = h("code", {}, command);
  return h("div", { class: "command" }, h("pre", { tabindex: 0 }, code), copy);
}

const bearer = '-H "Authorization: Bearer $WAYGUARD_ADMIN_TOKEN"';

function post(path: string, type: string, body: unknown): string {
  const url = new URL(`/api/v1/${path}`, location.origin).href;
  return `curl -X POST ${url} \\\n  ${bearer} \\\n  -H "Content-Type: ${type}" \\\n  -d '${JSON.stringify(body)}'`;
}

/** A round fence at a place in degrees. */
export function createFence(lon: number, lat: number): string {
  const coordinates = [lon, lat].map((degrees) => Number(degrees.toFixed(5)));
  return post("fences", "application/geo+json", {
    type: "Feature",
    id: "depot",
    properties: { name: text.sample.fence, radius_m: 150 },
    geometry: { type: "Point", coordinates },
  });
}

export function createSignInLink(): string {
  const url = new URL("/api/v1/signin-links", location.origin).href;
  return `curl -X POST ${url} \\\n  ${bearer}`;
}
