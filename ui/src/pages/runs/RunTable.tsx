import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Activity, SearchX, Snowflake } from "lucide-react";
import { useCallback, useEffect, useMemo, useState, type ReactNode } from "react";
import { fetchRuns, PAGE, REFRESH, runsQuery, type RunFilters } from "../../api/queries";
import { useT, type Key } from "../../i18n";
import { Button } from "../../kit/Button";
import { Id } from "../../kit/Copy";
import { DataTable, type Column } from "../../kit/DataTable";
import { Empty, ErrorBox, Loading } from "../../kit/Feedback";
import { Search, Select } from "../../kit/Field";
import { FilterChip } from "../../kit/FilterChip";
import { Range } from "../../kit/Range";
import { RunState, type RunStatus } from "../../kit/State";
import { Time } from "../../kit/Time";
import { bytes, count, duration } from "../../lib/format";
import { FunctionFilter } from "./FunctionFilter";
import { newOnes, withNew, type Row } from "./live";

interface Props {
  filters: RunFilters;
  /** Given on a function's own page, where the column says nothing. */
  fn?: string;
  onFilter: (filters: RunFilters) => void;
}

const STATUSES: RunStatus[] = ["succeeded", "failed", "platform_error", "cancelled"];
const SOURCES = ["api", "stream", "http", "function", "queue"] as const;

