import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Outlet, useMatchRoute } from "@tanstack/react-router";
import { SearchX } from "lucide-react";
import { useMay } from "../../api/me";
import { Problem } from "../../api/problem";
import { functionQuery, REFRESH } from "../../api/queries";
import { useT } from "../../i18n";
import { Empty, ErrorBox, Loading, Skeleton } from "../../kit/Feedback";
import { BuildState } from "../../kit/State";
import { TabRow } from "../../kit/Tabs";
import { useDraft } from "./drafts";

const route = getRouteApi("/functions/$name");

/** Tabs that take the whole height. */
const FILLED = ["/functions/$name", "/functions/$name/runs", "/functions/$name/jobs", "/functions/$name/logs"] as const;

/** A function: its name and state, and the tabs, which are pages of their own. */
export function FunctionPage() {
  const t = useT();
  const { name } = route.useParams();
  const may = useMay(name);
  const fn = useQuery({
    ...functionQuery(name),
    refetchInterval: (query) => (["pending", "compiling"].includes(query.state.data?.compile_status ?? "") ? REFRESH : 3 * REFRESH),
  });
  const dirty = Object.keys(useDraft(name)).length > 0;
  const matches = useMatchRoute();
  const filled = FILLED.some((to) => matches({ to, params: { name } }));
  if (fn.error && !fn.data) {
    return (
      <div className="page">
        {fn.error instanceof Problem && fn.error.status === 404 ? (
          <Empty icon={SearchX} title={t("function.missing", { name })} text={t("function.missing_text")}>
            <Link to="/functions" className="btn" data-kind="primary">
              {t("function.to_list")}
            </Link>
          </Empty>
        ) : (
          <ErrorBox error={fn.error} retry={() => void fn.refetch()} />
        )}
      </div>
    );
  }
  return (
    <div className="page" data-fill={filled ? "" : undefined} style={{ gap: 16 }}>
      <div className="page-head">
        <h1>{name}</h1>
        {fn.data ? (
          <>
            <BuildState status={fn.data.compile_status} boxed />
            <span className="tag">{fn.data.runtime}</span>
            <span className="tag">v{fn.data.version}</span>
            {fn.data.latest_version > fn.data.version ? <span className="small">{t("function.latest", { version: fn.data.latest_version })}</span> : null}
            <span className="page-sub">{fn.data.description}</span>
          </>
        ) : (
          <Skeleton width={200} height={20} />
        )}
      </div>
      <TabRow label={t("function.tabs")}>
        <Link to="/functions/$name" params={{ name }} className="tab" activeOptions={{ exact: true, includeSearch: false }}>
          {t("tab.code")}
          {dirty ? (
            <span aria-label={t("code.unsaved")} title={t("code.unsaved")}>
              {" "}
              •
            </span>
          ) : null}
        </Link>
        {may("log:read") ? (
          <>
            <Link to="/functions/$name/runs" params={{ name }} className="tab">
              {t("tab.runs")}
            </Link>
            <Link to="/functions/$name/jobs" params={{ name }} className="tab">
              {t("tab.jobs")}
            </Link>
            <Link to="/functions/$name/logs" params={{ name }} className="tab">
              {t("tab.logs")}
            </Link>
            <Link to="/functions/$name/metrics" params={{ name }} className="tab">
              {t("tab.metrics")}
            </Link>
          </>
        ) : null}
        <Link to="/functions/$name/versions" params={{ name }} className="tab">
          {t("tab.versions")}
        </Link>
        <Link to="/functions/$name/builds" params={{ name }} className="tab" activeOptions={{ includeSearch: false }}>
          {t("tab.builds")}
        </Link>
        <Link to="/functions/$name/traffic" params={{ name }} className="tab">
          {t("tab.traffic")}
        </Link>
        <Link to="/functions/$name/access" params={{ name }} className="tab">
          {t("tab.access")}
        </Link>
        <Link to="/functions/$name/configuration" params={{ name }} className="tab">
          {t("tab.configuration")}
        </Link>
      </TabRow>
      {fn.data ? <Outlet /> : <Loading />}
    </div>
  );
}
