import type { Session } from "../api/types";
import type { PushSwitch } from "../push/switch";
import { pushText } from "../pushtext";
import { text } from "../text";
import { Desk } from "./devices/desk";
import { button, h } from "./dom";
import { icon } from "./icons";
import { notifyPage } from "./notifypage";

/** The page of those who are signed in and have no console: drivers. */
export function showGuest({ name }: Session, push: PushSwitch, signOut: () => void): void {
  const words = text.guest;
  const desk = new Desk(() => Date.now(), () => undefined);
  const notify = button(pushText.open, { "data-testid": "notify" }, () => desk.show(notifyPage(desk, push, false)));
  const card = h(
    "main",
    { class: "signed-out", "data-testid": "guest" },
    h("div", { class: "brand" }, icon("brand"), text.product),
    h("h1", { tabindex: -1 }, words.heading(name)),
    h("p", {}, words.lead),
    h("p", {}, pushText.leadDriver),
    h("div", { class: "actions" }, notify, button(text.signOut, { class: "quiet" }, signOut)),
  );
  document.body.replaceChildren(card, desk.element);
  card.querySelector("h1")?.focus();
}
