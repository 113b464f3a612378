import { loopback, type Credential, type SetupForm } from "../../api/enrol";
import { deviceText as text } from "../../devicetext";
import { commandBlock } from "../command";
import { button, h, setAttributes } from "../dom";
import type { Desk, Page } from "./desk";
import { download, facts } from "./fields";

const words = text.credential;

/** A credential that was just made: this page is the only one to see it. */
export function credentialPage(_desk: Desk, made: Credential, back: () => void): Page {
  const where = [...facts([[words.mqtt, made.mqtt], [words.http, made.http], [words.id, made.id]])];
  const secret = made.secret ? [h("dt", {}, words.secret), h("dd", { "data-testid": "secret" }, commandBlock(made.secret))] : [];
  const body = [
    h("p", { class: "once" }, words.once),
    loopback(made.http) ? h("p", { class: "once" }, words.loopback) : null,
    made.certificate && made.mqtt.startsWith("mqtt:") ? h("p", { class: "once" }, words.noTLS) : null,
    made.certificate ? certificateFiles(made) : setup(made),
    h("dl", {}, ...where, ...secret),
    button(words.done, { class: "primary" }, back),
  ];
  return { heading: words.heading(made.id), body, back };
}

function certificateFiles({ id, certificate, native }: Credential): HTMLElement {
  const name = fileName(id);
  const pem = (label: string, suffix: string, content: string) => (content ? download(label, `${name}${suffix}.pem`, "application/x-pem-file", content) : null);
  return h(
    "div",
    { class: "actions" },
    pem(words.certificate, "", certificate?.certificate ?? ""),
    pem(words.key, "-key", certificate?.key ?? ""),
    pem(words.authority, "-authority", certificate?.authority ?? ""),
    native && download(words.file, `${name}.json`, "application/json", pretty(native.file)),
  );
}

/** The forms that the settings come in, one of them open. */
function setup(made: Credential): HTMLElement {
  const forms: [string, SetupForm | null, string][] = [
    [words.forms.mqtt, made.ownTracksMQTT, ".otrc"],
    [words.forms.http, made.ownTracksHTTP, ".otrc"],
    [words.forms.native, made.native, ".json"],
  ];
  const panels = forms.flatMap(([label, form, suffix]) => (form ? [{ label, panel: formPanel(made.id, form, suffix) }] : []));
  const choose = (chosen: string) => {
    for (const { label, panel } of panels) panel.hidden = label !== chosen;
    buttons.forEach((each, i) => setAttributes(each, { "aria-pressed": String(panels[i]?.label === chosen) }));
  };
  const buttons = panels.map(({ label }) => button(label, { class: "count" }, () => choose(label)));
  choose(panels[0]?.label ?? "");
  const tabs = panels.length > 1 ? h("div", { class: "choices", role: "group", "aria-label": text.add.how }, ...buttons) : null;
  return h("div", { class: "setup" }, tabs, ...panels.map(({ panel }) => panel));
}

function formPanel(id: string, form: SetupForm, suffix: string): HTMLElement {
  const ownTracks = suffix === ".otrc";
  return h(
    "div",
    { class: "form" },
    h("p", {}, ownTracks ? words.scan : words.scanNative),
    form.qr && h("img", { src: form.qr, alt: words.qr, "data-testid": "qr" }),
    h(
      "div",
      { class: "actions" },
      ownTracks && form.link ? h("a", { class: "button", href: form.link }, words.link) : null,
      download(words.file, fileName(id) + suffix, "application/json", pretty(form.file)),
    ),
  );
}

function fileName(id: string): string {
  return id.replaceAll(":", "-");
}

function pretty(file: unknown): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}
