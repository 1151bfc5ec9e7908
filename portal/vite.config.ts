import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const out = join(import.meta.dirname, "dist");

/** Lays compressed forms beside the hashed files, so that the app never compresses anything itself. */
function compressed(): Plugin {
  return {
    name: "compressed",
    closeBundle() {
      const assets = join(out, "assets");
      for (const name of readdirSync(assets)) {
        const content = readFileSync(join(assets, name));
        writeFileSync(join(assets, `${name}.br`), brotliCompressSync(content));
        writeFileSync(join(assets, `${name}.gz`), gzipSync(content, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  root: "src",
  base: "/api/portal/",
  plugins: [react(), compressed()],
  // The app puts a fresh one in its place with every answer (triggers/routes/portal.py).
  html: { cspNonce: "__NONCE__" },
  build: {
    outDir: out,
    emptyOutDir: true,
    target: "es2022",
    // Everything is a file of its own: the Content-Security-Policy allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Fluent UI is one library, needed with the first view; what counts is its size when compressed (a test).
    chunkSizeWarningLimit: 1000,
  },
});
