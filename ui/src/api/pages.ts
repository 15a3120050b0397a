import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, data } from "./client";
import { PAGE } from "./queries";

interface PageOf<T> {
  items: T[];
  next_cursor?: string | null;
}

/** A list that is loaded page by page. */
function pages<T>(key: readonly unknown[], get: (query: { limit: number; cursor?: string }, signal: AbortSignal) => Promise<PageOf<T>>) {
  return infiniteQueryOptions({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => get({ limit: PAGE, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: PageOf<T>) => page.next_cursor ?? undefined,
  });
}

export const secretsQuery = pages(["secrets"], (query, signal) => data(api.GET("/secrets", { params: { query }, signal })));
export const usersQuery = pages(["users"], (query, signal) => data(api.GET("/users", { params: { query }, signal })));
export const membersQuery = pages(["members"], (query, signal) => data(api.GET("/members", { params: { query }, signal })));
export const invitationsQuery = (server: boolean) => pages(["invitations", server], (query, signal) => data(api.GET("/invitations", { params: { query: { ...query, server } }, signal })));
export const servicesQuery = pages(["service-accounts"], (query, signal) => data(api.GET("/service-accounts", { params: { query }, signal })));
export const keysQuery = (server: boolean) => pages(["keys", server], (query, signal) => data(api.GET("/keys", { params: { query: { ...query, server } }, signal })));
export const sessionsQuery = pages(["sessions"], (query, signal) => data(api.GET("/auth/sessions", { params: { query }, signal })));
export const tenantsQuery = pages(["tenants"], (query, signal) => data(api.GET("/tenants", { params: { query }, signal })));
export const namespacesQuery = pages(["namespaces"], (query, signal) => data(api.GET("/namespaces", { params: { query }, signal })));
export const rolesQuery = pages(["roles"], (query, signal) => data(api.GET("/roles", { params: { query }, signal })));
export const bindingsQuery = (server: boolean) => pages(["bindings", server], (query, signal) => data(api.GET("/bindings", { params: { query: { ...query, server } }, signal })));

/** The rows of all pages that are loaded. */
export function usePages<T>(options: ReturnType<typeof pages<T>>) {
  const list = useInfiniteQuery(options);
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  return { list, rows };
}
