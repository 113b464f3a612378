/** Mean radius of the Earth in metres (IUGG R1). */
export const earthRadius = 6_371_008.8;

/** A place: longitude and latitude in degrees. */
export type Place = readonly [lon: number, lat: number];

/** The great-circle distance in metres (haversine). */
export function distance(a: Place, b: Place): number {
  const rad = Math.PI / 180;
  const dLat = ((b[1] - a[1]) * rad) / 2;
  const dLon = ((b[0] - a[0]) * rad) / 2;
  const h = Math.sin(dLat) ** 2 + Math.cos(a[1] * rad) * Math.cos(b[1] * rad) * Math.sin(dLon) ** 2;
  return 2 * earthRadius * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** The initial bearing of the great circle from a to b, in degrees from 0 to 360. */
export function bearing(a: Place, b: Place): number {
  const rad = Math.PI / 180;
  const dLon = (b[0] - a[0]) * rad;
  const east = Math.sin(dLon) * Math.cos(b[1] * rad);
  const north = Math.cos(a[1] * rad) * Math.sin(b[1] * rad) - Math.sin(a[1] * rad) * Math.cos(b[1] * rad) * Math.cos(dLon);
  return (Math.atan2(east, north) / rad + 360) % 360;
}

/** How far in metres a place is from the line between two others, all near each other. */
export function distanceFromLine(place: Place, from: Place, to: Place): number {
  const scale = (earthRadius * Math.PI) / 180;
  const flat = ([lon, lat]: Place): [number, number] => [
    (nearLongitude(lon, from[0]) - from[0]) * scale * Math.cos((from[1] * Math.PI) / 180),
    (lat - from[1]) * scale,
  ];
  const [px, py] = flat(place);
  const [tx, ty] = flat(to);
  const length = tx * tx + ty * ty;
  const along = length === 0 ? 0 : Math.max(0, Math.min(1, (px * tx + py * ty) / length));
  return Math.hypot(px - along * tx, py - along * ty);
}

/** The longitude nearest to reference that names the meridian of lon. */
export function nearLongitude(lon: number, reference: number): number {
  return lon - 360 * Math.round((lon - reference) / 360);
}
