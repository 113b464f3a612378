import { enrolCodes, loopback, makeEnrolCode, revokeEnrolCode, type CodeRequest, type EnrolCode, type NewEnrolCode } from "../../api/enrol";
import { deviceText as text } from "../../devicetext";
import { commandBlock } from "../command";
import { button, h } from "../dom";
import { minuteText } from "../format";
import type { Desk, Page } from "./desk";
import { choice, form, labelled } from "./fields";

const words = text.codes;

/** The open codes. */
export function codesPage(desk: Desk, back: () => void): Page {
  const again = () => desk.show(codesPage(desk, back));
  const list = h("ul", { class: "codes" });
  const none = h("p", { class: "empty", hidden: true }, words.none);
  const refresh = async () => {
    const codes = await enrolCodes();
    list.replaceChildren(...codes.map((code) => row(desk, code, again)));
    none.hidden = codes.length > 0;
  };
  const make = button(words.make, { class: "primary" }, () => desk.show(codePage(desk, again)));
  return { heading: words.heading, body: [h("p", {}, words.lead), h("div", { class: "actions" }, make), list, none], back, refresh };
}

function row(desk: Desk, code: EnrolCode, again: () => void): HTMLElement {
  const whom = code.device ? words.forDevice(code.device) : words.forPrefix(code.prefix, code.uses);
  const until = code.expires === null ? "" : words.until(minuteText(code.expires, desk.now()));
  const revoke = button(words.revoke, { class: "danger", "aria-label": `${words.revoke}: ${whom}` }, () =>
    void desk.attempt(async () => {
      await revokeEnrolCode(code.id);
      again();
    }),
  );
  return h("li", {}, h("span", { class: "main" }, h("span", { class: "name" }, whom), h("span", { class: "line" }, until)), revoke);
}

/** The form for a code, for a device if one is given. */
export function codePage(desk: Desk, back: () => void, device = ""): Page {
  const plain = { autocomplete: "off", autocapitalize: "none", spellcheck: "false" };
  const whom = choice({ one: words.one, many: words.many });
  const id = h("input", { ...plain, maxlength: 129, value: device });
  const prefix = h("input", { ...plain, maxlength: 97 });
  const uses = h("input", { type: "number", min: 1, max: 1000, value: 1 });
  const valid = choice(words.spans);
  valid.value = "1h";
  const one = labelled(words.device, id, words.deviceHint);
  const many = h("div", {}, labelled(words.prefix, prefix), labelled(words.uses, uses));
  const turn = () => {
    const single = whom.value === "one";
    [one.hidden, many.hidden, id.required, prefix.required] = [!single, single, single, !single];
  };
  whom.addEventListener("change", turn);
  turn();
  const request = (): CodeRequest =>
    whom.value === "one" ? { device: id.value.trim(), valid: valid.value } : { prefix: prefix.value.trim(), uses: Number(uses.value), valid: valid.value };
  const send = () => desk.attempt(async () => desk.show(madeCodePage(await makeEnrolCode(request()), back)));
  return { heading: words.make, body: [form(words.make, send, labelled(words.whom, whom), one, many, labelled(words.valid, valid))], back };
}

/** A code that was just made: this page is the only one to see it. */
export function madeCodePage(made: NewEnrolCode, back: () => void): Page {
  const page = made.link.slice(0, made.link.lastIndexOf("/"));
  const block = commandBlock(made.code);
  block.classList.add("big");
  const body = [
    h("p", { class: "once" }, words.once),
    loopback(made.link) ? h("p", { class: "once" }, text.credential.loopback) : null,
    h("div", { "data-testid": "enrol-code" }, block),
    h("p", {}, words.type(page)),
    h("img", { src: made.qr, alt: words.qr, "data-testid": "qr" }),
    button(text.credential.done, { class: "primary" }, back),
  ];
  return { heading: words.made, body, back };
}
