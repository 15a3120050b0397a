import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { FunctionSquare, Plus, SearchX } from "lucide-react";
import { useCallback, useMemo } from "react";
import type { Schemas } from "../../api/client";
import { useCan } from "../../api/me";
import { functionsQuery, REFRESH, runtimesQuery } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { DataTable, type Column } from "../../kit/DataTable";
import { Empty, ErrorBox, Loading } from "../../kit/Feedback";
import { Search, Select } from "../../kit/Field";
import { BuildState } from "../../kit/State";
import { Time } from "../../kit/Time";

type Row = Schemas["FunctionView"];

const route = getRouteApi("/functions");

/** The states that one filters by, and which compile states they are. */
const STATES: Record<string, Row["compile_status"][]> = {
  ready: ["not_required", "success"],
  building: ["pending", "compiling"],
  failed: ["failed"],
};

/** Longer lists are not asked for anew by themselves: each page would be a request. */
const LIVE_PAGES = 3;

export function FunctionList() {
  const t = useT();
  const can = useCan();
  const search = route.useSearch();
  const navigate = useNavigate();
  const set = (change: typeof search) => void navigate({ to: "/functions", search: { ...search, ...change }, replace: "q" in change });
  const list = useInfiniteQuery({ ...functionsQuery(search.q ?? "", search.runtime ?? ""), refetchInterval: (now) => ((now.state.data?.pages.length ?? 0) <= LIVE_PAGES ? 3 * REFRESH : false) });
  const runtimes = useQuery(runtimesQuery);
  const rows = useMemo(() => {
    const all = list.data?.pages.flatMap((page) => page.items) ?? [];
    const states = search.state ? STATES[search.state] : undefined;
    return states ? all.filter((row) => states.includes(row.compile_status)) : all;
  }, [list.data, search.state]);
  const open = useCallback((row: Row) => void navigate({ to: "/functions/$name", params: { name: row.name } }), [navigate]);
  const columns = useMemo<Column<Row>[]>(
    () => [
      {
        key: "name",
        head: t("column.name"),
        width: "minmax(180px, 2fr)",
        cell: (row) => (
          <Link to="/functions/$name" params={{ name: row.name }} className="name">
            {row.name}
          </Link>
        ),
      },
      { key: "state", head: t("column.state"), width: "130px", narrow: "110px", cell: (row) => <BuildState status={row.compile_status} /> },
      { key: "runtime", head: t("column.runtime"), width: "110px", narrow: "80px", cell: (row) => row.runtime },
      { key: "about", head: t("column.description"), width: "minmax(160px, 3fr)", wide: true, cell: (row) => <span className="muted">{row.description}</span> },
      { key: "version", head: t("column.version"), width: "80px", align: "end", wide: true, cell: (row) => `v${row.version}` },
      { key: "memory", head: t("column.memory"), width: "90px", align: "end", wide: true, cell: (row) => `${row.memory_mb} MiB` },
      { key: "changed", head: t("column.changed"), width: "120px", align: "end", wide: true, cell: (row) => <Time at={row.updated_at} /> },
    ],
    [t],
  );
  const create = can("function:create") ? (
    <Link to="/functions/new" className="btn" data-kind="primary">
      <Plus size={15} aria-hidden />
      {t("create.title")}
    </Link>
  ) : null;
  const filtered = Boolean(search.q || search.runtime || search.state);
  return (
    <div className="page" data-fill="">
      <div className="page-head">
        <h1>{t("nav.functions")}</h1>
        <div className="acts">
          {create}
        </div>
      </div>
      <div className="tools">
        <Search value={search.q ?? ""} onChange={(q) => set({ q: q || undefined })} label={t("functions.search")} />
        <Select
          label={t("column.runtime")}
          value={search.runtime ?? ""}
          options={[["", t("functions.any_runtime")], ...(runtimes.data?.items ?? []).map((one): [string, string] => [one.name, one.name])]}
          onChange={(runtime) => set({ runtime: runtime || undefined })}
        />
        <Select
          label={t("column.state")}
          value={search.state ?? ""}
          options={[
            ["", t("functions.any_state")],
            ["ready", t("state.ready")],
            ["building", t("state.building")],
            ["failed", t("state.build_failed")],
          ]}
          onChange={(state) => set({ state: state || undefined })}
        />
        {list.data ? <span className="count">{t("functions.count", { n: rows.length, count: rows.length + (list.hasNextPage ? "+" : "") })}</span> : null}
      </div>
      {list.error && !list.data ? <ErrorBox error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? (
        <div className="card">
          <Loading />
        </div>
      ) : null}
      {list.data && rows.length === 0 && !list.hasNextPage ? (
        <div className="card">
          {filtered ? (
            <Empty icon={SearchX} title={t("functions.none")} text={t("functions.none_text")}>
              <Button onClick={() => void navigate({ to: "/functions", search: {} })}>{t("act.clear_filters")}</Button>
            </Empty>
          ) : (
            <Empty icon={FunctionSquare} title={t("functions.empty")} text={t("functions.empty_text")} command="nova init python hello && nova deploy hello">
              {create}
            </Empty>
          )}
        </div>
      ) : null}
      {rows.length > 0 || (list.data && list.hasNextPage) ? (
        <DataTable label={t("nav.functions")} columns={columns} rows={rows} rowKey={(row) => row.id} onOpen={open} more={list.hasNextPage} loadingMore={list.isFetchingNextPage} onEnd={() => void list.fetchNextPage()} />
      ) : null}
    </div>
  );
}
