import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { Tooltip } from "radix-ui";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { onRecovered } from "./api/connection";
import { scope } from "./api/client";
import { Problem } from "./api/problem";
import { makeRouter } from "./app/router";
import { loadLanguage } from "./i18n";
import { Toasts } from "./kit/toast";
import { applyPreferences, preferences } from "./lib/preferences";
import "./styles/index.css";

applyPreferences();

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2000,
      // What the server refused stays refused; what got no answer is asked again when it is back.
      retry: (failures, error) => error instanceof Problem && error.retryable && failures < 2,
      refetchOnWindowFocus: true,
      // Being online says nothing about a server on this machine.
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});
onRecovered(() => void queries.invalidateQueries());
scope.subscribe(() => {
  // Who one is stays; what one may is asked anew.
  void queries.invalidateQueries({ queryKey: ["me"] });
  void queries.resetQueries({ predicate: (query) => query.queryKey[0] !== "me" });
});
preferences.subscribe(() => void loadLanguage(preferences.get().language));

const router = makeRouter(queries);
const root = document.getElementById("root");

// The chosen language is there before the first paint, so that no text is seen in another.
void loadLanguage(preferences.get().language).finally(() => {
  if (!root) return;
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <Tooltip.Provider delayDuration={350}>
          <RouterProvider router={router} />
          <Toasts />
        </Tooltip.Provider>
      </QueryClientProvider>
    </StrictMode>,
  );
});
