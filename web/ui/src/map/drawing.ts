/** Drawing GeoJSON on a canvas. */
import type { Geometry, Position } from "geojson";
import { canvasFamily } from "./fonts";

/** A canvas and how places fall on it, in CSS pixels. */
export interface Drawing {
  pen: CanvasRenderingContext2D;
  width: number;
  height: number;
  zoom: number;
  project(lon: number, lat: number): [x: number, y: number];
}

/** Adds a geometry's lines and rings to the current path; points add nothing. */
export function trace(drawing: Drawing, geometry: Geometry): void {
  switch (geometry.type) {
    case "Polygon":
      return geometry.coordinates.forEach((ring) => traceLine(drawing, ring, true));
    case "MultiPolygon":
      return geometry.coordinates.flat().forEach((ring) => traceLine(drawing, ring, true));
    case "LineString":
      return traceLine(drawing, geometry.coordinates, false);
    case "MultiLineString":
      return geometry.coordinates.forEach((line) => traceLine(drawing, line, false));
    case "GeometryCollection":
      return geometry.geometries.forEach((part) => trace(drawing, part));
    default:
  }
}

function traceLine({ pen, project }: Drawing, line: Position[], closed: boolean): void {
  line.forEach(([lon = 0, lat = 0], index) => {
    const [x, y] = project(lon, lat);
    if (index === 0) pen.moveTo(x, y);
    else pen.lineTo(x, y);
  });
  if (closed) pen.closePath();
}

export function isArea({ type }: Geometry): boolean {
  return type === "Polygon" || type === "MultiPolygon";
}

/** Where names stand already, so that none is written over another. */
export class Names {
  readonly #taken: (readonly [left: number, top: number, right: number, bottom: number])[] = [];

  constructor(
    private readonly drawing: Drawing,
    private readonly halo: string,
  ) {}

  /** Writes a name of one or more lines, the middle of the first at a point of the canvas, if that is in sight and free. */
  write([x, y]: readonly [number, number], name: string, color: string, size: number): void {
    const { pen, width, height } = this.drawing;
    if (x < 0 || y < 0 || x > width || y > height) return;
    pen.font = `600 ${size}px ${canvasFamily}`;
    const lines = name.split("\n");
    const half = Math.max(...lines.map((line) => pen.measureText(line).width)) / 2;
    const step = size * 1.2;
    if (!this.#claim(x - half, y - size / 2, x + half, y + size / 2 + (lines.length - 1) * step)) return;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.lineWidth = 3.5;
    pen.strokeStyle = this.halo;
    pen.fillStyle = color;
    lines.forEach((line, i) => pen.strokeText(line, x, y + i * step));
    lines.forEach((line, i) => pen.fillText(line, x, y + i * step));
  }

  #claim(left: number, top: number, right: number, bottom: number): boolean {
    const free = this.#taken.every(([l, t, r, b]) => left > r || right < l || top > b || bottom < t);
    if (free) this.#taken.push([left, top, right, bottom]);
    return free;
  }
}
