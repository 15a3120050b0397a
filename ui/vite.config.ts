import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// `NOVA_SERVER=http://127.0.0.1:9000 npm run dev`: the console from source, over that server.
const server = process.env.NOVA_SERVER ?? "http://127.0.0.1:9000";
const api =
  "functions runs runtimes health metrics stats system openapi.json auth v1 secrets keys tenants namespaces users invitations members service-accounts roles bindings audit quotas quota usage access-keys routes".split(" ");

export default defineConfig({
  base: "/ui/",
  plugins: [react()],
  build: {
    // `scripts/pack.mjs` moves it to `dist/app` when it is whole.
    outDir: "dist/new",
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    // Everything is one origin and the policy has no `data:` for scripts or fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
  },
  server: {
    host: "127.0.0.1",
    proxy: Object.fromEntries(
      api.map((path) => [
        `^/${path}(/|\\?|$)`,
        {
          target: server,
          changeOrigin: true,
          // The server takes no pages of other origins.
          configure: (proxy: { on: (event: string, hook: (request: { removeHeader: (n: string) => void }) => void) => void }) =>
            proxy.on("proxyReq", (request) => request.removeHeader("origin")),
        },
      ]),
    ),
  },
  test: { include: ["src/**/*.test.{ts,tsx}"], environment: "node" },
});
