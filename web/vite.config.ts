import { fileURLToPath } from "node:url";

import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The gateway that `npm run dev` passes the API's requests to; it finds the organization by the host, so that stays.
const GATEWAY = process.env["GATEWAY"] ?? "http://127.0.0.1:8080";
const passed = { target: GATEWAY, changeOrigin: false, ws: true };

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  plugins: [react(), tailwindcss()],
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
    rolldownOptions: { input: { app: path("./index.html"), bare: path("./bare.html") } },
  },
});
