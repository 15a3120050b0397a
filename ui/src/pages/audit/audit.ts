import type { Schemas } from "../../api/client";

export type Entry = Schemas["AuditView"];

export interface Difference {
  path: string;
  before: unknown;
  after: unknown;
}

/** The value at a dotted path; undefined where there is none. */
export function at(value: unknown, path: string): unknown {
  let now = value;
  for (const part of path.split(".")) {
    if (typeof now !== "object" || now === null) return undefined;
    now = (now as Record<string, unknown>)[part];
  }
  return now;
}

/** What an entry says was changed: each path with its values, where these are shown. */
export function differences(entry: Pick<Entry, "changed" | "before" | "after">): Difference[] {
  return entry.changed.map((path) => ({ path, before: at(entry.before, path), after: at(entry.after, path) }));
}

/** Where the thing of an entry has its page. */
export function pageOf(entry: Pick<Entry, "resource">): string | undefined {
  const { kind, name } = entry.resource;
  if (!name) return undefined;
  switch (kind) {
    case "function":
      return `/functions/${encodeURIComponent(name)}`;
    case "secret":
      return `/secrets/${encodeURIComponent(name)}`;
    case "key":
      return `/keys/${encodeURIComponent(name)}`;
    case "role":
      return `/roles?role=${encodeURIComponent(name)}`;
    default:
      return undefined;
  }
}
