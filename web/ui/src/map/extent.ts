import type { Fleet } from "../fleet/fleet";
import { BoundsBuilder, type Bounds } from "../geo/bounds";
import type { Ground } from "./chart";

/** Around all there is to see: vehicles, fences and the town; null for nothing. */
export function extent(fleet: Fleet, { town }: Ground): Bounds | null {
  const bounds = new BoundsBuilder();
  for (const { place } of fleet.vehicles.values()) if (place) bounds.add(...place);
  for (const { area } of fleet.fences) bounds.addGeometry(area);
  // The town's land and water may run on far beyond its streets.
  for (const { geometry, properties } of town?.features ?? [])
    if (properties?.class !== "land" && properties?.class !== "water") bounds.addGeometry(geometry);
  return bounds.bounds;
}
