import { queryOptions, useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { reaches } from "../lib/grants";
import { api, data, scope, type Schemas } from "./client";

export type Me = Schemas["Me"];

export const meQuery = queryOptions({
  queryKey: ["me"],
  staleTime: 60_000,
  queryFn: ({ signal }) => data(api.GET("/auth/me", { signal })),
});

/** Who looks at the page, and what they may where they are. */
export function useMe(): Me | undefined {
  return useQuery({ ...meQuery, enabled: false }).data;
}

export type Can = (permission: string) => boolean;

/**
 * Whether the person may do something in this tenant and namespace, with all names or with some:
 * what a list or a page asks. About one thing ask [`useMay`].
 */
export function useCan(): Can {
  const me = useMe();
  return useCallback((permission) => me !== undefined && (me.permissions.includes(permission) || (me.named ?? []).some((one) => one.permissions.includes(permission))), [me]);
}

/** Whether the person may do something with the thing of that name. */
export function useMay(name: string): Can {
  const me = useMe();
  return useCallback((permission) => mayWith(me, name, permission), [me, name]);
}

export function mayWith(me: Pick<Me, "permissions" | "named"> | undefined, name: string, permission: string): boolean {
  if (!me) return false;
  return me.permissions.includes(permission) || (me.named ?? []).some((one) => one.permissions.includes(permission) && reaches(one.names, name));
}

/** The names that the person may do something with; `undefined`: all. */
export function useNames(permission: string): string[] | undefined {
  const me = useMe();
  if (!me || me.permissions.includes(permission)) return undefined;
  return (me.named ?? []).filter((one) => one.permissions.includes(permission)).map((one) => one.names);
}

/** More tenants than this are not told by the server. */
const TOLD_MAX = 100;

/** Keeps to a tenant and namespace that this person may use. */
export function fitScope(me: Me): void {
  // With --dev a new name is a new tenant; who has very many is not told all of them.
  if (me.dev || me.scopes.length === 0 || me.scopes.length >= TOLD_MAX) return;
  const now = scope.get();
  const tenant = me.scopes.find((one) => one.tenant === now.tenant) ?? me.scopes.find((one) => one.tenant === me.tenant) ?? me.scopes[0];
  if (!tenant) return;
  const known = tenant.namespaces.includes(now.namespace) || (tenant.tenant === now.tenant && tenant.namespaces.length >= TOLD_MAX);
  const namespace = known ? now.namespace : tenant.namespaces.includes("default") ? "default" : tenant.namespaces[0];
  if (tenant.tenant !== now.tenant || (namespace !== undefined && namespace !== now.namespace)) scope.set({ tenant: tenant.tenant, namespace: namespace ?? now.namespace });
}
