import { queryOptions } from "@tanstack/react-query";
import { api, data, scope, type Schemas } from "../../api/client";
import type { StatsRange } from "../../api/queries";
import { at } from "../audit/audit";

/** A version that calls ran from then on. */
export interface Deploy {
  function: string;
  version: number;
  /** Which one they ran before. */
  before: number | null;
  /** Milliseconds. */
  at: number;
  /** Entry of the audit log that tells it; absent where only the version is known. */
  entry?: Pick<Schemas["AuditView"], "actor">;
}

type Told = Pick<Schemas["AuditView"], "at" | "namespace" | "outcome" | "before" | "after" | "actor" | "resource">;

/** Where entries of functions made another version the active one, oldest first. */
export function deploysIn(entries: Told[], namespace: string): Deploy[] {
  const active = (value: unknown) => {
    const version = at(value, "active_version");
    return typeof version === "number" ? version : null;
  };
  return entries
    .filter((entry) => entry.outcome === "done" && entry.namespace === namespace)
    .flatMap((entry): Deploy[] => {
      const [before, version] = [active(entry.before), active(entry.after)];
      return version === null || version === before ? [] : [{ function: entry.resource.name, version, before, at: Date.parse(entry.at), entry: { actor: entry.actor } }];
    })
    .sort((a, b) => a.at - b.at);
}

/** When versions were made: what is known without the audit log. */
export function versionsMade(versions: Pick<Schemas["VersionView"], "function" | "version" | "created_at" | "compile_status">[], since: number, until: number): Deploy[] {
  return versions
    .filter((one) => one.compile_status !== "failed")
    .map((one) => ({ function: one.function, version: one.version, before: one.version > 1 ? one.version - 1 : null, at: Date.parse(one.created_at) }))
    .filter((one) => one.at >= since && one.at <= until)
    .sort((a, b) => a.at - b.at);
}

/** Entries of the audit log that are looked at: who changes more often has no use for marks. */
const LOOKED = 300;

/** What the audit log says of a function in a range, or of all of them. */
export const deploysQuery = (name: string | undefined, range: StatsRange) =>
  queryOptions({
    queryKey: name === undefined ? ["deploys", range] : ["function", name, "deploys", range],
    queryFn: async ({ signal }) => {
      const resource = name === undefined ? "function" : `function:${name}`;
      const found = await data(api.GET("/audit", { params: { query: { resource, outcome: "done", since: range.since, until: range.until, limit: LOOKED } }, signal }));
      return deploysIn(found.items, scope.get().namespace);
    },
  });
