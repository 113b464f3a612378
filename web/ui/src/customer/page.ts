/** What the page says, brought up to date by name of place. */
import type { Moment, News } from "./news";

/** Shows news on a page that the server wrote; returns whether anything was said anew. */
export function show(news: News): void {
  for (const place of document.querySelectorAll<HTMLElement>("[data-text]")) {
    const name = place.dataset.text ?? "";
    say(place, news.text[name] ?? "");
  }
  document.title = news.text.headline ?? document.title;
  tell(news.history);
}

/** Text that has not changed is left alone: a screen reader would say it again. */
function say(place: HTMLElement, words: string): void {
  if (place.textContent === words) return;
  place.textContent = words;
  for (const part of hidden(place)) part.hidden = words === "";
}

/** What is hidden together with a place: itself, the line or card around it, its label. */
function hidden(place: HTMLElement): HTMLElement[] {
  const around = place.closest<HTMLElement>(".card") ?? place.closest<HTMLElement>("p, dd") ?? place;
  const label = around.previousElementSibling;
  if (around.tagName === "DD" && label instanceof HTMLElement) return [around, label];
  return place.dataset.text === "distance" ? [] : [around];
}

function tell(history: readonly Moment[]): void {
  const list = document.getElementById("history");
  if (!list) return;
  const lines = history.map(({ time, text }) => {
    const line = document.createElement("li");
    const words = document.createElement("span");
    words.textContent = text;
    const at = document.createElement("time");
    at.textContent = time;
    line.append(words, at);
    return line;
  });
  if (lines.map((line) => line.textContent).join("\n") === [...list.children].map((line) => line.textContent).join("\n")) return;
  list.replaceChildren(...lines);
}
