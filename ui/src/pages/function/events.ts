import { scope } from "../../api/client";
import { keep, readKept } from "../../lib/store";

export interface SavedEvent {
  name: string;
  body: string;
}

const MOST = 50;

function key(fn: string): string {
  const { tenant, namespace } = scope.get();
  return `nova.events.${tenant}.${namespace}.${fn}`;
}

/** Events that were saved for a function, in this browser. */
export function savedEvents(fn: string): SavedEvent[] {
  const kept = readKept<unknown>(key(fn), []);
  return Array.isArray(kept) ? kept.filter((one): one is SavedEvent => typeof one?.name === "string" && typeof one?.body === "string") : [];
}

/** Saves one; another of the same name is replaced. */
export function saveEvent(fn: string, event: SavedEvent): SavedEvent[] {
  const next = [...savedEvents(fn).filter((one) => one.name !== event.name), event].slice(-MOST);
  keep(key(fn), next);
  return next;
}

export function forgetEvent(fn: string, name: string): SavedEvent[] {
  const next = savedEvents(fn).filter((one) => one.name !== name);
  keep(key(fn), next);
  return next;
}
