import type { Plugin } from "vite";

/**
 * MapLibre's worker is shipped as it is published. Its closing comment names a
 * source map that is not shipped, so it goes; and the file is called .js, whose
 * MIME type no server gets wrong, as some do with .mjs.
 */
export function worker(): Plugin {
  return {
    name: "wayguard:worker",
    apply: "build",
    enforce: "pre",
    config: () => ({
      build: {
        rollupOptions: {
          output: {
            assetFileNames: (asset) =>
              asset.names.some((name) => name.endsWith(".mjs"))
                ? "assets/maplibre-gl-worker-[hash].js"
                : "assets/[name]-[hash][extname]",
          },
        },
      },
    }),
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== "asset" || !file.fileName.includes("maplibre-gl-worker")) continue;
        file.source = file.source.toString().replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
      }
    },
  };
}
