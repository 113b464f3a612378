import type { MultiPolygon, Polygon, Position } from "geojson";

type Ring = Position[];

/** Scan lines tried where the centroid lies outside. */
const scans = 15;

/**
 * Where to write a polygon's name: the centroid of its largest part if that
 * lies inside, else the middle of the widest stretch that a set of horizontal
 * lines finds inside.
 */
export function labelPlace(area: Polygon | MultiPolygon): [number, number] {
  const polygons = area.type === "Polygon" ? [area.coordinates] : area.coordinates;
  const largest = polygons.reduce<Ring[]>((best, rings) => (size(rings) > size(best) ? rings : best), []);
  const outer = largest[0] ?? [];
  const centre = centroid(outer);
  return inside(largest, centre) ? centre : (widest(largest) ?? centre);
}

function size(rings: Ring[]): number {
  return Math.abs(signedArea(rings[0] ?? []));
}

function* edges(ring: Ring): Generator<[x1: number, y1: number, x2: number, y2: number]> {
  for (let i = 1; i < ring.length; i++) {
    const [x1 = 0, y1 = 0] = ring[i - 1] ?? [];
    const [x2 = 0, y2 = 0] = ring[i] ?? [];
    yield [x1, y1, x2, y2];
  }
}

function signedArea(ring: Ring): number {
  const [ox = 0, oy = 0] = ring[0] ?? [];
  let sum = 0;
  for (const [x1, y1, x2, y2] of edges(ring)) sum += (x1 - ox) * (y2 - oy) - (x2 - ox) * (y1 - oy);
  return sum / 2;
}

function centroid(ring: Ring): [number, number] {
  const [ox = 0, oy = 0] = ring[0] ?? [];
  const area = signedArea(ring);
  if (area === 0) return [ox, oy];
  let [x, y] = [0, 0];
  for (const [x1, y1, x2, y2] of edges(ring)) {
    const cross = (x1 - ox) * (y2 - oy) - (x2 - ox) * (y1 - oy);
    x += (x1 + x2 - 2 * ox) * cross;
    y += (y1 + y2 - 2 * oy) * cross;
  }
  return [ox + x / (6 * area), oy + y / (6 * area)];
}

function inside(rings: Ring[], [x, y]: [number, number]): boolean {
  return crossings(rings, y).filter((at) => at > x).length % 2 === 1;
}

/** Where the horizontal line at y crosses the rings, from west to east. */
function crossings(rings: Ring[], y: number): number[] {
  const found: number[] = [];
  for (const ring of rings)
    for (const [x1, y1, x2, y2] of edges(ring)) if (y1 > y !== y2 > y) found.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1));
  return found.sort((a, b) => a - b);
}

function widest(rings: Ring[]): [number, number] | null {
  const ys = (rings[0] ?? []).map(([, y = 0]) => y);
  const low = ys.reduce((a, b) => Math.min(a, b), Infinity);
  const high = ys.reduce((a, b) => Math.max(a, b), -Infinity);
  let best: { width: number; at: [number, number] } | null = null;
  for (let scan = 1; scan <= scans; scan++) {
    const y = low + ((high - low) * scan) / (scans + 1);
    const across = crossings(rings, y);
    for (let i = 1; i < across.length; i += 2) {
      const [west = 0, east = 0] = [across[i - 1], across[i]];
      if (!best || east - west > best.width) best = { width: east - west, at: [(west + east) / 2, y] };
    }
  }
  return best?.at ?? null;
}
