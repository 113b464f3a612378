/** The map by MapLibre, which needs WebGL 2. */
import type { FeatureCollection } from "geojson";
import { AttributionControl, Map, ScaleControl, setWorkerUrl, type GeoJSONSource, type MapLayerMouseEvent } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import workerURL from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import type { Bounds } from "../geo/bounds";
import type { Place } from "../geo/distance";
import { text } from "../text";
import type { Chart, ChartEvents, CreateChart, Ground, Overlay } from "./chart";
import { mapLayers, mapStyle } from "./mapstyle";
import type { Palette } from "./palette";
import { drawSign, vanSigns } from "./vansign";

/** Longest wait for a picture, in milliseconds: a map out of sight draws none. */
const patience = 1_000;

/** The signs' resolution: device pixels to one of CSS. */
const ratio = 2;

class MapLibreChart implements Chart {
  readonly kind = "maplibre";
  #removed = false;

  constructor(
    private readonly map: Map,
    private readonly ground: Ground,
    palette: Palette,
  ) {
    for (const sign of vanSigns) map.addImage(`van-${sign}`, drawSign(sign, palette, ratio), { pixelRatio: ratio });
  }

  async paint(overlay: Overlay, data: FeatureCollection): Promise<void> {
    if (this.#removed) return;
    await this.map.getSource<GeoJSONSource>(overlay)?.setData(data);
  }

  async drawn(): Promise<void> {
    if (this.#removed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patience);
      void this.map.once("render", () => {
        clearTimeout(timer);
        resolve();
      });
      this.map.triggerRepaint();
    });
  }

  goTo([lon, lat]: Place, duration: number, zoom = 0): void {
    const target = { center: [lon, lat] as [number, number], zoom: Math.max(zoom, this.map.getZoom()) };
    if (zoom) this.map.flyTo({ ...target, duration, essential: true });
    else this.map.easeTo({ ...target, duration, easing: (part) => part, essential: true });
  }

  fit([west, south, east, north]: Bounds, duration: number): void {
    this.map.fitBounds([west, south, east, north], { ...fitting(this.map.getContainer()), duration });
  }

  zoomBy(steps: number): void {
    this.map.zoomTo(this.map.getZoom() + steps);
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
    for (const sign of vanSigns) this.map.updateImage(`van-${sign}`, drawSign(sign, palette, ratio));
    for (const layer of mapLayers(this.ground, palette))
      for (const [property, value] of Object.entries(layer.paint ?? {}))
        this.map.setPaintProperty(layer.id, property as never, value as never);
  }

  remove(): void {
    this.#removed = true;
    this.map.remove();
  }
}

/** How bounds are fitted: not closer than a street, not up to the edge. */
function fitting({ clientHeight }: HTMLElement): { padding: number; maxZoom: number } {
  return { padding: Math.min(60, clientHeight / 8), maxZoom: 16 };
}

/** Throws where there is no WebGL 2. */
export const createMapLibre: CreateChart = async (container, ground, palette, events, view) => {
  setWorkerUrl(workerURL);
  const start = view
    ? { bounds: [...view] as [number, number, number, number], fitBoundsOptions: fitting(container) }
    : { center: [0, 25] as [number, number], zoom: 1.2 };
  const map = new Map({
    container,
    style: mapStyle(ground, palette),
    ...start,
    attributionControl: false,
    dragRotate: false,
    touchPitch: false,
    rollEnabled: false,
    fadeDuration: 0,
    locale: { "Map.Title": text.map.region, "AttributionControl.ToggleAttribution": text.map.attribution },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  addControls(map, ground);
  await map.once("load");
  listen(map, events);
  return new MapLibreChart(map, ground, palette);
};

function addControls(map: Map, { land }: Ground): void {
  map.addControl(new ScaleControl({ maxWidth: 110 }), "bottom-left");
  map.addControl(new AttributionControl(land ? { customAttribution: text.map.naturalEarth } : {}), "bottom-right");
}

function listen(map: Map, events: ChartEvents): void {
  map.on("click", "vans", (click: MapLayerMouseEvent) => {
    const device: unknown = click.features?.[0]?.properties.device;
    if (typeof device === "string") events.pick(device);
  });
  map.on("mouseenter", "vans", () => (map.getCanvas().style.cursor = "pointer"));
  map.on("mouseleave", "vans", () => (map.getCanvas().style.cursor = ""));
  map.on("dragstart", () => events.grab());
  map.on("moveend", () => events.rest());
}