export function RunTable({ filters, fn, onFilter }: Props) {
  const t = useT();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const options = runsQuery(filters, fn);
  const list = useInfiniteQuery({ ...options, staleTime: Infinity, refetchOnMount: "always" });
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  // Only the newest page is asked for again; the rest does not change.
  const newest = useQuery({ queryKey: ["newest", fn ?? "", filters], queryFn: ({ signal }) => fetchRuns(filters, undefined, PAGE, signal, fn), refetchInterval: REFRESH, enabled: list.isSuccess && !filters.until });
  const [away, setAway] = useState(false);
  const fresh = useMemo(() => newOnes(rows, newest.data?.items ?? []), [rows, newest.data]);
  const admit = useCallback(() => {
    // More than a page came: what lies between is not known, so the list begins anew.
    if (fresh.length >= PAGE) void queries.resetQueries({ queryKey: options.queryKey });
    else queries.setQueryData(options.queryKey, (now) => (now ? (withNew(now as never, fresh) as never) : now));
  }, [fresh, options.queryKey, queries]);
  useEffect(() => {
    if (!away && fresh.length > 0 && list.isSuccess) admit();
  }, [away, fresh, admit, list.isSuccess]);

  const open = useCallback((row: Row) => void navigate({ to: "/runs/$id", params: { id: row.id } }), [navigate]);
  const columns = useMemo<Column<Row>[]>(() => {
    const made: Column<Row>[] = [
      { key: "state", head: t("column.state"), width: "104px", narrow: "16px", cell: (row, narrow) => <RunState status={row.status} quiet={narrow} /> },
      {
        key: "id",
        head: t("column.run"),
        width: "112px",
        narrow: "minmax(0, 1fr)",
        // On a function's page the name says nothing; elsewhere there is only room for that.
        wide: !fn,
        cell: (row, narrow) => (narrow ? <Narrow row={row} name={<Id id={row.id} to="/runs/$id" />} /> : <Id id={row.id} to="/runs/$id" />),
      },
    ];
    if (!fn) {
      made.push({
        key: "function",
        head: t("column.function"),
        width: "minmax(120px, 1.4fr)",
        cell: (row, narrow) => {
          const name = (
            <Link to="/functions/$name" params={{ name: row.function }} className="name">
              {row.function}
            </Link>
          );
          return narrow ? <Narrow row={row} name={name} /> : name;
        },
      });
    }
    made.push(
      { key: "version", head: t("column.version"), width: "56px", wide: true, cell: (row) => <span className="muted">v{row.version}</span> },
      { key: "source", head: t("column.source"), width: "76px", wide: true, cell: (row) => t(`source.${row.source}` as Key) },
      { key: "error", head: t("column.error"), width: "minmax(110px, 3fr)", wide: true, cell: (row) => (row.error ? <span className="bad">{`${row.error.type}: ${row.error.message}`}</span> : null) },
      {
        key: "duration",
        head: t("column.duration"),
        width: "96px",
        narrow: "72px",
        align: "end",
        cell: (row) => (
          <span>
            {row.cold_start ? (
              <span title={t("run.cold")}>
                <Snowflake size={12} aria-label={t("run.cold")} style={{ verticalAlign: -1, color: "var(--run)" }} />{" "}
              </span>
            ) : null}
            {duration(row.duration_ms)}
          </span>
        ),
      },
      { key: "memory", head: t("column.memory"), width: "84px", align: "end", wide: true, cell: (row) => (row.memory_peak_bytes > 0 ? bytes(row.memory_peak_bytes) : "–") },
      { key: "when", head: t("column.when"), width: "104px", narrow: "84px", align: "end", cell: (row) => <Time at={row.started_at} /> },
    );
    return made;
  }, [t, fn]);

  const set = (change: RunFilters) => onFilter({ ...filters, ...change });
  const chips = (Object.entries(filters) as [keyof RunFilters, string | undefined][]).filter(([key, value]) => value && ["function", "error", "source"].includes(key));
  const filtered = Object.values(filters).some(Boolean);
  return (
    <>
      <div className="tools">
        <Search value={filters.error ?? ""} onChange={(error) => set({ error: error || undefined })} label={t("runs.search")} />
        <Select label={t("column.state")} value={filters.status ?? ""} options={[["", t("runs.any_state")], ...STATUSES.map((one): [string, string] => [one, t(`state.${one}`)])]} onChange={(status) => set({ status: status || undefined })} />
        <Select label={t("column.source")} value={filters.source ?? ""} options={[["", t("runs.any_source")], ...SOURCES.map((one): [string, string] => [one, t(`source.${one}`)])]} onChange={(source) => set({ source: source || undefined })} />
        {fn || filters.function ? null : <FunctionFilter onChoose={(name) => set({ function: name })} />}
        <Range value={filters} any onChange={({ since, until }) => set({ since, until })} />
        {chips.map(([key, value]) => (
          <FilterChip key={key} text={`${key}:${value}`} onDrop={() => set({ [key]: undefined })} />
        ))}
        {list.data ? <span className="count">{t("runs.count", { n: rows.length, count: count(rows.length) + (list.hasNextPage ? "+" : "") })}</span> : null}
      </div>
      {list.error && !list.data ? <ErrorBox error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? (
        <div className="card">
          <Loading />
        </div>
      ) : null}
      {list.data && rows.length === 0 ? (
        <div className="card">
          {filtered ? (
            <Empty icon={SearchX} title={t("runs.none")} text={t("functions.none_text")}>
              <Button onClick={() => onFilter({})}>{t("act.clear_filters")}</Button>
            </Empty>
          ) : (
            <Empty icon={Activity} title={t("runs.empty")} text={t("runs.empty_text")} command={`nova invoke ${fn ?? "hello"} -d '{}'`}>
              {fn ? (
                <Link to="/functions/$name" params={{ name: fn }} className="btn" data-kind="primary">
                  {t("runs.call_it")}
                </Link>
              ) : (
                <Link to="/functions" className="btn" data-kind="primary">
                  {t("nav.functions")}
                </Link>
              )}
            </Empty>
          )}
        </div>
      ) : null}
      {rows.length > 0 ? (
        <DataTable label={t("nav.runs")} columns={columns} rows={rows} rowKey={(row) => row.id} onOpen={open} more={list.hasNextPage} loadingMore={list.isFetchingNextPage} onEnd={() => void list.fetchNextPage()} news={away ? fresh.length : 0} onNews={admit} onScrolled={setAway} />
      ) : null}
    </>
  );
}

/** What a narrow row says of a run: below its name why it failed. */
function Narrow({ row, name }: { row: Row; name: ReactNode }) {
  return (
    <>
      {name}
      {row.error ? <span className="below bad">{`${row.error.type}: ${row.error.message}`}</span> : null}
    </>
  );
}
