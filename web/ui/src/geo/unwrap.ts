import type { MultiPolygon, Polygon, Position } from "geojson";
import { nearLongitude } from "./distance";

/**
 * An area whose rings run on across the antimeridian, to longitudes beyond 180
 * where need be, and whose parts lie together: as a map draws it.
 */
export function unwrapped(area: Polygon | MultiPolygon): Polygon | MultiPolygon {
  const reference: Reference = { lon: null };
  if (area.type === "Polygon") return { ...area, coordinates: unwrapPolygon(area.coordinates, reference) };
  return { ...area, coordinates: area.coordinates.map((polygon) => unwrapPolygon(polygon, reference)) };
}

/** Where the first ring of an area begins; null before it. */
interface Reference {
  lon: number | null;
}

function unwrapPolygon(polygon: Position[][], reference: Reference): Position[][] {
  return polygon.map((ring) => {
    let last = reference.lon;
    return ring.map(([lon = 0, ...rest]) => {
      last = last === null ? lon : nearLongitude(lon, last);
      reference.lon ??= last;
      return [last, ...rest];
    });
  });
}
