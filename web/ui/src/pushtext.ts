/** Every word the page says about push messages. */
import type { PushState } from "./push/switch";

export const pushText = {
  open: "Notify me in this browser",
  on: "Notifications on",
  heading: "Notify me in this browser",
  lead: "Alerts appear as notifications of this computer, even while the console is closed.",
  leadDriver: "You are told when your round changes, a delivery on it is cancelled, or a customer gets a new code.",
  turnOn: "Turn on notifications",
  turnOff: "Turn off",
  again: "Try again",
  whose: "What to be told of",
  whoseHint: "People and what each hears of are in the notification settings.",
  mine: "All alerts",
  as: (name: string) => `What ${name} hears of`,
  onlyHere: "Signing out turns them off in this browser.",
  mailbox: "Open the mailbox",
  states: {
    checking: ["Checking…", ""],
    off: ["Off", "The browser will ask you for permission."],
    on: ["On", "This browser shows them until you turn them off."],
    blocked: ["Blocked by this browser", "Allow notifications for this site: the sign left of the address opens its settings. Then try again."],
    insecure: [
      "Not possible without HTTPS",
      "Browsers show notifications only of sites with HTTPS. Open the console by its https address, or give the server a certificate.",
    ],
    unsupported: [
      "Not possible in this browser",
      "It knows no push messages. On an iPhone or iPad, add the console to the home screen and open it from there.",
    ],
    unsent: [
      "Not set up on this server",
      "Its messages do not leave it: it needs HTTPS with its own public address, or an account for email or SMS. Until then they are in its mailbox.",
    ],
    failed: ["That did not work", "The browser could not reach its push service. A firewall or the browser's settings may keep it from that."],
  } satisfies Record<PushState, [state: string, hint: string]>,
};
