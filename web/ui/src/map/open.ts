/** Opens the best map that this browser can show. */
import type { Config } from "../api/types";
import type { Bounds } from "../geo/bounds";
import type { Chart, ChartEvents, CreateChart, Ground } from "./chart";
import { loadGround } from "./ground";
import { palette } from "./palette";

/** A map and what it stands on. */
export interface OpenMap {
  chart: Chart;
  ground: Ground;
}

/** Where the map looks at first, once it is known what it stands on; null for the whole world. */
export type FirstView = (ground: Ground) => Bounds | null;

/** Null where neither map works. */
export async function openMap(
  container: HTMLElement,
  config: Config,
  events: ChartEvents,
  first: FirstView,
): Promise<OpenMap | null> {
  const webgl = hasWebGL2();
  const ground = loadGround(config, webgl);
  const attempts = webgl ? [loadMapLibre, loadLeaflet] : [loadLeaflet];
  for (const load of attempts) {
    try {
      const [create, on] = await Promise.all([load(), ground]);
      return { chart: await create(container, on, palette(), events, first(on)), ground: on };
    } catch {
      // The next map starts from an empty place.
      container.replaceChildren();
      container.removeAttribute("class");
    }
  }
  return null;
}

function hasWebGL2(): boolean {
  const context = document.createElement("canvas").getContext("webgl2");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}

async function loadMapLibre(): Promise<CreateChart> {
  return (await import("./maplibre")).createMapLibre;
}

async function loadLeaflet(): Promise<CreateChart> {
  return (await import("./leaflet")).createLeaflet;
}
