import { text } from "../text";
import { commandBlock, createSignInLink } from "./command";
import { h } from "./dom";
import { icon } from "./icons";

/** Takes the place of the whole page: positions are not left standing on a screen nobody is signed in to. */
export function showSignedOut(): void {
  const words = text.signedOut;
  const card = h(
    "main",
    { class: "signed-out", "data-testid": "signed-out" },
    h("div", { class: "brand" }, icon("brand"), text.product),
    h("h1", { tabindex: -1 }, words.heading),
    h("p", {}, words.lead),
    h("ul", {}, h("li", {}, words.restart), h("li", {}, words.command, commandBlock(createSignInLink()))),
  );
  const state = h("span", { "data-testid": "connection", "data-state": "signed-out", class: "sr-only" }, text.connection.signedOut);
  document.body.replaceChildren(card, state);
  document.title = text.product;
  card.querySelector("h1")?.focus();
}
