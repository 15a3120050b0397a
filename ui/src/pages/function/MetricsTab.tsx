import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { REFRESH, statsQuery } from "../../api/queries";
import { useT } from "../../i18n";
import { ErrorBox, Loading } from "../../kit/Feedback";
import { Range } from "../../kit/Range";
import { RunCharts, RunNumbers } from "../../kit/RunCharts";
import { Failing } from "../overview/Failing";
import { DeployLegend, useDeploys } from "./DeployMarks";

const route = getRouteApi("/functions/$name/metrics");
const page = getRouteApi("/functions/$name");

export function MetricsTab() {
  const t = useT();
  const { name } = page.useParams();
  const search = route.useSearch();
  const navigate = useNavigate();
  const go = (next: typeof search) => void navigate({ to: "/functions/$name/metrics", params: { name }, search: next });
  const range = { since: search.since ?? "1h", until: search.until };
  const stats = useQuery({ ...statsQuery(range, name), refetchInterval: 2 * REFRESH, placeholderData: keepPreviousData });
  const { deploys, marks, exact } = useDeploys(name, range, stats.data);
  return (
    <>
      <div className="tools">
        <Range value={search} onChange={go} />
        <span className="small">{t("chart.zoom")}</span>
      </div>
      {stats.error && !stats.data ? <ErrorBox error={stats.error} retry={() => void stats.refetch()} /> : null}
      {stats.data ? (
        <>
          {stats.data.failing.length > 0 ? <Failing title={t("metrics.failing")} groups={stats.data.failing} tone={stats.data.failing.some((one) => !one.recovered) ? "bad" : "off"} /> : null}
          <RunNumbers stats={stats.data} />
          <DeployLegend name={name} deploys={deploys} exact={exact} />
          <RunCharts stats={stats.data} all marks={marks} onZoom={(from, to) => go({ since: new Date(from).toISOString(), until: new Date(to).toISOString() })} />
        </>
      ) : stats.error ? null : (
        <Loading />
      )}
    </>
  );
}
