import type { Polygon } from "geojson";
import { earthRadius } from "./distance";

const corners = 64;

/** The circle of radius metres around a place, as a polygon on the sphere. */
export function circlePolygon(lon: number, lat: number, radius: number): Polygon {
  const ring = Array.from({ length: corners }, (_, corner) => destination(lon, lat, radius, (-360 * corner) / corners));
  return { type: "Polygon", coordinates: [[...ring, ring[0] ?? [lon, lat]]] };
}

/**
 * The place that lies a distance in metres away on a bearing in degrees, by the
 * direct formula of the great circle.
 */
export function destination(lon: number, lat: number, distance: number, bearing: number): [number, number] {
  const [phi, theta, delta] = [radians(lat), radians(bearing), distance / earthRadius];
  const sine = Math.sin(phi) * Math.cos(delta) + Math.cos(phi) * Math.sin(delta) * Math.cos(theta);
  const east = Math.sin(theta) * Math.sin(delta) * Math.cos(phi);
  const north = Math.cos(delta) - Math.sin(phi) * sine;
  return [lon + degrees(Math.atan2(east, north)), degrees(Math.asin(sine))];
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

function degrees(radians: number): number {
  return (radians * 180) / Math.PI;
}
