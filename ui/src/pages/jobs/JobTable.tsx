import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ListTodo, SearchX } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { jobsQuery, type JobFilters } from "../../api/queries";
import { useT, type Translate } from "../../i18n";
import { Button } from "../../kit/Button";
import { Id } from "../../kit/Copy";
import { DataTable, type Column } from "../../kit/DataTable";
import { Empty, ErrorBox, Loading } from "../../kit/Feedback";
import { Select } from "../../kit/Field";
import { FilterChip } from "../../kit/FilterChip";
import { JobState } from "../../kit/State";
import { Time } from "../../kit/Time";
import { novaOf } from "../../lib/commands";
import { count } from "../../lib/format";
import { FunctionFilter } from "../runs/FunctionFilter";
import { REASONS, said, STATUSES, type Job } from "./jobs";
import { NextAttempt } from "./NextAttempt";

interface Props {
  filters: JobFilters;
  /** Given on a function's own page, where the column says nothing. */
  fn?: string;
  onFilter: (filters: JobFilters) => void;
}

export function JobTable({ filters, fn, onFilter }: Props) {
  const t = useT();
  const navigate = useNavigate();
  const list = useInfiniteQuery(jobsQuery(filters, fn));
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  // Whoever has scrolled keeps the rows where they are: newer ones, whose ids are greater, wait.
  const [newest, setNewest] = useState<string | null>(null);
  const shown = useMemo(() => (newest === null ? rows : rows.filter((row) => row.id <= newest)), [rows, newest]);
  const scrolled = useCallback((away: boolean) => setNewest((now) => (away ? (now ?? rows[0]?.id ?? null) : null)), [rows]);
  const open = useCallback((row: Job) => void navigate({ to: "/jobs/$id", params: { id: row.id } }), [navigate]);
  const columns = useMemo(() => columnsOf(t, fn), [t, fn]);
  const set = (change: JobFilters) => {
    setNewest(null);
    onFilter({ ...filters, ...change });
  };
  const filtered = Boolean(filters.status || filters.function);
  return (
    <>
      <div className="tools">
        <Select label={t("column.state")} value={filters.status ?? ""} options={[["", t("runs.any_state")], ...STATUSES.map((one): [string, string] => [one, t(`state.${one}`)])]} onChange={(status) => set({ status: status || undefined })} />
        {fn ? null : filters.function ? <FilterChip text={`function:${filters.function}`} onDrop={() => set({ function: undefined })} /> : <FunctionFilter onChoose={(name) => set({ function: name })} />}
        {list.data ? <span className="count">{t("jobs.count", { n: rows.length, count: count(rows.length) + (list.hasNextPage ? "+" : "") })}</span> : null}
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
            <Empty icon={SearchX} title={t("jobs.none")} text={t("functions.none_text")}>
              <Button onClick={() => set({ status: undefined, function: undefined })}>{t("act.clear_filters")}</Button>
            </Empty>
          ) : (
            <Empty icon={ListTodo} title={t("jobs.empty")} text={t("jobs.empty_text")} command={novaOf({ name: fn ?? "hello", event: "{}", queue: true })}>
              {fn ? (
                <Link to="/functions/$name" params={{ name: fn }} className="btn" data-kind="primary">
                  {t("jobs.queue_one")}
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
        <DataTable label={t("nav.jobs")} columns={columns} rows={shown} rowKey={(row) => row.id} onOpen={open} more={list.hasNextPage} loadingMore={list.isFetchingNextPage} onEnd={() => void list.fetchNextPage()} news={rows.length - shown.length} onNews={() => setNewest(null)} onScrolled={scrolled} />
      ) : null}
    </>
  );
}

function columnsOf(t: Translate, fn: string | undefined): Column<Job>[] {
  const id: Column<Job> = {
    key: "id",
    head: t("column.job"),
    width: "112px",
    narrow: "minmax(0, 1fr)",
    // On a function's page the name says nothing; elsewhere there is only room for that.
    wide: !fn,
    cell: (row, narrow) => (
      <>
        <Id id={row.id} to="/jobs/$id" />
        {narrow ? <Below job={row} /> : null}
      </>
    ),
  };
  const name: Column<Job> = {
    key: "function",
    head: t("column.function"),
    width: "minmax(120px, 1.2fr)",
    cell: (row, narrow) => (
      <>
        <Link to="/functions/$name" params={{ name: row.function }} className="name">
          {row.function}
        </Link>
        {narrow ? <Below job={row} /> : null}
      </>
    ),
  };
  return [
    { key: "state", head: t("column.state"), width: "104px", narrow: "16px", cell: (row, narrow) => <JobState status={row.status} quiet={narrow} /> },
    id,
    ...(fn ? [] : [name]),
    { key: "attempt", head: t("column.attempt"), width: "72px", wide: true, cell: (row) => t("jobs.of", { n: row.attempt, most: row.max_attempts }) },
    { key: "error", head: t("column.error"), width: "minmax(110px, 3fr)", wide: true, cell: (row) => (troubled(row) ? <Why job={row} /> : null) },
    { key: "accepted", head: t("jobs.accepted"), width: "104px", wide: true, align: "end", cell: (row) => <Time at={row.created_at} /> },
    { key: "next", head: t("jobs.next_or_end"), width: "112px", narrow: "84px", align: "end", cell: (row) => <When job={row} /> },
  ];
}

/** Whether there is a failure that still matters. */
const troubled = (job: Job) => job.status !== "succeeded" && Boolean(job.reason || job.last_error);

/** Why a job is dead, and what its last attempt failed by. */
function Why({ job }: { job: Job }) {
  const t = useT();
  const parts = [job.reason && t(REASONS[job.reason]), job.last_error && said(job.last_error)];
  return <span className="bad">{parts.filter(Boolean).join(" · ")}</span>;
}

/** What a narrow row says below its name. */
function Below({ job }: { job: Job }) {
  const t = useT();
  return <span className="below">{troubled(job) ? <Why job={job} /> : t("jobs.attempt_of", { n: job.attempt, most: job.max_attempts })}</span>;
}

function When({ job }: { job: Job }) {
  if (job.next_attempt_at) return <NextAttempt at={job.next_attempt_at} />;
  return job.ended_at ? <Time at={job.ended_at} /> : "–";
}
