import * as L from "leaflet";
import type { Drawing } from "./drawing";

/** How far a canvas reaches beyond the view on each side, as a share of the view. */
const margin = 0.25;

/** A Leaflet layer that is one canvas, drawn anew whenever the view rests or show is called. */
export class CanvasLayer extends L.Layer {
  readonly #canvas = L.DomUtil.create("canvas", "leaflet-zoom-hide");

  constructor(
    private readonly paneName: string,
    private readonly draw: (drawing: Drawing) => void,
  ) {
    super();
  }

  override onAdd(map: L.Map): this {
    map.getPane(this.paneName)?.append(this.#canvas);
    map.on("moveend zoomend viewreset resize", this.show, this);
    this.show();
    return this;
  }

  override onRemove(map: L.Map): this {
    map.off("moveend zoomend viewreset resize", this.show, this);
    this.#canvas.remove();
    return this;
  }

  show(): void {
    const map = this._map;
    const pen = this.#canvas.getContext("2d");
    if (!map || !pen) return;
    const view = map.getSize();
    const size = view.multiplyBy(1 + 2 * margin).round();
    const corner = map.containerPointToLayerPoint(view.multiplyBy(-margin)).round();
    L.DomUtil.setPosition(this.#canvas, corner);
    this.#resize(pen, size);
    this.draw({ pen, width: size.x, height: size.y, zoom: map.getZoom(), project: projector(map, corner) });
  }

  #resize(pen: CanvasRenderingContext2D, size: L.Point): void {
    const ratio = devicePixelRatio;
    this.#canvas.width = size.x * ratio;
    this.#canvas.height = size.y * ratio;
    this.#canvas.style.width = `${size.x}px`;
    this.#canvas.style.height = `${size.y}px`;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  }
}

/** Web Mercator into pixels from the canvas's corner; in one place, as whole coastlines go through it. */
function projector(map: L.Map, corner: L.Point): Drawing["project"] {
  const world = 256 * 2 ** map.getZoom();
  const origin = map.getPixelOrigin().add(corner);
  return (lon, lat) => {
    const sine = Math.max(-0.9999, Math.min(0.9999, Math.sin((lat * Math.PI) / 180)));
    const y = 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
    return [(lon / 360 + 0.5) * world - origin.x, y * world - origin.y];
  };
}
