import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Ban, CircleCheck, SearchX, Trash2 } from "lucide-react";
import { useState } from "react";
import { api, data } from "../../api/client";
import { useCan } from "../../api/me";
import { servicesQuery, usePages } from "../../api/pages";
import { Problem } from "../../api/problem";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { Id } from "../../kit/Copy";
import { ConfirmName } from "../../kit/Dialog";
import { Empty, ErrorBox, Loading } from "../../kit/Feedback";
import { State } from "../../kit/State";
import { Time } from "../../kit/Time";
import { toast } from "../../kit/toast";
import { holderOf } from "./KeyList";

const route = getRouteApi("/keys/$id");

/** One key: what it may, when it was used, its end. */
export function KeyPage() {
  const t = useT();
  const { id } = route.useParams();
  const { of } = route.useSearch();
  const server = of === "server";
  const can = useCan();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const services = usePages({ ...servicesQuery, enabled: can("service_account:read") });
  const [open, setOpen] = useState(false);
  const key = useQuery({ queryKey: ["key", id, server], queryFn: ({ signal }) => data(api.GET("/keys/{id}", { params: { path: { id }, query: { server } }, signal })) });
  if (key.error && !key.data) {
    return (
      <div className="page">
        {key.error instanceof Problem && key.error.status === 404 ? (
          <Empty icon={SearchX} title={t("keys_page.missing")} text={t("keys_page.missing_text")}>
            <Link to="/keys" className="btn" data-kind="primary">
              {t("keys_page.to_list")}
            </Link>
          </Empty>
        ) : (
          <ErrorBox error={key.error} retry={() => void key.refetch()} />
        )}
      </div>
    );
  }
  if (!key.data) return <Loading />;
  const one = key.data;
  return (
    <div className="page">
      <div className="page-head">
        <h1>{one.name}</h1>
        {one.expired ? <State tone="off" icon={Ban} text={t("keys_page.expired")} boxed /> : <State tone="ok" icon={CircleCheck} text={t("keys_page.valid")} boxed />}
      </div>
      <div className="stack prose">
        <section className="card card-body" aria-label={t("secrets.facts")}>
          <dl className="facts">
            <div>
              <dt>{t("keys_page.begins")}</dt>
              <dd className="mono">{one.prefix}…</dd>
            </div>
            <div>
              <dt>{t("keys_page.holder")}</dt>
              <dd>{holderOf(one, services.rows, t)}</dd>
            </div>
            {one.function ? (
              <div>
                <dt>{t("keys_page.of_function")}</dt>
                <dd className="mono">{one.function}</dd>
              </div>
            ) : null}
            {one.aws ? (
              <div>
                <dt>{t("keys_page.kind")}</dt>
                <dd>{t("keys_page.pair")}</dd>
              </div>
            ) : null}
            <div>
              <dt>{t("keys_page.used")}</dt>
              <dd>{one.last_used_at ? <Time at={one.last_used_at} /> : t("keys_page.unused")}</dd>
            </div>
            <div>
              <dt>{t("people.ends")}</dt>
              <dd>{one.expires_at ? <Time at={one.expires_at} future /> : t("keys_page.never")}</dd>
            </div>
            <div>
              <dt>{t("secrets.created_at")}</dt>
              <dd>
                <Time at={one.created_at} />
              </dd>
            </div>
            <div>
              <dt>{t("keys_page.id")}</dt>
              <dd>
                <Id id={one.id} />
              </dd>
            </div>
          </dl>
        </section>
        <section className="card" aria-label={t("roles.roles")}>
          <div className="card-head">
            <h2>{t("roles.roles")}</h2>
          </div>
          {one.roles && one.roles.length > 0 ? (
            <table className="plain-table">
              <thead>
                <tr>
                  <th>{t("people.role")}</th>
                  <th>{t("roles.namespaces")}</th>
                  <th>{t("roles.resources")}</th>
                </tr>
              </thead>
              <tbody>
                {one.roles.map((role, index) => (
                  <tr key={index}>
                    <td>{role.role}</td>
                    <td className="mono">{role.namespaces ?? "*"}</td>
                    <td className="mono">{role.resources ?? "*"}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          ) : (
            <p className="card-body small">{t("keys_page.as_holder")}</p>
          )}
        </section>
        {can("key:manage") ? (
          <section className="card" aria-label={t("keys_page.revoke_title")}>
            <div className="card-body row">
              <div className="grow">
                <h2 style={{ fontSize: 13.5 }}>{t("keys_page.revoke_title")}</h2>
                <p className="small">{t("delete.about")}</p>
              </div>
              <Button kind="danger" onClick={() => setOpen(true)}>
                <Trash2 size={14} aria-hidden />
                {t("keys_page.revoke", { name: one.name })}
              </Button>
            </div>
            <ConfirmName
              open={open}
              onClose={() => setOpen(false)}
              title={t("keys_page.revoke_ask", { name: one.name })}
              name={one.name}
              verb={t("keys_page.revoke", { name: one.name })}
              plan={
                <ul className="dots">
                  <li>{t("keys_page.revoke_calls")}</li>
                  <li>{t("keys_page.revoke_sessions")}</li>
                </ul>
              }
              act={async () => {
                await data(api.DELETE("/keys/{id}", { params: { path: { id }, query: { server } } }));
                toast(t("keys_page.revoked", { name: one.name }));
                await navigate({ to: "/keys", search: { of } });
                queries.removeQueries({ queryKey: ["key", id] });
                await queries.invalidateQueries({ queryKey: ["keys"] });
              }}
            />
          </section>
        ) : null}
      </div>
    </div>
  );
}
