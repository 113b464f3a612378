/** The fleet's overlays on a canvas. */
import type { Feature, FeatureCollection, GeoJsonProperties, Point } from "geojson";
import type { Overlay } from "./chart";
import { Names, trace, type Drawing } from "./drawing";
import { shadeOpacity } from "./overlaylayers";
import type { Palette } from "./palette";
import { signSize, type VanSign } from "./vansign";

export type Scene = Readonly<Record<Overlay, FeatureCollection>>;
export type Signs = ReadonlyMap<string, CanvasImageSource>;

export function drawFleet(drawing: Drawing, scene: Scene, signs: Signs, palette: Palette): void {
  areas(drawing, scene.fences, palette.fence, palette.fenceFill, 1.6);
  areas(drawing, scene.accuracy, palette.selected, 0.14, 0);
  lines(drawing, scene.trails, palette);
  lines(drawing, scene.heads, palette);
  for (const feature of scene.spot.features) ring(drawing, feature, palette.fence, 15);
  vans(drawing, scene.vans, signs, palette);
  names(drawing, scene, palette);
}

function areas(drawing: Drawing, { features }: FeatureCollection, color: string, opacity: number, edge: number): void {
  const { pen } = drawing;
  pen.fillStyle = pen.strokeStyle = color;
  pen.lineWidth = edge;
  for (const { geometry } of features) {
    pen.beginPath();
    trace(drawing, geometry);
    pen.globalAlpha = opacity;
    pen.fill("evenodd");
    pen.globalAlpha = 1;
    if (edge > 0) pen.stroke();
  }
}

function lines(drawing: Drawing, { features }: FeatureCollection, palette: Palette): void {
  const { pen } = drawing;
  pen.lineCap = "butt";
  pen.lineJoin = "round";
  for (const { geometry, properties } of features) {
    const selected = properties?.selected === true;
    pen.strokeStyle = selected ? palette.trailSelected : palette.trail;
    pen.lineWidth = selected ? 4.5 : 3;
    pen.globalAlpha = shadeOpacity(Number(properties?.shade ?? 0));
    pen.beginPath();
    trace(drawing, geometry);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

/** The selected vehicle's name comes first, then those of the others, then the fences'. */
function names(drawing: Drawing, scene: Scene, palette: Palette): void {
  const space = new Names(drawing, palette.halo);
  const { vans } = scene;
  for (const feature of [...vans.features.filter(isSelected), ...vans.features.filter((each) => !isSelected(each))]) {
    const [x, y] = at(drawing, feature);
    space.write([x, y + 24], nameOf(feature.properties), palette.vanText, 12.5);
  }
  // Leaflet counts zoom in tiles of half the size.
  const zoom = drawing.zoom - 1;
  for (const feature of scene["fence-names"].features)
    if (zoom >= Number(feature.properties?.from)) space.write(at(drawing, feature), nameOf(feature.properties), palette.fenceText, 12);
}

function isSelected({ properties }: Feature): boolean {
  return properties?.selected === true;
}

function ring(drawing: Drawing, feature: Feature, color: string, radius: number): void {
  const { pen } = drawing;
  const [x, y] = at(drawing, feature);
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fillStyle = pen.strokeStyle = color;
  pen.globalAlpha = 0.16;
  pen.fill();
  pen.globalAlpha = 1;
  pen.lineWidth = 2.5;
  pen.stroke();
}

function vans(drawing: Drawing, { features }: FeatureCollection, signs: Signs, palette: Palette): void {
  for (const feature of features.filter(isSelected)) ring(drawing, feature, palette.selected, 22);
  for (const feature of features) sign(drawing, feature, signs);
}

function sign(drawing: Drawing, feature: Feature, signs: Signs): void {
  const { pen } = drawing;
  const image = signs.get(String(feature.properties?.sign) as VanSign);
  if (!image) return;
  pen.save();
  pen.translate(...at(drawing, feature));
  pen.rotate((Number(feature.properties?.heading ?? 0) * Math.PI) / 180);
  pen.drawImage(image, -signSize / 2, -signSize / 2, signSize, signSize);
  pen.restore();
}

function at({ project }: Drawing, { geometry }: Feature): [number, number] {
  const [lon = 0, lat = 0] = (geometry as Point).coordinates;
  return project(lon, lat);
}

function nameOf(properties: GeoJsonProperties): string {
  return String(properties?.name ?? "");
}
