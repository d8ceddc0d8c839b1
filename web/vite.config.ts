import { fileURLToPath } from "node:url";

import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

// The gateway that `npm run dev` passes the API's requests to; it finds the organization by the host, so that stays.
const GATEWAY = process.env["GATEWAY"] ?? "http://127.0.0.1:8080";
const passed = { target: GATEWAY, changeOrigin: false, ws: true };

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Screens whose scripts are fetched at once when their address is opened. */
const BOARD = ["src/features/project/project.tsx", "src/features/board/board.tsx"];

/** Puts the script that asks for the first answers before the client's own, and tells it the scripts of a board. */
const early: Plugin = {
  name: "early",
  transformIndexHtml: {
    order: "post",
    handler(html, { bundle, path: page }) {
      if (!page.endsWith("/index.html")) return html;
      const chunks = Object.values(bundle ?? {}).filter((part) => part.type === "chunk");
      const needed = (name: string, seen: Set<string>): Set<string> => {
        const chunk = seen.has(name) ? undefined : chunks.find((chunk) => chunk.fileName === name);
        seen.add(name);
        for (const next of chunk?.imports ?? []) needed(next, seen);
        return seen;
      };
      const first = needed(chunks.find((chunk) => chunk.isEntry && chunk.name === "app")?.fileName ?? "", new Set());
      const later = new Set(BOARD.flatMap((screen) => [...needed(chunks.find((chunk) => chunk.facadeModuleId?.endsWith(screen))?.fileName ?? "", new Set())]));
      const board = [...later].filter((name) => name && !first.has(name)).map((name) => `/${name}`).join(" ");
      const chunk = chunks.find((chunk) => chunk.isEntry && chunk.name === "early");
      const attrs = { type: "module", async: true, src: chunk ? `/${chunk.fileName}` : "/src/early.ts", ...(board && { "data-board": board }) };
      return [{ tag: "script", attrs, injectTo: "head-prepend" }];
    },
  },
};

/** What every page needs comes in few files: each is a request of its own, and forty small ones cost more than their bytes.
 *  Menus are a file apart, since the bare domain's pages have none. */
const CHUNKS = [
  { name: "react", priority: 3, test: /node_modules\/(react|react-dom|scheduler|clsx|zustand)\// },
  { name: "base", priority: 2, test: /node_modules\/lucide-react|\/src\/(lib\/(?!words\/de)|ui\/(?!menu|chart)|features\/shell\/keys)/, minShareCount: 2 },
  { name: "router", priority: 1, test: /node_modules\/@tanstack\/(react-router|router-core|history|react-store|store)\// },
  { name: "queries", test: /node_modules\/@tanstack\/(react-query|query-core)\// },
  { name: "menu", test: /node_modules\/(@?radix-ui|@floating-ui|aria-hidden)|\/src\/ui\/menu/ },
];

export default defineConfig({
  plugins: [react(), tailwindcss(), early],
  resolve: { alias: { "~": path("./src") } },
  server: {
    allowedHosts: [".localhost"],
    proxy: { "/api": passed, "/s/": passed, "/socket.io": passed },
  },
  build: {
    manifest: true,
    target: "es2023",
    // A data URL would ask the policy for an exception.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: { codeSplitting: { groups: CHUNKS } },
      input: { app: path("./index.html"), bare: path("./bare.html"), early: path("./src/early.ts") },
    },
  },
});
