import { queryOptions } from "@tanstack/react-query";
import { api, data } from "../../../api/client";
import { REFRESH } from "../../../api/queries";

export const aliasesQuery = (name: string) =>
  queryOptions({
    queryKey: ["function", name, "aliases"],
    // A function takes only few of them: one page has all.
    queryFn: ({ signal }) => data(api.GET("/functions/{name}/aliases", { params: { path: { name }, query: { limit: 100 } }, signal })),
    refetchInterval: (query) => (query.state.data?.items.some((one) => one.rollout?.status === "running") ? REFRESH : 3 * REFRESH),
  });
