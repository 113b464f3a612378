/** Every word the console says; those about events are in eventtext.ts. */
import { happened } from "./eventtext";

const plural = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

export const text = {
  product: "Wayguard",
  title: (unread: number) => (unread > 0 ? `(${unread}) Wayguard` : "Wayguard"),
  signOut: "Sign out",
  signOutFailed: "The server did not answer, you are still signed in. Try again.",
  copy: "Copy",
  copied: "Copied",

  connection: {
    connecting: "Connecting…",
    live: "Live",
    reconnecting: (seconds: number) => (seconds > 0 ? `Reconnecting in ${seconds} s` : "Reconnecting…"),
    signedOut: "Signed out",
    retry: "Try now",
    lost: "The connection to the server is lost. What you see is as of the last report; nothing is missed, it catches up.",
  },

  sessionEnds: (time: string) =>
    `Your session ends at ${time}. Have a new sign-in link ready: restart the server, or ask whoever runs it.`,

  vehicles: {
    heading: "Vehicles",
    filter: "Find a vehicle",
    noMatch: "No vehicle matches.",
    showAll: "Show all vehicles",
    total: (count: number) => (count === 1 ? "vehicle" : "vehicles"),
    counts: { moving: "moving", standing: "standing", silent: "silent", waiting: "waiting" },
    activity: { moving: "Moving", standing: "Standing", silent: "Silent", waiting: "No position yet" },
    only: (activity: string) => `Show only ${activity} vehicles`,
    silentSince: (time: string) => `Silent since ${time}`,
    /** Two lines; the second is not to be broken. */
    labelSilent: (name: string, time: string) => `${name}\n${`silent since ${time}`.replaceAll(" ", "\u00a0")}`,
    follow: "Follow",
    stopFollowing: "Stop following",
    following: (name: string) => `Following ${name}`,
    facts: {
      id: "Device",
      kind: "Kind",
      lastReport: "Last report",
      heading: "Heading",
      accuracy: "Accuracy",
      place: "Position",
      battery: "Battery",
    },
    accuracy: (metres: number) => `±${metres} m`,
    battery: (percent: number) => `Battery ${percent} %`,
  },

  events: {
    heading: "Events",
    none: "No events yet. They appear here as vehicles enter and leave fences.",
    late: (age: string) => `known ${age} later`,
    corrected: (was: string) => `corrected, was ${was}`,
    confirmed: "corrected",
    withdrawn: "withdrawn",
    over: (time: string) => `over since ${time}`,
    sentence: (who: string, what: string, where: string, facts: string) => {
      const words = [who, who ? what.charAt(0).toLowerCase() + what.slice(1) : what, where].filter(Boolean).join(" ");
      const told = facts ? `${words}: ${facts}` : words;
      // Names may end in a full stop.
      return told.endsWith(".") ? told : `${told}.`;
    },
    nowCorrected: (sentence: string) => `Corrected: ${sentence}`,
    nowWithdrawn: (sentence: string) => `Withdrawn: ${sentence}`,
    many: (count: number, urgent: number) =>
      `${plural(count, "new event", "new events")}${urgent > 0 ? `, ${plural(urgent, "needs", "need")} action` : ""}.`,
  },

  happened,
  security: "Security notice",

  time: {
    now: "now",
    seconds: (count: number) => `${count} s`,
    minutes: (count: number) => `${count} min`,
    hours: (count: number) => `${count} h`,
    days: (count: number) => `${count} d`,
    ago: (age: string) => `${age} ago`,
  },
  metres: (count: string) => `${count} m`,
  kilometres: (count: string) => `${count} km`,
  share: { some: (percent: number) => `${percent} %`, most: "over 99 %", least: "under 1 %" },
  speed: (kmh: number) => `${kmh} km/h`,
  compass: ["N", "NE", "E", "SE", "S", "SW", "W", "NW"],

  noDevices: {
    heading: "No devices yet",
    lead: "Vehicles appear here once their devices are added and report for the first time.",
  },
  noFences: {
    heading: "No fences yet",
    lead: "A fence tells when vehicles come and go. This makes one of 150 m around the middle of the map:",
  },
  sample: {
    fence: "Depot",
  },

  signedOut: {
    heading: "You are signed out",
    lead: "The session has ended, or this browser never had one. Open a new sign-in link to come back:",
    restart: "Restart the server: it prints a link.",
    command: "Or ask the running server for one, with its admin token in WAYGUARD_ADMIN_TOKEN:",
  },

  guest: {
    heading: (name: string) => (name ? `Hello ${name}` : "You are signed in"),
    lead: "The live map and the alerts are for dispatch. This browser can still tell you what concerns your rounds.",
  },

  map: {
    region: "Map",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    fit: "Show everything",
    none: "The map cannot be shown in this browser. Vehicles and events stay live beside it.",
    loading: "Loading the map…",
    naturalEarth: "Natural Earth",
    simple: "Simple map: this browser offers no WebGL 2.",
    attribution: "Attribution",
  },
  skip: { label: "Skip", toAlerts: "Skip to alerts", toEvents: "Skip to events", toMap: "Skip to the map" },
  sheet: { alerts: "Alerts", vehicles: "Vehicles", events: "Events", label: "Lists" },
} as const;
