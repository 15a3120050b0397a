import { createStore, keep, readKept } from "./store";

export type Theme = "system" | "light" | "dark";
export type Language = "en" | "zh";

export interface Preferences {
  theme: Theme;
  language: Language;
  density: "normal" | "compact";
  /** How absolute times are shown. */
  zone: "local" | "utc";
  rail: "wide" | "narrow";
}

const KEY = "nova.preferences";

function first(): Preferences {
  const language: Language = typeof navigator !== "undefined" && /^zh\b/i.test(navigator.language) ? "zh" : "en";
  const fallback: Preferences = { theme: "system", language, density: "normal", zone: "local", rail: "wide" };
  return { ...fallback, ...(typeof localStorage === "undefined" ? {} : readKept<Partial<Preferences>>(KEY, {})) };
}

export const preferences = createStore<Preferences>(first());

export function prefer(change: Partial<Preferences>): void {
  preferences.set((now) => ({ ...now, ...change }));
}

/** Writes the choices onto the page, now and after each change. */
export function applyPreferences(): void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const now = preferences.get();
    const root = document.documentElement;
    root.dataset.theme = now.theme === "dark" || (now.theme === "system" && system.matches) ? "dark" : "light";
    root.dataset.density = now.density;
    root.lang = now.language === "zh" ? "zh-CN" : "en";
    keep(KEY, now);
  };
  apply();
  preferences.subscribe(apply);
  system.addEventListener("change", apply);
}
