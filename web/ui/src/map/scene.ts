/** What the overlays show, as GeoJSON that either map draws. */
import type { Feature, FeatureCollection, Geometry } from "geojson";
import type { Fence, FleetEvent } from "../api/types";
import type { Vehicle } from "../fleet/vehicle";
import { BoundsBuilder } from "../geo/bounds";
import { circlePolygon } from "../geo/circle";
import { distance, nearLongitude, type Place } from "../geo/distance";
import type { Shown } from "../geo/glide";
import { labelPlace } from "../geo/label";
import { text } from "../text";
import { minuteText } from "../view/format";

/** A vehicle and where the picture has it at this moment. */
export interface Cast {
  vehicle: Vehicle;
  shown: Shown;
  selected: boolean;
}

function collection(features: Feature[]): FeatureCollection {
  return { type: "FeatureCollection", features };
}

function feature(geometry: Geometry, properties: Record<string, string | number | boolean>): Feature {
  return { type: "Feature", geometry, properties };
}

function point(place: Place, properties: Record<string, string | number | boolean>): Feature {
  return feature({ type: "Point", coordinates: [...place] }, properties);
}

/** A line whose longitudes run on across the antimeridian. */
function line(places: readonly Place[], properties: Record<string, string | number | boolean>): Feature {
  let reference = places[0]?.[0] ?? 0;
  const coordinates = places.map(([lon, lat]) => [(reference = nearLongitude(lon, reference)), lat]);
  return feature({ type: "LineString", coordinates }, properties);
}

export const nothing = collection([]);

/** now is the server's time in milliseconds since 1970. */
export function vans(cast: readonly Cast[], now: number): FeatureCollection {
  return collection(
    cast.map(({ vehicle, shown, selected }) => {
      const activity = vehicle.activity(now);
      const known = activity === "moving" && shown.heading !== null;
      const sign = activity === "moving" && !known ? "moving-anywhere" : activity;
      const heading = known ? (shown.heading ?? 0) : 0;
      return point(shown.place, { device: vehicle.id, name: nameOf(vehicle, now), sign, heading, selected });
    }),
  );
}

/** The name; of a silent vehicle also since when, on a second line. */
function nameOf(vehicle: Vehicle, now: number): string {
  const since = vehicle.silentSince(now);
  return since === null ? vehicle.name : text.vehicles.labelSilent(vehicle.name, minuteText(since, now));
}

/** The trails up to a time; what is newer belongs to the heads. */
export function trails(cast: readonly Cast[], now: number, until: number): FeatureCollection {
  return collection(
    cast.flatMap(({ vehicle, selected }) =>
      vehicle.trail.parts(now, until).map(({ shade, line: places }) => line(places, { shade, selected })),
    ),
  );
}

/** The fresh ends of the trails, from a time to where the vehicles are shown. */
export function heads(cast: readonly Cast[], from: number): FeatureCollection {
  return collection(
    cast.flatMap(({ vehicle, shown, selected }) => {
      const passed = vehicle.trail.head(from);
      if (isPlaceOf(vehicle, passed.at(-1))) passed.pop();
      return passed.length > 0 ? [line([...passed, shown.place], { shade: 0, selected })] : [];
    }),
  );
}

/** Whether a place is the one last reported, which the picture may not have reached yet. */
function isPlaceOf({ place }: Vehicle, at: Place | undefined): boolean {
  return place !== null && at !== undefined && place[0] === at[0] && place[1] === at[1];
}

export function fences(all: readonly Fence[]): FeatureCollection {
  return collection(all.map(({ area, name }) => feature(area, { name })));
}

/** Names, each with the zoom from which its fence is large enough to bear it. */
export function fenceNames(all: readonly Fence[]): FeatureCollection {
  return collection(all.map(({ area, name }) => point(labelPlace(area), { name, from: nameZoom(area) })));
}

/** Pixels a fence must measure to bear its name, and metres in a pixel of MapLibre's at zoom 0 on the equator. */
const namePixels = 36;
const pixelMetres = (2 * Math.PI * 6_378_137) / 512;

function nameZoom(area: Fence["area"]): number {
  const builder = new BoundsBuilder();
  builder.addGeometry(area);
  const [west, south, east, north] = builder.bounds ?? [0, 0, 0, 0];
  const size = Math.max(1, distance([west, south], [west, north]), distance([west, south], [east, south]));
  return Math.log2((namePixels * pixelMetres * Math.cos((south * Math.PI) / 180)) / size);
}

/** The circle that holds the vehicle's true place with 68 % probability. */
export function accuracy({ vehicle, shown }: Cast): FeatureCollection {
  const radius = vehicle.position?.accuracy ?? null;
  return radius === null ? nothing : collection([feature(circlePolygon(...shown.place, radius), {})]);
}

/** Marks where a selected event happened. */
export function spot({ lon, lat }: FleetEvent): FeatureCollection {
  return lon === null || lat === null ? nothing : collection([point([lon, lat], {})]);
}
