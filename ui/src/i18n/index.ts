import { useCallback } from "react";
import { preferences, type Language } from "../lib/preferences";
import { createStore, useStore } from "../lib/store";
import { en, type Key } from "./en";

export type { Key };
export type Params = Record<string, string | number>;
export type Translate = (key: Key, params?: Params) => string;
type Catalogue = Record<Key, string>;

/** Catalogues that are there; English is always, others come when they are chosen. */
const loaded = createStore<Partial<Record<Language, Catalogue>>>({ en });

export async function loadLanguage(language: Language): Promise<void> {
  if (language === "zh" && !loaded.get().zh) {
    const { zh } = await import("./zh");
    loaded.set((now) => ({ ...now, zh }));
  }
}

/** `{name}` is filled in; `one|other` is chosen by `n`. */
export function fill(template: string, language: string, params?: Params): string {
  let text = template;
  if (params && typeof params.n === "number" && template.includes("|")) {
    const [one = "", other = one] = template.split("|");
    text = new Intl.PluralRules(language).select(params.n) === "one" ? one : other;
  }
  if (!params) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

export function translate(language: Language, key: Key, params?: Params): string {
  const catalogue = loaded.get()[language] ?? en;
  return fill(catalogue[key], language, params);
}

export function useLanguage(): Language {
  return useStore(preferences).language;
}

/** The texts of the language that is chosen. */
export function useT(): Translate {
  const language = useLanguage();
  const catalogues = useStore(loaded);
  return useCallback((key, params) => fill((catalogues[language] ?? en)[key], language, params), [catalogues, language]);
}
