import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Hammer } from "lucide-react";
import { functionQuery, REFRESH, versionsQuery } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { Empty, ErrorBox, Loading } from "../../kit/Feedback";
import { BuildState } from "../../kit/State";
import { Time } from "../../kit/Time";
import { BuildLogView } from "./BuildLogView";

const route = getRouteApi("/functions/$name/builds");
const page = getRouteApi("/functions/$name");

const going = (status: string) => status === "pending" || status === "compiling";

/** Builds of compiled code and of packages, with what they print. */
export function BuildsTab() {
  const t = useT();
  const { name } = page.useParams();
  const { version } = route.useSearch();
  const fn = useQuery(functionQuery(name));
  const list = useInfiniteQuery({
    ...versionsQuery(name),
    refetchInterval: (query) => (query.state.data?.pages.some((one) => one.items.some((row) => going(row.compile_status))) ? REFRESH : false),
  });
  const rows = (list.data?.pages.flatMap((one) => one.items) ?? []).filter((row) => row.compile_status !== "not_required");
  const chosen = /^\d+$/.test(version ?? "") ? Number(version) : rows[0]?.version;
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
      {chosen === undefined ? null : <BuildLogView key={chosen} name={name} version={chosen} status={rows.find((row) => row.version === chosen)?.compile_status} />}
    </div>
  );
}
