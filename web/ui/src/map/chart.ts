import type { FeatureCollection } from "geojson";
import type { Config, Town } from "../api/types";
import type { Bounds } from "../geo/bounds";
import type { Place } from "../geo/distance";
import type { Palette } from "./palette";

/** What moves or changes on the map, from the bottom up. */
export const overlays = ["fences", "accuracy", "trails", "heads", "fence-names", "spot", "vans"] as const;
export type Overlay = (typeof overlays)[number];

/** A map that shows overlays over a ground: MapLibre, or Leaflet where there is no WebGL 2. */
export interface Chart {
  readonly kind: "maplibre" | "leaflet";
  /** Replaces what an overlay shows; settles once it is taken. */
  paint(overlay: Overlay, data: FeatureCollection): Promise<void>;
  /** Settles when what was painted can be seen. */
  drawn(): Promise<void>;
  /** Moves so that a place is in the middle, in milliseconds; zooms in to at least zoom. */
  goTo(place: Place, duration: number, zoom?: number): void;
  fit(bounds: Bounds, duration: number): void;
  zoomBy(steps: number): void;
  bounds(): Bounds;
  middle(): Place;
  recolour(palette: Palette): void;
  remove(): void;
}

/** What a person does on the map. */
export interface ChartEvents {
  /** Clicked a vehicle. */
  pick(device: string): void;
  /** Took the map in hand. */
  grab(): void;
  /** The view came to rest somewhere else. */
  rest(): void;
}

/** What the ground is made of. */
export interface Ground {
  config: Config;
  /** The outline of land; null where tiles make it needless or it could not be had. */
  land: FeatureCollection | null;
  town: Town | null;
}

/** Opens a map that looks at view, else at the whole world; settles after its first picture. */
export type CreateChart = (
  container: HTMLElement,
  ground: Ground,
  palette: Palette,
  events: ChartEvents,
  view: Bounds | null,
) => Promise<Chart>;
