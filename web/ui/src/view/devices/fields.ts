/** Parts of forms. */
import { h } from "../dom";

let count = 0;

/** A field with its label, and a hint below it if there is one. */
export function labelled<E extends HTMLElement>(label: string, field: E, hint = ""): HTMLElement {
  const id = `field-${++count}`;
  field.id = id;
  if (hint) field.setAttribute("aria-describedby", `${id}-hint`);
  return h("div", { class: "field" }, h("label", { for: id }, label), field, hint ? h("p", { class: "hint", id: `${id}-hint` }, hint) : null);
}

/** A choice of one among words by their values; the first one is chosen. */
export function choice(words: Record<string, string>): HTMLSelectElement {
  return h("select", {}, ...Object.entries(words).map(([value, word]) => h("option", { value }, word)));
}

/** A form that cannot be sent twice at a time. */
export function form(submit: string, send: () => Promise<void>, ...parts: HTMLElement[]): HTMLFormElement {
  const press = h("button", { type: "submit", class: "primary" }, submit);
  const element = h("form", {}, ...parts, press);
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    press.disabled = true;
    void send().finally(() => (press.disabled = false));
  });
  return element;
}

/** Names and values; those without a value are left out. */
export function facts(pairs: [string, string | 0 | null][]): HTMLElement[] {
  return pairs.flatMap(([name, value]) => (value ? [h("dt", {}, name), h("dd", {}, value)] : []));
}

/** A link that saves text in a file. */
export function download(label: string, name: string, type: string, content: string): HTMLElement {
  return h("a", { class: "button", href: `data:${type};charset=utf-8,${encodeURIComponent(content)}`, download: name }, label);
}
