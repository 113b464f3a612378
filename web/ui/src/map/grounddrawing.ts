/** The land and the town on a canvas. */
import type { Feature } from "geojson";
import type { Ground } from "./chart";
import { isArea, Names, trace, type Drawing } from "./drawing";
import type { Palette } from "./palette";

/** Names, buildings and paths come into view at these zooms. */
const nameZoom = 13;
const buildingZoom = 14;
const pathZoom = 14;

export function drawGround(drawing: Drawing, { land, town }: Ground, palette: Palette): void {
  const features = town?.features ?? [];
  for (const feature of land?.features ?? []) fill(drawing, [feature], palette.land);
  drawAreas(drawing, features, palette);
  drawStreets(drawing, features, palette);
  if (drawing.zoom >= nameZoom) drawNames(drawing, ofClass(features, "label"), palette);
}

function ofClass(features: readonly Feature[], name: string): Feature[] {
  return features.filter((feature) => feature.properties?.class === name);
}

function drawAreas(drawing: Drawing, features: readonly Feature[], palette: Palette): void {
  for (const name of ["land", "park", "block", "water"] as const) {
    const all = ofClass(features, name);
    fill(drawing, all.filter((feature) => isArea(feature.geometry)), palette[name]);
    stroke(drawing, all.filter((feature) => !isArea(feature.geometry)), palette[name], streetWidth(drawing, 8));
  }
  if (drawing.zoom >= buildingZoom) fill(drawing, ofClass(features, "building"), palette.building);
}

function drawStreets(drawing: Drawing, features: readonly Feature[], palette: Palette): void {
  const [minor, major] = [ofClass(features, "street_minor"), ofClass(features, "street_major")];
  if (drawing.zoom >= pathZoom) stroke(drawing, ofClass(features, "path"), palette.path, streetWidth(drawing, 2));
  stroke(drawing, minor, palette.roadEdge, streetWidth(drawing, 10));
  stroke(drawing, major, palette.mainRoadEdge, streetWidth(drawing, 16));
  stroke(drawing, minor, palette.road, streetWidth(drawing, 7.5));
  stroke(drawing, major, palette.mainRoad, streetWidth(drawing, 13));
}

/** Doubles with each zoom level; width is that at zoom 16. */
function streetWidth({ zoom }: Drawing, width: number): number {
  return Math.max(width / 16, width * 2 ** (zoom - 16));
}

function fill(drawing: Drawing, features: readonly Feature[], color: string): void {
  const { pen } = drawing;
  pen.fillStyle = color;
  for (const { geometry } of features) {
    pen.beginPath();
    trace(drawing, geometry);
    pen.fill("evenodd");
  }
}

function stroke(drawing: Drawing, features: readonly Feature[], color: string, width: number): void {
  const { pen } = drawing;
  pen.beginPath();
  for (const { geometry } of features) trace(drawing, geometry);
  pen.lineCap = pen.lineJoin = "round";
  pen.strokeStyle = color;
  pen.lineWidth = width;
  pen.stroke();
}

function drawNames(drawing: Drawing, features: readonly Feature[], palette: Palette): void {
  const names = new Names(drawing, palette.halo);
  for (const { geometry, properties } of features) {
    const name: unknown = properties?.name;
    if (geometry.type !== "Point" || typeof name !== "string") continue;
    const [lon = 0, lat = 0] = geometry.coordinates;
    names.write(drawing.project(lon, lat), name, palette.text, 13);
  }
}
