import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, data, type Schemas } from "./client";

/** Nothing asks more often. */
export const REFRESH = 5000;

export const PAGE = 100;

export interface RunFilters {
  function?: string;
  status?: string;
  source?: string;
  error?: string;
  since?: string;
  until?: string;
}

export const functionsQuery = (search: string, runtime: string) =>
  infiniteQueryOptions({
    queryKey: ["functions", { search, runtime }],
    queryFn: ({ pageParam, signal }) =>
      data(
        api.GET("/functions", {
          params: { query: { search: search || undefined, runtime: runtime || undefined, limit: PAGE, cursor: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const functionQuery = (name: string) =>
  queryOptions({
    queryKey: ["function", name],
    queryFn: ({ signal }) => data(api.GET("/functions/{name}", { params: { path: { name } }, signal })),
  });

export const codeQuery = (name: string, qualifier?: string) =>
  queryOptions({
    queryKey: ["function", name, "code", qualifier ?? "active"],
    queryFn: ({ signal }) =>
      data(api.GET("/functions/{name}/code", { params: { path: { name }, query: { qualifier } }, signal })),
  });

export const filesQuery = (name: string, qualifier?: string) =>
  queryOptions({
    queryKey: ["function", name, "files", qualifier ?? "active"],
    queryFn: ({ signal }) =>
      data(api.GET("/functions/{name}/files", { params: { path: { name }, query: { qualifier } }, signal })),
  });

export const fileQuery = (name: string, path: string, qualifier?: string) =>
  queryOptions({
    queryKey: ["function", name, "file", qualifier ?? "active", path],
    queryFn: ({ signal }) =>
      data(api.GET("/functions/{name}/files/content", { params: { path: { name }, query: { path, qualifier } }, signal })),
  });

export const versionsQuery = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["function", name, "versions"],
    queryFn: ({ pageParam, signal }) =>
      data(
        api.GET("/functions/{name}/versions", { params: { path: { name }, query: { limit: PAGE, cursor: pageParam } }, signal }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const diffQuery = (name: string, v1: number, v2: number) =>
  queryOptions({
    queryKey: ["function", name, "diff", v1, v2],
    // Versions never change.
    staleTime: Infinity,
    queryFn: ({ signal }) =>
      data(api.GET("/functions/{name}/versions/{v1}/diff/{v2}", { params: { path: { name, v1, v2 } }, signal })),
  });

/** Runs of one function for `of`: a role for some functions only reaches these, and not all runs. */
export async function fetchRuns(filters: RunFilters, cursor: string | undefined, limit: number, signal?: AbortSignal, of?: string) {
  const query = { ...(Object.fromEntries(Object.entries(filters).filter(([, value]) => value)) as RunFilters), limit, cursor };
  if (of === undefined) return data(api.GET("/runs", { params: { query }, signal }));
  return data(api.GET("/functions/{name}/runs", { params: { path: { name: of }, query }, signal }));
}

export const runsQuery = (filters: RunFilters, of?: string) =>
  infiniteQueryOptions({
    queryKey: ["runs", of ?? "", filters],
    queryFn: ({ pageParam, signal }) => fetchRuns(filters, pageParam, PAGE, signal, of),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["run", id],
    // A run is recorded when it has ended.
    staleTime: Infinity,
    queryFn: ({ signal }) => data(api.GET("/runs/{id}", { params: { path: { id } }, signal })),
  });

export const runLogsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["run", id, "logs"],
    staleTime: Infinity,
    queryFn: ({ pageParam, signal }) =>
      data(api.GET("/runs/{id}/logs", { params: { path: { id }, query: { limit: 500, cursor: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export interface StatsRange {
  since: string;
  until?: string;
}

export interface JobFilters {
  function?: string;
  status?: string;
}

/** Jobs of one function for `of`, as with [`fetchRuns`]. */
export const jobsQuery = (filters: JobFilters, of?: string) =>
  infiniteQueryOptions({
    queryKey: ["jobs", of ?? "", filters],
    queryFn: ({ pageParam, signal }) => {
      const page = { status: filters.status, limit: PAGE, cursor: pageParam };
      if (of !== undefined) return data(api.GET("/functions/{name}/async-invocations", { params: { path: { name: of }, query: page }, signal }));
      return data(api.GET("/async-invocations", { params: { query: { ...page, function: filters.function } }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    // All pages that are loaded are asked for again, because a job anywhere may get on: the more there
    // are, the less often.
    refetchInterval: (query) => REFRESH * (query.state.data?.pages.length ?? 1),
  });

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ["job", id],
    queryFn: ({ signal }) => data(api.GET("/async-invocations/{id}", { params: { path: { id } }, signal })),
    refetchInterval: (query) => (isOpen(query.state.data) ? REFRESH : false),
  });

/** Whether a job waits or runs. */
function isOpen(job: Schemas["JobView"] | undefined): boolean {
  return job?.status === "queued" || job?.status === "running";
}

export const statsQuery = (range: StatsRange, fn?: string) =>
  queryOptions({
    queryKey: ["stats", range, fn ?? ""],
    queryFn: ({ signal }) =>
      data(api.GET("/stats", { params: { query: { since: range.since, until: range.until, function: fn, buckets: 48 } }, signal })),
  });

export const runtimesQuery = queryOptions({
  queryKey: ["runtimes"],
  staleTime: 60_000,
  queryFn: ({ signal }) => data(api.GET("/runtimes", { signal })),
});

export const systemQuery = queryOptions({
  queryKey: ["system"],
  queryFn: ({ signal }) => data(api.GET("/system", { signal })),
});

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: async ({ signal }) => {
    const answer = await api.GET("/health", { signal });
    // 503 has the same body and is what this is about.
    return (answer.data ?? answer.error) as NonNullable<typeof answer.data>;
  },
});
