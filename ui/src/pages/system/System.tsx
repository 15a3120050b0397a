import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { CircleAlert, CircleCheck, CircleX, ShieldCheck, ShieldX } from "lucide-react";
import type { ReactNode } from "react";
import { healthQuery, REFRESH, runtimesQuery, systemQuery } from "../../api/queries";
import { useT } from "../../i18n";
import { Command } from "../../kit/Copy";
import { ErrorBox, Loading, Note } from "../../kit/Feedback";
import { Search } from "../../kit/Field";
import { State } from "../../kit/State";
import { bytes, count, duration } from "../../lib/format";

const route = getRouteApi("/system");

/** The server: health, isolation, runtimes, settings and where they came from. */
export function System() {
  const t = useT();
  const health = useQuery({ ...healthQuery, refetchInterval: 2 * REFRESH });
  const system = useQuery({ ...systemQuery, refetchInterval: 2 * REFRESH });
  const runtimes = useQuery(runtimesQuery);
  const parts = Object.entries(health.data?.components ?? {});
  const well = health.data?.status === "ok";
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("nav.system")}</h1>
        {health.data ? <State tone={well ? "ok" : "bad"} icon={well ? CircleCheck : CircleX} text={t(well ? "system.well" : "system.not_well")} boxed /> : null}
      </div>
      {system.data?.dev ? (
        <Note tone="wait" icon={CircleAlert}>
          <span>{t("system.dev")}</span>
        </Note>
      ) : null}
      {health.error && !health.data ? <ErrorBox error={health.error} retry={() => void health.refetch()} /> : null}
      <div className="grid-4">
        <Number name={t("system.version")} value={health.data?.version ?? "–"} />
        <Number name={t("system.uptime")} value={health.data ? duration(health.data.uptime_s * 1000) : "–"} />
        <Number name={t("system.sandboxes")} value={system.data ? count(system.data.keeper.sandboxes) : "–"} note={system.data ? t("system.stocked", { n: system.data.keeper.stock.reduce((sum, one) => sum + one.ready, 0) }) : undefined} />
        <Number name={t("system.launched")} value={system.data ? count(system.data.keeper.launched_total) : "–"} note={system.data ? t("system.from_stock", { n: count(system.data.keeper.from_stock_total) }) : undefined} />
      </div>
      <div className="grid-2">
        <Card title={t("system.parts")}>
          <table className="plain-table">
            <tbody>
              {parts.map(([name, part]) => (
                <tr key={name}>
                  <td style={{ width: 150 }}>{name}</td>
                  <td>
                    <State tone={part.status === "ok" ? "ok" : "bad"} icon={part.status === "ok" ? CircleCheck : CircleX} text={t(part.status === "ok" ? "system.ok" : "system.failing")} />
                    {part.detail ? <div className="small">{part.detail}</div> : null}
                    {name === "database" && system.data ? <div className="mono small">{system.data.database}</div> : null}
                    {name === "keeper" && system.data?.keeper.pid ? <div className="small">{t(system.data.keeper.rootless ? "system.rootless" : "system.root", { pid: system.data.keeper.pid })}</div> : null}
                    {name === "keeper" && system.data?.keeper.error ? <div className="bad small">{system.data.keeper.error}</div> : null}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Card>
        <Card title={t("system.stock")} about={t("system.stock_about")}>
          {system.data ? (
            <table className="plain-table">
              <thead>
                <tr>
                  <th>{t("column.runtime")}</th>
                  <th data-align="end">{t("system.ready")}</th>
                  <th data-align="end">{t("system.starting")}</th>
                  <th data-align="end">{t("system.wanted")}</th>
                  <th data-align="end">{t("column.memory")}</th>
                </tr>
              </thead>
              <tbody>
                {system.data.keeper.stock.map((one) => (
                  <tr key={one.key}>
                    <td style={{ whiteSpace: "nowrap" }}>{one.key || t("system.bare")}</td>
                    <td data-align="end">{one.ready}</td>
                    <td data-align="end">{one.starting}</td>
                    <td data-align="end">{one.target}</td>
                    <td data-align="end">{bytes(one.memory_bytes)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          ) : system.error ? (
            <div className="card-body">
              <ErrorBox error={system.error} retry={() => void system.refetch()} />
            </div>
          ) : (
            <Loading lines={4} />
          )}
        </Card>
      </div>
      {system.data ? (
        <Card title={t("system.isolation")} about={t("system.isolation_about")}>
          <table className="plain-table">
            <tbody>
              {system.data.isolation.map((layer) => (
                <tr key={layer.name}>
                  <td style={{ width: 200 }}>{layer.name}</td>
                  <td style={{ width: 130 }}>
                    <State tone={layer.active ? "ok" : "bad"} icon={layer.active ? ShieldCheck : ShieldX} text={t(layer.active ? "system.active" : "system.missing")} />
                  </td>
                  <td className="small">{layer.detail}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Card>
      ) : null}
      <Card title={t("system.runtimes")}>
        {runtimes.error ? (
          <div className="card-body">
            <ErrorBox error={runtimes.error} retry={() => void runtimes.refetch()} />
          </div>
        ) : runtimes.data ? (
          <table className="plain-table">
            <tbody>
              {runtimes.data.items.map((one) => (
                <tr key={one.name}>
                  <td style={{ width: 150 }}>{one.name}</td>
                  <td style={{ width: 130 }}>
                    <State tone={one.available ? "ok" : "off"} icon={one.available ? CircleCheck : CircleX} text={t(one.available ? "system.there" : "system.missing")} />
                  </td>
                  <td className="small">
                    {one.installed.map((install) => (
                      <div key={install.path}>
                        {install.version} <span className="mono muted">{install.path}</span>
                      </div>
                    ))}
                    {one.install ? <Command text={one.install} /> : null}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : (
          <Loading lines={4} />
        )}
      </Card>
      {system.data ? <Configuration settings={system.data.settings} /> : null}
    </div>
  );
}

function Configuration({ settings }: { settings: { key: string; value: string; origin: string }[] }) {
  const t = useT();
  const { q } = route.useSearch();
  const navigate = useNavigate();
  const needle = (q ?? "").toLowerCase();
  const shown = settings.filter((one) => `${one.key} ${one.value} ${one.origin}`.toLowerCase().includes(needle));
  return (
    <Card title={t("system.settings")} about={t("system.settings_about")}>
      <div className="card-body" style={{ borderBottom: "1px solid var(--line)" }}>
        <Search value={q ?? ""} onChange={(next) => void navigate({ to: "/system", search: { q: next || undefined }, replace: true })} label={t("system.search")} />
      </div>
      <div className="scroll-x" tabIndex={0}>
        <table className="plain-table">
          <thead>
            <tr>
              <th>{t("system.setting")}</th>
              <th>{t("system.value")}</th>
              <th>{t("system.origin")}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((one) => (
              <tr key={one.key}>
                <td className="mono">{one.key}</td>
                <td className="mono">{one.value}</td>
                <td className={one.origin === "default" ? "muted" : undefined}>{one.origin === "default" ? t("system.default") : one.origin}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Card({ title, about, children }: { title: string; about?: string; children: ReactNode }) {
  return (
    <section className="card">
      <div className="card-head">
        <h2>{title}</h2>
        {about ? <span className="small">{about}</span> : null}
      </div>
      <div className="scroll-x" tabIndex={0}>{children}</div>
    </section>
  );
}

function Number({ name, value, note }: { name: string; value: string; note?: string }) {
  return (
    <dl className="card big">
      <dt>{name}</dt>
      <dd>{value}</dd>
      <dd className="note">{note ?? "\u00a0"}</dd>
    </dl>
  );
}
