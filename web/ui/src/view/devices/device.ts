import { managedDevice, renewCredential, revokeDevice, type ManagedDevice } from "../../api/enrol";
import { deviceText as text } from "../../devicetext";
import { text as words } from "../../text";
import { button, h } from "../dom";
import { dateText, minuteText, momentText } from "../format";
import { codePage } from "./codes";
import { credentialPage } from "./credential";
import type { Desk, Page } from "./desk";
import { choice, facts, labelled } from "./fields";

/** One device: what is known of it, and what can be done. */
export function devicePage(desk: Desk, device: ManagedDevice, back: () => void): Page {
  const list = h("dl", {}, ...factsOf(device, desk.now()));
  const refresh = async () => {
    const fresh = await managedDevice(device.id);
    if (fresh) list.replaceChildren(...factsOf(fresh, desk.now()));
  };
  return { heading: device.name, body: [list, ...(desk.manages ? [renewal(desk, device, back), revocation(desk, device, back)] : [])], back, refresh };
}

function factsOf(device: ManagedDevice, now: number): HTMLElement[] {
  const { last } = device;
  const names = text.facts;
  const { connected, away } = text.state;
  return facts([
    [names.id, device.id],
    [names.kind, device.kind],
    [names.connection, device.connected === null ? null : device.connected ? connected : away],
    [names.last, last ? momentText(last.time, now) : text.never],
    [names.battery, last?.battery == null ? null : words.share.some(Math.round(last.battery))],
    [names.created, device.created && dateText(device.created)],
    [names.signsIn, names.by[device.by]],
    [names.ends, device.expires && dateText(device.expires)],
    [names.old, device.oldUntil === null ? null : names.oldUntil(minuteText(device.oldUntil, now))],
  ]);
}

function renewal(desk: Desk, device: ManagedDevice, back: () => void): HTMLElement {
  const grace = choice(text.renew.graces);
  const renew = (kind: "secret" | "certificate") => () =>
    void desk.attempt(async () => {
      const made = await renewCredential(device.id, kind, grace.value);
      desk.show(credentialPage(desk, made, back));
    });
  const again = () => desk.show(devicePage(desk, device, back));
  const actions = h(
    "div",
    { class: "actions" },
    button(text.renew.secret, {}, renew("secret")),
    button(text.renew.certificate, {}, renew("certificate")),
    button(text.renew.code, {}, () => desk.show(codePage(desk, again, device.id))),
  );
  return h("section", { "aria-label": text.renew.heading }, h("h3", {}, text.renew.heading), labelled(text.renew.lead, grace), actions);
}

function revocation(desk: Desk, device: ManagedDevice, back: () => void): HTMLElement {
  const ask = button(text.revoke.open, { class: "danger" }, () => turn(true));
  const yes = button(text.revoke.yes, { class: "danger" }, () =>
    void desk.attempt(async () => {
      await revokeDevice(device.id);
      desk.changed();
      back();
    }),
  );
  const no = button(text.revoke.no, {}, () => turn(false));
  const sure = h("div", { class: "actions", role: "group", hidden: true, "aria-label": text.revoke.heading }, h("p", {}, text.revoke.sure(device.name)), yes, no);
  const turn = (asked: boolean) => {
    ask.hidden = asked;
    sure.hidden = !asked;
    (asked ? no : ask).focus();
  };
  return h("section", { "aria-label": text.revoke.heading }, h("h3", {}, text.revoke.heading), h("p", {}, text.revoke.lead), ask, sure);
}
