import { useQuery } from "@tanstack/react-query";
import { CircleAlert, Gauge, Plus, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { api, data, scope, type Schemas } from "../../api/client";
import { useMe } from "../../api/me";
import { REFRESH } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { Dialog } from "../../kit/Dialog";
import { Empty, ErrorBox, Loading } from "../../kit/Feedback";
import { Field } from "../../kit/Field";
import { State } from "../../kit/State";
import { useAct } from "../../kit/useAct";
import { useStore } from "../../lib/store";
import { inUnits, NAMES, parseLimit, QUOTAS, share, type Quota } from "./quota";

type View = Schemas["QuotaView"];

/** How much of what the tenant has, and how much it may have. */
export function Quotas() {
  const t = useT();
  const me = useMe();
  const now = useStore(scope);
  const list = useQuery({ queryKey: ["quotas"], queryFn: ({ signal }) => data(api.GET("/quotas", { signal })), refetchInterval: 2 * REFRESH });
  const [editing, setEditing] = useState<{ quota: Quota; namespace: string; view?: View } | null>(null);
  // Limits are set for tenants by those who run the server.
  const manage = me?.superadmin ?? false;
  const rows = list.data?.items ?? [];
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("nav.quotas")}</h1>
        <div className="acts">
          {manage ? (
            <Button kind="primary" onClick={() => setEditing({ quota: "functions", namespace: "" })}>
              <Plus size={15} aria-hidden />
              {t("quotas.set")}
            </Button>
          ) : null}
        </div>
      </div>
      <p className="page-sub prose">{t("quotas.about", { tenant: now.tenant })}</p>
      {list.error && !list.data ? <ErrorBox error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.data && rows.length === 0 ? (
        <div className="card">
          <Empty icon={Gauge} title={t("quotas.empty")} text={t("quotas.empty_text")} />
        </div>
      ) : null}
      {rows.length > 0 ? (
        <section className="card prose" aria-label={t("nav.quotas")}>
          <ul className="quotas">
            {rows.map((row) => (
              <li key={`${row.namespace ?? ""}:${row.quota}`}>
                <Row row={row} />
                {manage ? (
                  <Button size="small" onClick={() => setEditing({ quota: row.quota as Quota, namespace: row.namespace ?? "", view: row })} aria-label={t("quotas.change_of", { name: t(NAMES[row.quota as Quota] ?? "quotas.functions") })}>
                    {t("quotas.change")}
                  </Button>
                ) : null}
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <Dialog open={editing !== null} onClose={() => setEditing(null)} title={t("quotas.set_title", { tenant: now.tenant })} about={t("quotas.set_about")}>
        {editing ? <Edit start={editing} tenant={now.tenant} onDone={() => setEditing(null)} /> : null}
      </Dialog>
    </div>
  );
}

function Row({ row }: { row: View }) {
  const t = useT();
  const limit = row.hard ?? row.soft ?? null;
  const used = row.used ?? null;
  const tone = row.hard_reached ? "bad" : row.soft_reached ? "wait" : "ok";
  const name = t(NAMES[row.quota as Quota] ?? "quotas.functions");
  const value = used === null ? "–" : inUnits(row.quota, used);
  return (
    <div className="quota" data-tone={tone}>
      <div className="row">
        <strong>{name}</strong>
        {row.namespace ? <span className="tag">{row.namespace}</span> : null}
        {row.quota === "invocations" && row.window_s ? <span className="small">{t("quotas.window", { n: row.window_s })}</span> : null}
        {row.of_this_server ? <span className="small">{t("quotas.of_this_server")}</span> : null}
        {row.hard_reached ? <State tone="bad" icon={CircleAlert} text={t("quotas.hard_reached")} /> : row.soft_reached ? <State tone="wait" icon={TriangleAlert} text={t("quotas.soft_reached")} /> : null}
        <span className="grow" />
        <span className="numbers">
          {value} {limit === null ? <span className="muted">{t("quotas.unlimited")}</span> : <span className="muted">{t("quotas.of", { limit: inUnits(row.quota, limit) })}</span>}
        </span>
      </div>
      {limit !== null && used !== null ? (
        <div className="quota-bar" role="meter" aria-label={name} aria-valuemin={0} aria-valuemax={limit} aria-valuenow={Math.min(used, limit)} aria-valuetext={`${value} / ${inUnits(row.quota, limit)}`}>
          <span style={{ width: `${share(used, limit)}%` }} />
          {row.hard && row.soft ? <i style={{ left: `${share(row.soft, row.hard)}%` }} title={t("quotas.soft_at", { value: inUnits(row.quota, row.soft) })} /> : null}
        </div>
      ) : null}
    </div>
  );
}

const text = (value: number | null | undefined) => (value === null || value === undefined ? "" : String(value));

function Edit({ start, tenant, onDone }: { start: { quota: Quota; namespace: string; view?: View }; tenant: string; onDone: () => void }) {
  const t = useT();
  const me = useMe();
  const [quota, setQuota] = useState<Quota>(start.quota);
  const [namespace, setNamespace] = useState(start.namespace);
  const [hard, setHard] = useState(text(start.view?.hard));
  const [soft, setSoft] = useState(text(start.view?.soft));
  const [window_s, setWindow] = useState(text(start.view?.window_s) || "60");
  const { act, busy, error } = useAct("quotas");
  const limits = { hard: parseLimit(quota, hard), soft: parseLimit(quota, soft) };
  const rule = t(quota === "storage_bytes" ? "quotas.bytes_rule" : "quotas.number_rule");
  const seconds = Number(window_s);
  const goodWindow = quota !== "invocations" || (Number.isInteger(seconds) && seconds >= 1 && seconds <= 2_678_400);
  const none = limits.hard === null && limits.soft === null;
  const order = typeof limits.hard === "number" && typeof limits.soft === "number" && limits.soft > limits.hard;
  const ready = limits.hard !== undefined && limits.soft !== undefined && !none && !order && goodWindow;
  const path = { tenant, quota };
  const query = { namespace: namespace || undefined };
  const namespaces = me?.scopes.find((one) => one.tenant === tenant)?.namespaces ?? [];
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready || busy) return;
        void act(() => data(api.PUT("/tenants/{tenant}/quotas/{quota}", { params: { path, query }, body: { hard: limits.hard ?? undefined, soft: limits.soft ?? undefined, window_s: quota === "invocations" ? seconds : undefined } })), t("quotas.done")).then(({ done }) => done && onDone());
      }}
    >
      <div className="grid-2">
        <Field label={t("quotas.what")}>
          {(id) => (
            <select id={id} className="select" value={quota} disabled={start.view !== undefined} onChange={(event) => setQuota(event.target.value as Quota)}>
              {QUOTAS.map((one) => (
                <option key={one} value={one}>
                  {t(NAMES[one])}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t("quotas.where")}>
          {(id) => (
            <select id={id} className="select" value={namespace} disabled={start.view !== undefined} onChange={(event) => setNamespace(event.target.value)}>
              <option value="">{t("quotas.whole")}</option>
              {[...new Set([...namespaces, ...(start.namespace ? [start.namespace] : [])])].map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t("quotas.hard")} hint={t("quotas.hard_about")} wrong={limits.hard === undefined ? rule : undefined}>
          {(id, described) => <input id={id} className="input" value={hard} aria-describedby={described} placeholder={t("quotas.unlimited")} onChange={(event) => setHard(event.target.value)} />}
        </Field>
        <Field label={t("quotas.soft")} hint={t("quotas.soft_about")} wrong={limits.soft === undefined ? rule : order ? t("quotas.order") : undefined}>
          {(id, described) => <input id={id} className="input" value={soft} aria-describedby={described} placeholder={t("quotas.unlimited")} onChange={(event) => setSoft(event.target.value)} />}
        </Field>
        {quota === "invocations" ? (
          <Field label={t("quotas.window_label")} wrong={goodWindow ? undefined : t("quotas.window_rule")}>
            {(id, described) => <input id={id} className="input" inputMode="numeric" value={window_s} aria-describedby={described} onChange={(event) => setWindow(event.target.value)} />}
          </Field>
        ) : null}
      </div>
      {error ? <ErrorBox error={error} /> : null}
      <div className="acts">
        {start.view && (start.view.hard != null || start.view.soft != null) ? (
          <Button disabled={busy} onClick={() => void act(() => data(api.DELETE("/tenants/{tenant}/quotas/{quota}", { params: { path, query } })), t("quotas.gone")).then(({ done }) => done && onDone())}>
            {t("quotas.unset")}
          </Button>
        ) : null}
        <Button type="submit" kind="primary" disabled={!ready || busy}>
          {t("quotas.set")}
        </Button>
      </div>
    </form>
  );
}
