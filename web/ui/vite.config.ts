import { defineConfig } from "vitest/config";
import { land } from "./build/land";
import { licences } from "./build/licences";
import { worker } from "./build/worker";

// The Go server embeds dist and serves it at its root under a policy that
// allows scripts, styles and workers from that server alone.
export default defineConfig({
  plugins: [land(), worker(), licences(["maplibre-gl", "leaflet", "topojson-client", "world-atlas"])],
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1200,
    rollupOptions: {
      input: { index: "index.html", customer: "src/customer/main.ts" },
      // The server's own page names this one.
      output: { entryFileNames: ({ name }) => (name === "customer" ? "customer.js" : "assets/[name]-[hash].js") },
    },
  },
  server: {
    proxy: { "/api": { target: "http://localhost:8080", ws: true } },
  },
  test: {
    include: ["test/**/*.test.ts"],
    environment: "node",
  },
});
