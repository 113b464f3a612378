/** Every word the console says about alerts. */
import type { AlertFilter } from "./fleet/alerts";

const plural = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

export const alertText = {
  heading: "Alerts",
  show: "Show alerts",
  filters: { open: "Open", acknowledged: "Acknowledged", all: "All" } satisfies Record<AlertFilter, string>,
  none: {
    open: "No open alerts. What needs somebody appears here.",
    acknowledged: "Nobody has taken up an alert that still stands.",
    all: "No alerts yet.",
  } satisfies Record<AlertFilter, string>,
  loading: "Loading the alerts…",
  failed: "The alerts could not be loaded.",
  retry: "Try again",
  older: "Show older alerts",
  row: (what: string) => `${what} Show it on the map.`,
  nowhere: "It has no place on the map.",
  in: (vehicle: string) => `in ${vehicle}`,

  acknowledge: "Acknowledge",
  resolve: "Resolve",
  note: { acknowledge: "Note, such as who does what", resolve: "Note, such as how it ended" },
  cancel: "Cancel",
  about: (action: string, what: string) => `${action}: ${what}`,

  yours: "You have it",
  has: (who: string) => `${who} has it`,
  resolvedByYou: "Resolved by you",
  resolved: (who: string) => `Resolved by ${who}`,
  itself: "Resolved by itself",
  /** Sessions of nobody in particular. */
  roles: { admin: "an admin", dispatcher: "a dispatcher" } as Record<string, string>,
  with: (who: string, note: string) => (note ? `${who}: ${note}` : who),

  /** What the server notes where nobody did. */
  notes: { "ended by itself": "" } as Record<string, string>,

  done: { acknowledge: "Acknowledged.", resolve: "Resolved." },
  stale: "It was changed meanwhile. Look at it again, then decide.",
  lost: "The server did not answer. Nothing is lost: try again.",
  gone: "It was dealt with meanwhile.",

  changed: (what: string, who: string) => `${what} ${who}.`,
  many: (count: number) => `${plural(count, "alert", "alerts")} changed.`,
  open: (count: string) => `${count} open`,
  countOpen: (count: number, more: boolean) => (more ? `${count}+` : String(count)),
};
