import type { Key } from "../../i18n";
import { bytes, count } from "../../lib/format";

export const QUOTAS = ["functions", "storage_bytes", "memory_mb", "concurrency", "invocations"] as const;
export type Quota = (typeof QUOTAS)[number];

export const NAMES: Record<Quota, Key> = {
  functions: "quotas.functions",
  storage_bytes: "quotas.storage",
  memory_mb: "quotas.memory",
  concurrency: "quotas.concurrency",
  invocations: "quotas.invocations",
};

/** A value of a quota as people read it. */
export function inUnits(quota: string, value: number): string {
  if (quota === "storage_bytes") return bytes(value);
  if (quota === "memory_mb") return bytes(value * 1024 * 1024);
  return count(value);
}

/** What one types in, in bytes: `512`, `10 MiB`, `1.5GiB`; nothing where it is no size. */
export function toBytes(text: string): number | null {
  const found = /^\s*(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|TiB)?\s*$/i.exec(text);
  if (!found?.[1]) return null;
  const power = ["b", "kib", "mib", "gib", "tib"].indexOf((found[2] ?? "B").toLowerCase());
  return Math.round(Number(found[1]) * 1024 ** power);
}

/** A limit as it is typed in; null is none, undefined is no limit that can be. */
export function parseLimit(quota: string, text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const value = quota === "storage_bytes" ? toBytes(text) : /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : null;
  return value === null || !Number.isSafeInteger(value) ? undefined : value;
}

/** How full the bar is, percent. */
export function share(used: number, limit: number): number {
  return limit === 0 ? 100 : Math.min(100, (100 * used) / limit);
}
