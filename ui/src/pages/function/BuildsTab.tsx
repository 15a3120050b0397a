import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Hammer } from "lucide-react";
import { api, data } from "../../api/client";
import { functionQuery, REFRESH, versionsQuery } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { CopyButton } from "../../kit/Copy";
import { Empty, ErrorBox, Loading } from "../../kit/Feedback";
import { BuildState } from "../../kit/State";
import { Time } from "../../kit/Time";

const route = getRouteApi("/functions/$name/builds");
const page = getRouteApi("/functions/$name");

const going = (status: string) => status === "pending" || status === "compiling";

/** Builds of compiled code and of packages, with what they printed. */
export function BuildsTab() {
  const t = useT();
  const { name } = page.useParams();
  const { version } = route.useSearch();
  const navigate = useNavigate();
  const fn = useQuery(functionQuery(name));
  const list = useInfiniteQuery({
    ...versionsQuery(name),
    refetchInterval: (query) => (query.state.data?.pages.some((one) => one.items.some((row) => going(row.compile_status))) ? REFRESH : false),
  });
  const rows = (list.data?.pages.flatMap((one) => one.items) ?? []).filter((row) => row.compile_status !== "not_required");
  const chosen = version ? Number(version) : rows[0]?.version;
  const build = useQuery({
    queryKey: ["function", name, "build", chosen],
    queryFn: ({ signal }) => data(api.GET("/functions/{name}/versions/{version}", { params: { path: { name, version: chosen ?? 0 } }, signal })),
    enabled: chosen !== undefined,
    refetchInterval: (query) => (query.state.data && going(query.state.data.compile_status) ? REFRESH : false),
  });
  if (list.error && !list.data) return <ErrorBox error={list.error} retry={() => void list.refetch()} />;
  if (!list.data) return <Loading />;
  if (rows.length === 0) {
    return (
      <div className="card">
        <Empty icon={Hammer} title={t("builds.none")} text={t("builds.none_text", { runtime: fn.data?.runtime ?? "" })} />
      </div>
    );
  }
  return (
    <div className="builds">
      <nav className="card builds-list" aria-label={t("tab.builds")}>
        {rows.map((row) => (
          <Link key={row.version} to="/functions/$name/builds" params={{ name }} search={{ version: String(row.version) }} replace aria-current={row.version === chosen ? "true" : undefined}>
            <span className="row">
              <strong>v{row.version}</strong>
              <BuildState status={row.compile_status} />
            </span>
            <span className="small">
              <Time at={row.created_at} />
            </span>
          </Link>
        ))}
        {list.hasNextPage ? (
          <Button kind="plain" onClick={() => void list.fetchNextPage()}>
            {t("list.more")}
          </Button>
        ) : null}
      </nav>
      <section className="card" aria-label={t("builds.log_of", { version: chosen ?? "" })}>
        <div className="card-head">
          <h2>{t("builds.log_of", { version: chosen ?? "" })}</h2>
          {build.data ? <BuildState status={build.data.compile_status} boxed /> : null}
          <div className="acts">
            {build.data?.compile_output ? <CopyButton text={build.data.compile_output} /> : null}
            <Button size="small" onClick={() => void navigate({ to: "/functions/$name", params: { name }, search: { version: String(chosen) } })}>
              {t("builds.to_code")}
            </Button>
          </div>
        </div>
        {build.error && !build.data ? (
          <div className="card-body">
            <ErrorBox error={build.error} retry={() => void build.refetch()} />
          </div>
        ) : build.data ? (
          <pre className="raw card-body" tabIndex={0}>
            {build.data.compile_output || t(going(build.data.compile_status) ? "builds.waiting" : "builds.silent")}
          </pre>
        ) : (
          <Loading />
        )}
      </section>
    </div>
  );
}
