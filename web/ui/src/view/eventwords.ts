import type { FleetEvent } from "../api/types";
import type { Fleet } from "../fleet/fleet";
import { kindOf } from "../fleet/kinds";
import { text } from "../text";

/** How one sentence tells of an event. */
export function sentence(event: FleetEvent, fleet: Fleet): string {
  const who = event.device === null ? "" : fleet.nameOf(event.device);
  return text.events.sentence(who, kindOf(event.type).words, whereText(event, fleet));
}

/** The fence's name, else the subject as it is. */
export function whereText(event: FleetEvent, fleet: Fleet): string {
  return fleet.fenceName(event.subject) ?? event.subject;
}
