/** The map's colours by day and by night. Contrast of every text to its ground is at least 4.5 to 1. */
export interface Palette {
  water: string;
  land: string;
  park: string;
  parkText: string;
  block: string;
  building: string;
  buildingEdge: string;
  road: string;
  roadEdge: string;
  mainRoad: string;
  mainRoadEdge: string;
  path: string;
  border: string;
  text: string;
  textFaint: string;
  waterText: string;
  halo: string;
  van: string;
  vanStanding: string;
  vanSilent: string;
  vanEdge: string;
  vanText: string;
  trail: string;
  trailSelected: string;
  fence: string;
  fenceText: string;
  fenceFill: number;
  selected: string;
}

export const day: Palette = {
  water: "#b5d6e6",
  land: "#f4f1ea",
  park: "#cfe5bf",
  parkText: "#35602f",
  block: "#ebe6db",
  building: "#ddd5c6",
  buildingEdge: "#cbc1ae",
  road: "#ffffff",
  roadEdge: "#d9d2c4",
  mainRoad: "#fdf3d3",
  mainRoadEdge: "#dcc387",
  path: "#b9a98c",
  border: "#a39b8c",
  text: "#3d4046",
  textFaint: "#5c5d60",
  waterText: "#22566f",
  halo: "#fbfaf6",
  van: "#1659bd",
  vanStanding: "#475766",
  vanSilent: "#6f7b86",
  vanEdge: "#ffffff",
  vanText: "#101a26",
  trail: "#1659bd",
  trailSelected: "#0b3f91",
  fence: "#b4500f",
  fenceText: "#8a3a06",
  fenceFill: 0.12,
  selected: "#1659bd",
};

export const night: Palette = {
  water: "#12344a",
  land: "#181f27",
  park: "#1d3a30",
  parkText: "#8fbf9b",
  block: "#222b35",
  building: "#303b47",
  buildingEdge: "#3d4956",
  road: "#404d5a",
  roadEdge: "#151b22",
  mainRoad: "#5b6672",
  mainRoadEdge: "#151b22",
  path: "#46525e",
  border: "#55616d",
  text: "#c3cdd6",
  textFaint: "#9fabb6",
  waterText: "#7fb4d0",
  halo: "#141a20",
  van: "#5da2ff",
  vanStanding: "#93a3b3",
  vanSilent: "#687683",
  vanEdge: "#0d1319",
  vanText: "#f0f5fa",
  trail: "#5da2ff",
  trailSelected: "#a3ccff",
  fence: "#e08a4a",
  fenceText: "#f3b183",
  fenceFill: 0.14,
  selected: "#5da2ff",
};

const dark = "(prefers-color-scheme: dark)";

export function palette(): Palette {
  return matchMedia(dark).matches ? night : day;
}

/** Calls back whenever the scheme changes. */
export function onScheme(change: (palette: Palette) => void): void {
  matchMedia(dark).addEventListener("change", () => change(palette()));
}
