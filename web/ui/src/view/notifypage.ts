import { contacts, type Contact } from "../api/push";
import type { PushState, PushSwitch } from "../push/switch";
import { pushText as text } from "../pushtext";
import { button, h, setAttributes, setText } from "./dom";
import type { Desk, Page } from "./devices/desk";
import { labelled } from "./devices/fields";

/** States in which a press of the button may help. */
const open = new Set<PushState>(["off", "blocked", "failed"]);

/** The page on which notifications are turned on and off; only dispatch chooses what of. */
export function notifyPage(desk: Desk, push: PushSwitch, dispatch: boolean): Page {
  const state = h("b", { class: "push-state", "data-testid": "push-state" });
  const hint = h("p", { class: "push-hint" });
  const whose = h("select", {}, h("option", { value: "" }, text.mine));
  const choice = labelled(text.whose, whose, text.whoseHint);
  const turn = button(text.turnOn, { class: "primary", "data-testid": "push-turn" }, () => void desk.attempt(press));
  const mailbox = h("a", { class: "button", href: "/mailbox", target: "_blank" }, text.mailbox);
  const press = async () => {
    turn.disabled = true;
    try {
      await (push.state === "on" ? push.turnOff() : push.turnOn(whose.value || null));
    } finally {
      turn.disabled = false;
      show();
    }
  };
  const show = () => {
    const [words, why] = text.states[push.state];
    const on = push.state === "on";
    setText(state, words);
    setText(hint, on ? `${why} ${text.onlyHere}` : why);
    setAttributes(state, { "data-state": push.state });
    setText(turn, on ? text.turnOff : push.state === "off" ? text.turnOn : text.again);
    setAttributes(turn, { class: on ? null : "primary" });
    turn.hidden = !on && !open.has(push.state);
    choice.hidden = !dispatch || whose.length < 2 || !open.has(push.state);
    mailbox.hidden = push.state !== "unsent" || !dispatch;
  };
  show();
  const look = async () => {
    await push.look();
    if (dispatch) fill(whose, await contacts(), push.contact);
    show();
  };
  // Once the dialog shows this page, which then says what fails.
  queueMicrotask(() => void desk.attempt(look));
  const status = h("div", { class: "push", role: "status" }, h("p", {}, state), hint);
  const actions = h("div", { class: "actions" }, turn, mailbox);
  return { heading: text.heading, body: [h("p", {}, dispatch ? text.lead : text.leadDriver), status, choice, actions] };
}

function fill(whose: HTMLSelectElement, all: readonly Contact[], chosen: string | null): void {
  whose.replaceChildren(h("option", { value: "" }, text.mine), ...all.map(({ id, name }) => h("option", { value: id }, text.as(name))));
  whose.value = chosen ?? "";
}
