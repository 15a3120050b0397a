import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { SearchX } from "lucide-react";
import { api, data } from "../../api/client";
import { Problem } from "../../api/problem";
import { useT } from "../../i18n";
import { Id } from "../../kit/Copy";
import { Empty, ErrorBox, Loading } from "../../kit/Feedback";
import { JsonView } from "../../kit/JsonView";
import { Stamp } from "../../kit/Time";
import { useActor } from "./actor";
import { differences, pageOf } from "./audit";
import { Outcome } from "./AuditList";

const route = getRouteApi("/audit/$seq");

const shown = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** One entry: who, what, from where, and the values before and after. */
export function AuditPage() {
  const t = useT();
  const { seq } = route.useParams();
  const { of } = route.useSearch();
  const actor = useActor();
  const entry = useQuery({
    queryKey: ["audit-entry", seq, of],
    staleTime: Infinity,
    queryFn: ({ signal }) => data(api.GET("/audit/{seq}", { params: { path: { seq }, query: { server: of === "server" } }, signal })),
  });
  if (entry.error && !entry.data) {
    return (
      <div className="page">
        {entry.error instanceof Problem && entry.error.status === 404 ? (
          <Empty icon={SearchX} title={t("audit.missing")} text={t("audit.missing_text")}>
            <Link to="/audit" className="btn" data-kind="primary">
              {t("audit.to_list")}
            </Link>
          </Empty>
        ) : (
          <ErrorBox error={entry.error} retry={() => void entry.refetch()} />
        )}
      </div>
    );
  }
  if (!entry.data) return <Loading />;
  const one = entry.data;
  const rows = differences(one);
  const page = pageOf(one);
  return (
    <div className="page">
      <div className="page-head">
        <h1>{one.operation}</h1>
        <Outcome outcome={one.outcome} />
        <span className="page-sub">
          {page ? <Link to={page}>{`${one.resource.kind} ${one.resource.name}`}</Link> : `${one.resource.kind} ${one.resource.name}`}
        </span>
      </div>
      <section className="card card-body" aria-label={t("secrets.facts")}>
        <dl className="facts">
          <div>
            <dt>{t("audit.who")}</dt>
            <dd>{actor(one)}</dd>
          </div>
          <div>
            <dt>{t("column.when")}</dt>
            <dd>
              <Stamp at={one.at} />
            </dd>
          </div>
          <div>
            <dt>{t("audit.permission")}</dt>
            <dd className="mono">{one.action || "–"}</dd>
          </div>
          <div>
            <dt>{t("scope.title")}</dt>
            <dd className="mono">{[one.tenant ?? t("of.server"), one.namespace].filter(Boolean).join(" / ")}</dd>
          </div>
          <div>
            <dt>{t("audit.address")}</dt>
            <dd className="mono">{one.address ?? "–"}</dd>
          </div>
          {one.error ? (
            <div>
              <dt>{t("column.error")}</dt>
              <dd className="mono">{one.error}</dd>
            </div>
          ) : null}
          {one.request_id ? (
            <div>
              <dt>{t("error.request")}</dt>
              <dd>
                <Id id={one.request_id} />
              </dd>
            </div>
          ) : null}
          <div>
            <dt>{t("audit.hash", { seq: one.seq })}</dt>
            <dd>
              <Id id={one.hash} />
            </dd>
          </div>
        </dl>
      </section>
      {rows.length > 0 ? (
        <section className="card" aria-label={t("audit.changed")}>
          <div className="card-head">
            <h2>{t("audit.changed")}</h2>
          </div>
          <div className="scroll-x" tabIndex={0}>
            <table className="plain-table">
              <thead>
                <tr>
                  <th>{t("audit.path")}</th>
                  <th>{t("audit.before")}</th>
                  <th>{t("audit.after")}</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.path}>
                    <td className="mono">{row.path}</td>
                    {row.before === undefined && row.after === undefined ? (
                      <td colSpan={2} className="muted">
                        {t("audit.hidden")}
                      </td>
                    ) : (
                      <>
                        <td className="mono">{row.before === undefined ? <span className="muted">{t("audit.nothing")}</span> : shown(row.before)}</td>
                        <td className="mono">{row.after === undefined ? <span className="muted">{t("audit.nothing")}</span> : shown(row.after)}</td>
                      </>
                    )}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      ) : null}
      <div className="grid-2">
        {(["before", "after"] as const).map((part) =>
          one[part] === null || one[part] === undefined ? null : (
            <section key={part} className="card" aria-label={t(`audit.${part}`)}>
              <div className="card-head">
                <h2>{t(`audit.${part}`)}</h2>
              </div>
              <div className="card-body">
                <JsonView value={one[part]} />
              </div>
            </section>
          ),
        )}
      </div>
    </div>
  );
}
