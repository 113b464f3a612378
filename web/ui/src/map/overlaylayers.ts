/** The fleet in MapLibre's terms. */
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import { shades } from "../fleet/trail";
import { semibold } from "./fonts";
import type { Palette } from "./palette";

const selected: ExpressionSpecification = ["boolean", ["get", "selected"], false];

/** Opacity of a trail's shade: 0 is the newest. */
export function shadeOpacity(shade: number): number {
  return 0.75 * (1 - shade / shades) ** 1.4 + 0.06;
}

function byShade(): ExpressionSpecification {
  const steps = Array.from({ length: shades - 1 }, (_, i) => [i + 1, shadeOpacity(i + 1)]).flat();
  return ["step", ["get", "shade"], shadeOpacity(0), ...steps] as ExpressionSpecification;
}

export function overlayLayers(palette: Palette): LayerSpecification[] {
  return [
    ...fenceLayers(palette),
    { id: "accuracy", type: "fill", source: "accuracy", paint: { "fill-color": palette.selected, "fill-opacity": 0.14 } },
    trailLayer("trails", palette),
    trailLayer("heads", palette),
    fenceNameLayer(palette),
    spotLayer(palette),
    ...vanLayers(palette),
  ];
}

function fenceLayers(palette: Palette): LayerSpecification[] {
  const fill = { "fill-color": palette.fence, "fill-opacity": palette.fenceFill };
  const edge = { "line-color": palette.fence, "line-width": 1.6, "line-opacity": 0.9 };
  return [
    { id: "fences", type: "fill", source: "fences", paint: fill },
    { id: "fence-edges", type: "line", source: "fences", layout: { "line-join": "round" }, paint: edge },
  ];
}

function trailLayer(source: string, palette: Palette): LayerSpecification {
  return {
    id: source,
    type: "line",
    source,
    layout: { "line-join": "round", "line-cap": "butt" },
    paint: {
      "line-color": ["case", selected, palette.trailSelected, palette.trail],
      "line-width": ["interpolate", ["linear"], ["zoom"], 9, 1.2, 14, ["case", selected, 4, 2.6], 17, ["case", selected, 6, 4.5]],
      "line-opacity": byShade(),
    },
  };
}

function fenceNameLayer(palette: Palette): LayerSpecification {
  return {
    id: "fence-names",
    type: "symbol",
    source: "fence-names",
    filter: [">=", ["zoom"], ["get", "from"]],
    layout: {
      "symbol-sort-key": ["get", "from"],
      "text-field": ["get", "name"],
      "text-font": semibold,
      "text-size": ["interpolate", ["linear"], ["zoom"], 12, 11, 16, 13],
      "text-max-width": 8,
      "text-padding": 4,
    },
    paint: { "text-color": palette.fenceText, "text-halo-color": palette.halo, "text-halo-width": 1.6 },
  };
}

function spotLayer(palette: Palette): LayerSpecification {
  return {
    id: "spot",
    type: "circle",
    source: "spot",
    paint: {
      "circle-radius": 15,
      "circle-color": palette.fence,
      "circle-opacity": 0.12,
      "circle-stroke-color": palette.fence,
      "circle-stroke-width": 3,
    },
  };
}

function vanLayers(palette: Palette): LayerSpecification[] {
  return [
    {
      id: "van-halo",
      type: "circle",
      source: "vans",
      filter: selected,
      paint: {
        "circle-radius": 22,
        "circle-color": palette.selected,
        "circle-opacity": 0.18,
        "circle-stroke-color": palette.selected,
        "circle-stroke-width": 2,
      },
    },
    {
      id: "vans",
      type: "symbol",
      source: "vans",
      layout: {
        "icon-image": ["concat", "van-", ["get", "sign"]],
        "icon-rotate": ["get", "heading"],
        "icon-rotation-alignment": "map",
        "icon-size": ["interpolate", ["linear"], ["zoom"], 8, 0.6, 14, 1],
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
        "symbol-sort-key": ["case", selected, 0, 1],
        "text-field": ["get", "name"],
        "text-font": semibold,
        "text-size": 12.5,
        "text-anchor": "top",
        "text-offset": [0, 1.25],
        "text-max-width": 12,
        "text-optional": true,
        "text-padding": 1,
      },
      paint: { "text-color": palette.vanText, "text-halo-color": palette.halo, "text-halo-width": 2 },
    },
  ];
}
