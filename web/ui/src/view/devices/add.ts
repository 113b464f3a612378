import { addDevice, makeEnrolCode } from "../../api/enrol";
import { deviceText as text } from "../../devicetext";
import { h } from "../dom";
import { madeCodePage } from "./codes";
import { credentialPage } from "./credential";
import type { Desk, Page } from "./desk";
import { choice, form, labelled } from "./fields";

/** The form for another device. */
export function addPage(desk: Desk, back: () => void): Page {
  const words = text.add;
  const plain = { autocomplete: "off", autocapitalize: "none", spellcheck: "false" };
  const id = h("input", { ...plain, required: true, maxlength: 129, pattern: "[A-Za-z0-9_.\\-]{1,64}(:[A-Za-z0-9_.\\-]{1,64})?" });
  const name = h("input", { autocomplete: "off", maxlength: 200 });
  const kind = choice(words.kinds);
  const how = choice(words.ways);
  const send = () =>
    desk.attempt(async () => {
      const device = { id: id.value.trim(), name: name.value.trim(), kind: kind.value };
      if (how.value === "code") {
        const made = await makeEnrolCode({ device: device.id, name: device.name, kind: device.kind, valid: "1h" });
        return desk.show(madeCodePage(made, back));
      }
      const made = await addDevice({ ...device, credential: how.value });
      desk.changed();
      desk.show(credentialPage(desk, made, back));
    });
  const fields = [labelled(words.id, id, words.idHint), labelled(words.name, name), labelled(words.kind, kind), labelled(words.how, how)];
  return { heading: words.open, body: [form(words.submit, send, ...fields)], back };
}
