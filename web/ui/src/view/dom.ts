/** Small tools for building the page; text only ever enters it as text. */

type Attributes = Record<string, string | number | boolean | null | undefined>;
type Child = Node | string | null;

/** An element with attributes (true is an empty one, false and null are none) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) element.removeAttribute(name);
    else setAttribute(element, name, value === true ? "" : String(value));
  }
}

/** Sets an attribute only where that changes it: thousands are set each second. */
function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

export function setText(element: Element, value: string): void {
  if (element.textContent !== value) element.textContent = value;
}

export function button(label: string, attributes: Attributes, press: () => void, ...children: Child[]): HTMLButtonElement {
  const element = h("button", { type: "button", ...attributes }, ...(children.length ? children : [label]));
  if (children.length) element.setAttribute("aria-label", label);
  element.addEventListener("click", press);
  return element;
}

const lessMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** Whether the user asked for less motion. */
export function calm(): boolean {
  return lessMotion.matches;
}

/**
 * Gathers calls into one per frame; while the page is hidden, where frames
 * stop, into four per second.
 */
export function perFrame(work: () => void): () => void {
  let waiting = false;
  const run = () => {
    waiting = false;
    work();
  };
  return () => {
    if (waiting) return;
    waiting = true;
    if (document.hidden) setTimeout(run, 250);
    else requestAnimationFrame(run);
  };
}
