import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { CircleCheck, FunctionSquare, Plus } from "lucide-react";
import { api, data, type Schemas } from "../../api/client";
import { fetchRuns, healthQuery, REFRESH, statsQuery, systemQuery } from "../../api/queries";
import { useCan } from "../../api/me";
import { useT } from "../../i18n";
import { Id } from "../../kit/Copy";
import { Empty, ErrorBox, Skeleton } from "../../kit/Feedback";
import { Range } from "../../kit/Range";
import { RunCharts, RunNumbers } from "../../kit/RunCharts";
import { RunState } from "../../kit/State";
import { Time } from "../../kit/Time";
import { count, duration } from "../../lib/format";
import { DeployLegend, useDeploys } from "../function/DeployMarks";
import { Failing } from "./Failing";
import { Troubles } from "./Troubles";

const route = getRouteApi("/");

export function Overview() {
  const t = useT();
  const search = route.useSearch();
  const navigate = useNavigate();
  const range = { since: search.since ?? "1h", until: search.until };
  const can = useCan();
  const stats = useQuery({ ...statsQuery(range), refetchInterval: 2 * REFRESH, placeholderData: keepPreviousData });
  const any = useQuery({ queryKey: ["functions", "any"], queryFn: ({ signal }) => data(api.GET("/functions", { params: { query: { limit: 1 } }, signal })), enabled: can("function:read") });
  const latest = useQuery({ queryKey: ["runs", "latest"], queryFn: ({ signal }) => fetchRuns({}, undefined, 8, signal), refetchInterval: REFRESH });
  const health = useQuery({ ...healthQuery, refetchInterval: 2 * REFRESH });
  const system = useQuery({ ...systemQuery, refetchInterval: 6 * REFRESH, retry: false, enabled: can("system:read") });
  const { deploys, marks, exact } = useDeploys(undefined, range, stats.data);

  if (any.data?.items.length === 0) {
    return (
      <div className="page">
        <div className="page-head">
          <h1>{t("nav.overview")}</h1>
        </div>
        <Troubles health={health.data} system={system.data} />
        <div className="card">
          <Empty icon={FunctionSquare} title={t("overview.first")} text={t("functions.empty_text")} command="nova init python hello && nova deploy hello">
            {can("function:create") ? (
              <Link to="/functions/new" className="btn" data-kind="primary">
                <Plus size={15} aria-hidden />
                {t("create.title")}
              </Link>
            ) : null}
          </Empty>
        </div>
      </div>
    );
  }

  const failing = stats.data?.failing.filter((one) => !one.recovered) ?? [];
  const recovered = stats.data?.failing.filter((one) => one.recovered) ?? [];
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("nav.overview")}</h1>
        <div className="acts">
          <Range value={search} onChange={(next) => void navigate({ to: "/", search: next })} />
        </div>
      </div>
      <Troubles health={health.data} system={system.data} />
      {stats.error && !stats.data ? <ErrorBox error={stats.error} retry={() => void stats.refetch()} /> : null}
      {stats.data ? (
        <>
          {failing.length > 0 ? (
            <Failing title={t("overview.failing", { n: failing.length })} groups={failing} tone="bad" />
          ) : (
            <p className="state" data-tone="ok" style={{ fontSize: 14 }}>
              <CircleCheck size={16} aria-hidden />
              {t("overview.fine")}
            </p>
          )}
          <RunNumbers stats={stats.data} />
          <RunCharts stats={stats.data} marks={marks} onZoom={(from, to) => void navigate({ to: "/", search: { since: new Date(from).toISOString(), until: new Date(to).toISOString() } })} />
          <DeployLegend deploys={deploys} exact={exact} />
          {recovered.length > 0 ? <Failing title={t("overview.recovered", { n: recovered.length })} groups={recovered} tone="off" /> : null}
        </>
      ) : stats.error ? null : (
        <>
          <Skeleton height={22} width={260} />
          <div className="grid-4">
            {[0, 1, 2, 3].map((one) => (
              <Skeleton key={one} height={96} />
            ))}
          </div>
          <div className="grid-2">
            <Skeleton height={206} />
            <Skeleton height={206} />
          </div>
        </>
      )}
      {system.data ? <Sandboxes keeper={system.data.keeper} /> : can("system:read") && !system.error ? <Skeleton height={50} /> : null}
      <section className="card">
        <div className="card-head">
          <h2>{t("overview.latest")}</h2>
          <div className="acts">
            <Link to="/runs" className="btn" data-size="small">
              {t("overview.all_runs")}
            </Link>
          </div>
        </div>
        {latest.data?.items.length === 0 ? <p className="card-body muted">{t("runs.empty_text")}</p> : null}
        <div className="scroll-x" tabIndex={0}>
          <table className="plain-table">
            <tbody>
              {(latest.data?.items ?? []).map((run) => (
                <tr key={run.id}>
                  <td>
                    <RunState status={run.status} />
                  </td>
                  <td>
                    <Link to="/functions/$name" params={{ name: run.function }}>
                      {run.function}
                    </Link>{" "}
                    <span className="muted">v{run.version}</span>
                  </td>
                  <td>
                    <Id id={run.id} to="/runs/$id" />
                  </td>
                  <td data-align="end">{duration(run.duration_ms)}</td>
                  <td data-align="end" className="muted">
                    <Time at={run.started_at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </div>
  );
}

/** How many sandboxes there are, by what they are at. */
function Sandboxes({ keeper }: { keeper: Schemas["SystemView"]["keeper"] }) {
  const t = useT();
  const sum = (part: "ready" | "starting") => keeper.stock.reduce((total, one) => total + one[part], 0);
  const [ready, starting] = [sum("ready"), sum("starting")];
  const states: [string, number][] = [
    [t("overview.of_functions"), Math.max(0, keeper.sandboxes - ready - starting)],
    [t("overview.in_stock"), ready],
    [t("overview.starting"), starting],
  ];
  return (
    <section className="card card-body row" aria-label={t("system.sandboxes")}>
      <strong style={{ fontSize: 13.5 }}>
        <Link to="/system">{t("system.sandboxes")}</Link>
      </strong>
      {states.map(([name, value]) => (
        <span key={name} className="tag">
          {name} {count(value)}
        </span>
      ))}
    </section>
  );
}
