import type { Geometry, Position } from "geojson";
import type { Place } from "./distance";

/** West, south, east and north in degrees. */
export type Bounds = readonly [west: number, south: number, east: number, north: number];

/** The smallest bounds around some places; null for none. */
export class BoundsBuilder {
  #west = Infinity;
  #south = Infinity;
  #east = -Infinity;
  #north = -Infinity;

  add(lon: number, lat: number): void {
    this.#west = Math.min(this.#west, lon);
    this.#south = Math.min(this.#south, lat);
    this.#east = Math.max(this.#east, lon);
    this.#north = Math.max(this.#north, lat);
  }

  addGeometry(geometry: Geometry): void {
    if (geometry.type === "GeometryCollection") geometry.geometries.forEach((part) => this.addGeometry(part));
    else this.#addNested(geometry.coordinates);
  }

  #addNested(coordinates: Position | Position[] | Position[][] | Position[][][]): void {
    const [first, second] = coordinates;
    if (typeof first === "number" && typeof second === "number") this.add(first, second);
    else for (const inner of coordinates) if (typeof inner !== "number") this.#addNested(inner);
  }

  get bounds(): Bounds | null {
    return this.#west <= this.#east ? [this.#west, this.#south, this.#east, this.#north] : null;
  }
}

/** Bounds made larger on each side by a share of their own size. */
export function padded([west, south, east, north]: Bounds, share: number): Bounds {
  const [dx, dy] = [(east - west) * share, (north - south) * share];
  return [west - dx, south - dy, east + dx, north + dy];
}

export function holds([west, south, east, north]: Bounds, [lon, lat]: Place): boolean {
  return lon >= west && lon <= east && lat >= south && lat <= north;
}
