/** The map by Leaflet, for browsers without WebGL 2: the same things, drawn on canvases. */
import type { FeatureCollection, Point } from "geojson";
import * as L from "leaflet";
import "leaflet/dist/leaflet.css";
import type { Bounds } from "../geo/bounds";
import type { Place } from "../geo/distance";
import { h } from "../view/dom";
import { text } from "../text";
import { CanvasLayer } from "./canvaslayer";
import { overlays, type Chart, type CreateChart, type Ground, type Overlay } from "./chart";
import { drawFleet, type Scene } from "./fleetdrawing";
import { drawGround } from "./grounddrawing";
import type { Palette } from "./palette";
import { drawSign, vanSigns } from "./vansign";

const groundPane = "ground";

/** How near to a vehicle a click must be, in pixels. */
const reach = 20;

class LeafletChart implements Chart {
  readonly kind = "leaflet";
  readonly #scene: Record<Overlay, FeatureCollection>;
  readonly #fleet: CanvasLayer;
  readonly #ground: CanvasLayer;
  #signs: Map<string, HTMLCanvasElement>;

  constructor(
    private readonly map: L.Map,
    ground: Ground,
    private palette: Palette,
  ) {
    this.#scene = Object.fromEntries(overlays.map((name) => [name, { type: "FeatureCollection", features: [] }])) as unknown as Scene;
    this.#signs = signs(palette);
    this.#ground = new CanvasLayer(groundPane, (drawing) => drawGround(drawing, ground, this.palette)).addTo(map);
    this.#fleet = new CanvasLayer("overlayPane", (drawing) => drawFleet(drawing, this.#scene, this.#signs, this.palette)).addTo(map);
    this.recolour(palette);
  }

  async paint(overlay: Overlay, data: FeatureCollection): Promise<void> {
    this.#scene[overlay] = data;
  }

  async drawn(): Promise<void> {
    this.#fleet.show();
    await new Promise((resolve) => setTimeout(resolve));
  }

  goTo([lon, lat]: Place, duration: number, zoom = 0): void {
    const target = Math.max(Math.floor(zoom), this.map.getZoom());
    this.map.setView([lat, lon], target, { animate: duration > 0, duration: duration / 1000, easeLinearity: 1 });
  }

  fit(bounds: Bounds, duration: number): void {
    fitMap(this.map, bounds, duration > 0);
  }

  zoomBy(steps: number): void {
    this.map.setZoom(this.map.getZoom() + steps);
  }

  bounds(): Bounds {
    const bounds = this.map.getBounds();
    return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
  }

  middle(): Place {
    const { lng, lat } = this.map.getCenter().wrap();
    return [lng, lat];
  }

  recolour(palette: Palette): void {
    this.palette = palette;
    this.#signs = signs(palette);
    this.map.getContainer().style.backgroundColor = palette.water;
    this.#ground.show();
    this.#fleet.show();
  }

  remove(): void {
    this.map.remove();
  }

  /** The vehicle at a point of the map's container, the nearest if there are several. */
  vehicleAt(point: L.Point): string | null {
    let [nearest, found]: [number, string | null] = [reach, null];
    for (const { geometry, properties } of this.#scene.vans.features) {
      const [lon = 0, lat = 0] = (geometry as Point).coordinates;
      const away = this.map.latLngToContainerPoint([lat, lon]).distanceTo(point);
      if (away < nearest) [nearest, found] = [away, String(properties?.device)];
    }
    return found;
  }
}

function fitMap(map: L.Map, [west, south, east, north]: Bounds, animate: boolean): void {
  const corners: L.LatLngBoundsLiteral = [
    [south, west],
    [north, east],
  ];
  map.fitBounds(corners, { padding: [30, 30], maxZoom: 16, animate });
}

function signs(palette: Palette): Map<string, HTMLCanvasElement> {
  return new Map(
    vanSigns.map((sign) => {
      const image = drawSign(sign, palette, 2);
      const canvas = h("canvas", { width: image.width, height: image.height });
      canvas.getContext("2d")?.putImageData(image, 0, 0);
      return [sign, canvas];
    }),
  );
}

export const createLeaflet: CreateChart = async (container, ground, palette, events, view) => {
  // Tiles are sharp at whole zooms only; our own canvas at any.
  const zoomSnap = ground.config.tiles ? 1 : 0.25;
  const map = L.map(container, { zoomControl: false, attributionControl: false, zoomAnimation: false, worldCopyJump: true, zoomSnap });
  map.createPane(groundPane).style.zIndex = "250";
  if (view) fitMap(map, view, false);
  else map.setView([25, 0], 2);
  addTiles(map, ground);
  L.control.scale({ imperial: false, position: "topleft" }).addTo(map);
  container.append(h("p", { class: "map-note" }, [text.map.simple, attribution(ground)].filter(Boolean).join(" ")));
  const chart = new LeafletChart(map, ground, palette);
  map.on("click", (click) => {
    const device = chart.vehicleAt(click.containerPoint);
    if (device !== null) events.pick(device);
  });
  map.on("dragstart", () => events.grab());
  map.on("moveend", () => events.rest());
  return chart;
};

/** Raster tiles only: Leaflet draws no vector tiles, the outline of land stands in for them. */
function addTiles(map: L.Map, { config: { tiles } }: Ground): void {
  if (tiles?.kind === "raster") L.tileLayer(tiles.url, { maxZoom: 19 }).addTo(map);
}

/** The words of the attribution, without any markup it may hold. */
function attribution({ config: { tiles }, land }: Ground): string {
  if (tiles?.kind !== "raster") return land ? text.map.naturalEarth : "";
  return new DOMParser().parseFromString(tiles.attribution, "text/html").body.textContent ?? "";
}
