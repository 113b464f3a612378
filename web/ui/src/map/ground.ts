import type { FeatureCollection } from "geojson";
import { feature } from "topojson-client";
import type { Topology } from "topojson-specification";
import landURL from "virtual:land";
import * as client from "../api/client";
import type { Config, Town } from "../api/types";
import type { Ground } from "./chart";

/**
 * Fetches what the map stands on. What cannot be had is left out: a fleet on a
 * bare ground is worth more than an error. webgl says whether vector tiles can
 * be drawn.
 */
export async function loadGround(config: Config, webgl: boolean): Promise<Ground> {
  const tiled = config.tiles !== null && (webgl || config.tiles.kind === "raster");
  const [land, town] = await Promise.all([
    tiled ? null : outline().catch(() => null),
    config.town ? client.town().catch((): Town | null => null) : null,
  ]);
  return { config, land, town };
}

async function outline(): Promise<FeatureCollection | null> {
  const response = await fetch(landURL);
  if (!response.ok) return null;
  const topology = (await response.json()) as Topology;
  const land = topology.objects.land;
  if (!land) return null;
  const shape = feature(topology, land);
  return shape.type === "FeatureCollection" ? shape : { type: "FeatureCollection", features: [shape] };
}
