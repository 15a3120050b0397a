import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { CircleCheck, GitCompareArrows, Undo2 } from "lucide-react";
import { useState } from "react";
import { api, data, type Schemas } from "../../api/client";
import { useCan, useMay } from "../../api/me";
import { functionQuery, versionsQuery } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { Dialog } from "../../kit/Dialog";
import { ErrorBox, Loading } from "../../kit/Feedback";
import { BuildState, State } from "../../kit/State";
import { Time } from "../../kit/Time";
import { toast } from "../../kit/toast";
import { bytes } from "../../lib/format";
import { aliasesQuery } from "./traffic/queries";
import { sharesOf } from "./traffic/weights";
import { VersionDiff } from "./VersionDiff";

const route = getRouteApi("/functions/$name/versions");
const page = getRouteApi("/functions/$name");

/** Versions, what differs between two, and the way back. */
export function VersionsTab() {
  const t = useT();
  const { name } = page.useParams();
  const search = route.useSearch();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const may = useMay(name);
  const fn = useQuery(functionQuery(name));
  const list = useInfiniteQuery(versionsQuery(name));
  const rows = list.data?.pages.flatMap((one) => one.items) ?? [];
  const aliases = useQuery(aliasesQuery(name));
  const can = useCan();
  const [target, setTarget] = useState<Schemas["VersionView"] | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const active = fn.data?.version ?? 0;
  const compare = (from: number, to: number) => void navigate({ to: "/functions/$name/versions", params: { name }, search: { from: String(from), to: String(to) }, replace: true });
  const from = Number(search.from);
  const to = Number(search.to);

  const activate = async () => {
    if (!target) return;
    setBusy(true);
    setError(null);
    try {
      await data(api.POST("/functions/{name}/versions/{version}/activate", { params: { path: { name, version: target.version } } }));
      toast(t("versions.active_now", { version: target.version }));
      setTarget(null);
      await queries.invalidateQueries({ queryKey: ["function", name] });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  if (list.error && !list.data) return <ErrorBox error={list.error} retry={() => void list.refetch()} />;
  if (!list.data) return <Loading />;
  const back = target !== null && target.version < active;
  return (
    <>
      {can("audit:read") ? (
        <p className="small">
          <Link to="/audit" search={{ resource: `function:${name}` }}>
            {t("versions.who")}
          </Link>
        </p>
      ) : null}
      <div className="card scroll-x" tabIndex={0}>
        <table className="plain-table" data-roomy="" data-stack="">
          <thead>
            <tr>
              <th>{t("column.version")}</th>
              <th>{t("column.state")}</th>
              <th>{t("column.changed")}</th>
              <th data-align="end">{t("versions.size")}</th>
              <th>{t("versions.code")}</th>
              <th data-align="end">
                <span className="sr">{t("column.actions")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => {
              const before = rows[index + 1];
              return (
                <tr key={row.version}>
                  <td>
                    <span className="row">
                      <Link to="/functions/$name" params={{ name }} search={{ version: String(row.version) }}>
                        v{row.version}
                      </Link>
                      {sharesOf(aliases.data?.items ?? [], row.version).map((one) => (
                        <Link key={one.alias} to="/functions/$name/traffic" params={{ name }} className="tag">
                          {one.alias} {one.weight} %
                        </Link>
                      ))}
                    </span>
                  </td>
                  <td>{row.version === active ? <State tone="ok" icon={CircleCheck} text={t("versions.active")} boxed /> : <BuildState status={row.compile_status} />}</td>
                  <td>
                    <Time at={row.created_at} />
                  </td>
                  <td data-align="end" data-wide="">
                    {bytes(row.code_size)}
                    {before && before.code_size !== row.code_size ? <span className="small"> {`(${row.code_size > before.code_size ? "+" : "−"}${bytes(Math.abs(row.code_size - before.code_size))})`}</span> : null}
                  </td>
                  <td className="mono small" data-wide="">{row.code_hash.replace(/^sha256:/, "").slice(0, 10)}</td>
                  <td data-align="end">
                    <span className="row" style={{ justifyContent: "flex-end" }}>
                      {before ? (
                        <Button size="small" onClick={() => compare(before.version, row.version)}>
                          <GitCompareArrows size={13} aria-hidden />
                          {t("versions.with_before")}
                        </Button>
                      ) : null}
                      {row.version !== active && row.compile_status !== "failed" && may("function:update") ? (
                        <Button
                          size="small"
                          onClick={() => {
                            setError(null);
                            setTarget(row);
                          }}
                        >
                          <Undo2 size={13} aria-hidden />
                          {t(row.version < active ? "versions.roll_back" : "versions.activate", { version: row.version })}
                        </Button>
                      ) : null}
                    </span>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {list.hasNextPage ? (
        <span>
          <Button onClick={() => void list.fetchNextPage()}>{t("list.more")}</Button>
        </span>
      ) : null}
      {from > 0 && to > 0 ? (
        <section className="stack" aria-label={t("versions.diff", { from, to })}>
          <div className="row">
            <h2>{t("versions.diff", { from, to })}</h2>
            <VersionSelect label={t("versions.from")} value={from} rows={rows} onChange={(next) => compare(next, to)} />
            <VersionSelect label={t("versions.to")} value={to} rows={rows} onChange={(next) => compare(from, next)} />
            <Button size="small" onClick={() => void navigate({ to: "/functions/$name/versions", params: { name }, search: {}, replace: true })}>
              {t("act.close")}
            </Button>
          </div>
          <VersionDiff name={name} from={from} to={to} />
        </section>
      ) : null}
      <Dialog open={target !== null} onClose={() => setTarget(null)} wide title={t(back ? "versions.roll_back_title" : "versions.activate_title", { name, version: target?.version ?? 0 })} about={t("versions.roll_back_about", { version: target?.version ?? 0, active })}>
        {target ? <VersionDiff name={name} from={active} to={target.version} /> : null}
        {error ? <ErrorBox error={error} /> : null}
        <div className="acts">
          <Button onClick={() => setTarget(null)}>{t("versions.stay", { active })}</Button>
          <Button kind="primary" disabled={busy} onClick={() => void activate()}>
            {t(back ? "versions.roll_back" : "versions.activate", { version: target?.version ?? 0 })}
          </Button>
        </div>
      </Dialog>
    </>
  );
}

function VersionSelect({ label, value, rows, onChange }: { label: string; value: number; rows: Schemas["VersionView"][]; onChange: (version: number) => void }) {
  const numbers = rows.some((row) => row.version === value) ? rows.map((row) => row.version) : [value, ...rows.map((row) => row.version)];
  return (
    <select className="select" style={{ width: "auto" }} aria-label={label} value={value} onChange={(event) => onChange(Number(event.target.value))}>
      {numbers.map((number) => (
        <option key={number} value={number}>
          v{number}
        </option>
      ))}
    </select>
  );
}
