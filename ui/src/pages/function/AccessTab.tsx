import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { CircleCheck, CircleX, KeyRound, Plus, ShieldX } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { api, data, type Schemas } from "../../api/client";
import { mayWith, useCan, useMay, useMe } from "../../api/me";
import { secretsQuery, usePages } from "../../api/pages";
import { functionQuery, REFRESH } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { Dialog } from "../../kit/Dialog";
import { ErrorBox, Loading } from "../../kit/Feedback";
import { Field } from "../../kit/Field";
import { State } from "../../kit/State";
import { Tags } from "../../kit/Tags";
import { Time } from "../../kit/Time";
import { count } from "../../lib/format";
import { reaches, secretsIn, variableFor, variablesOf } from "../../lib/grants";
import { CallersCard } from "./CallersCard";
import { refusedIn, RULE } from "./refused";
import { useSave } from "./useSave";

const page = getRouteApi("/functions/$name");

type FunctionView = Schemas["FunctionView"];

/** What the code may have and reach: secrets and the network. */
export function AccessTab() {
  const { name } = page.useParams();
  const may = useMay(name);
  const fn = useQuery(functionQuery(name));
  if (!fn.data) return <Loading />;
  return (
    <div className="stack prose" key={name}>
      <Secrets fn={fn.data} />
      <Network fn={fn.data} />
      {may("log:read") ? <Refusals fn={fn.data} /> : null}
      <CallersCard fn={fn.data} />
    </div>
  );
}

/** The secrets that are granted, or that variables refer to. */
function Secrets({ fn }: { fn: FunctionView }) {
  const t = useT();
  const can = useCan();
  const me = useMe();
  const may = useMay(fn.name);
  const reads = can("secret:read");
  const { list, rows } = usePages({ ...secretsQuery, enabled: reads });
  const [adding, setAdding] = useState(false);
  const { save, busy, error } = useSave(fn);
  // A namespace has at most 1000: all of them are looked at.
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const used = secretsIn(fn.env_vars);
  const granted = rows.filter((one) => one.functions.some((grant) => reaches(grant, fn.name)));
  const shown = [...new Set([...granted.map((one) => one.name), ...used])].sort();
  const without = (name: string) => Object.fromEntries(Object.entries(fn.env_vars).filter(([, value]) => value !== `$SECRET:${name}`));
  return (
    <section className="card" aria-label={t("access.secrets")}>
      <div className="card-head">
        <h2>{t("access.secrets")}</h2>
        <span className="small">{t("access.secrets_about")}</span>
        <div className="acts">
          {can("secret:manage") && may("function:update") ? (
            <Button size="small" onClick={() => setAdding(true)}>
              <Plus size={13} aria-hidden />
              {t("access.give")}
            </Button>
          ) : null}
        </div>
      </div>
      {reads && list.error ? (
        <div className="card-body">
          <ErrorBox error={list.error} retry={() => void list.refetch()} />
        </div>
      ) : reads && list.isPending ? (
        <Loading lines={2} />
      ) : shown.length === 0 ? (
        <p className="card-body small">{t("access.no_secrets")}</p>
      ) : (
        <div className="scroll-x" tabIndex={0}>
          <table className="plain-table" data-stack="">
            <thead>
              <tr>
                <th>{t("access.secret")}</th>
                <th>{t("access.variable")}</th>
                <th>{t("column.state")}</th>
                <th data-align="end">
                  <span className="sr">{t("column.actions")}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((name) => {
                const secret = rows.find((one) => one.name === name);
                const has = granted.some((one) => one.name === name);
                const variables = variablesOf(fn.env_vars, name);
                return (
                  <tr key={name}>
                    <td className="mono">
                      {secret ? (
                        <Link to="/secrets/$name" params={{ name }}>
                          {name}
                        </Link>
                      ) : (
                        name
                      )}
                    </td>
                    <td className="mono">{variables.length > 0 ? variables.join(", ") : <span className="muted">{t("access.unused")}</span>}</td>
                    <td>
                      {!reads ? <State tone="off" text={t("state.unknown")} /> : has ? <State tone="ok" icon={CircleCheck} text={t("access.granted")} /> : <State tone="bad" icon={CircleX} text={t(secret ? "access.not_granted" : "access.no_secret")} />}
                    </td>
                    <td data-align="end">
                      <span className="row" style={{ justifyContent: "flex-end" }}>
                        {secret && !has && mayWith(me, name, "secret:manage") ? <Grant secret={name} fn={fn.name} /> : null}
                        {variables.length > 0 && may("function:update") ? (
                          <Button size="small" disabled={busy} onClick={() => void save({ env_vars: without(name) })}>
                            {t("access.take_out", { variables: variables.join(", ") })}
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
      )}
      {error ? (
        <div className="card-body">
          <ErrorBox error={error} />
        </div>
      ) : null}
      <Dialog open={adding} onClose={() => setAdding(false)} title={t("access.give_title", { name: fn.name })} about={t("access.give_about")}>
        <Give fn={fn} secrets={rows.filter((one) => mayWith(me, one.name, "secret:manage"))} onDone={() => setAdding(false)} />
      </Dialog>
    </section>
  );
}

function Grant({ secret, fn }: { secret: string; fn: string }) {
  const t = useT();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const grant = async () => {
    setBusy(true);
    try {
      await data(api.PATCH("/secrets/{name}", { params: { path: { name: secret } }, body: { grant: [fn] } }));
      await queries.invalidateQueries({ queryKey: ["secrets"] });
      setError(null);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button size="small" disabled={busy} onClick={() => void grant()}>
        {t("access.grant")}
      </Button>
      {error ? <ErrorBox error={error} /> : null}
    </>
  );
}

/** Grants a secret and puts it into a variable, in one go. */
function Give({ fn, secrets, onDone }: { fn: FunctionView; secrets: Schemas["SecretView"][]; onDone: () => void }) {
  const t = useT();
  const queries = useQueryClient();
  const [name, setName] = useState(secrets[0]?.name ?? "");
  const [variable, setVariable] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const { save, busy, error: saveError } = useSave(fn);
  const into = variable ?? variableFor(name);
  const taken = fn.env_vars[into] !== undefined && fn.env_vars[into] !== `$SECRET:${name}`;
  const valid = /^(?!NOVA_)[A-Za-z_][A-Za-z0-9_]*$/.test(into);
  if (secrets.length === 0) {
    return (
      <>
        <p>{t("access.none_yet")}</p>
        <div className="acts">
          <Link to="/secrets" className="btn" data-kind="primary">
            <KeyRound size={14} aria-hidden />
            {t("secrets.create")}
          </Link>
        </div>
      </>
    );
  }
  const give = async () => {
    setError(null);
    try {
      const secret = secrets.find((one) => one.name === name);
      if (!secret?.functions.some((grant) => reaches(grant, fn.name))) {
        await data(api.PATCH("/secrets/{name}", { params: { path: { name } }, body: { grant: [fn.name] } }));
        await queries.invalidateQueries({ queryKey: ["secrets"] });
      }
      if (await save({ env_vars: { ...fn.env_vars, [into]: `$SECRET:${name}` } })) onDone();
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (valid && !taken && !busy) void give();
      }}
    >
      <div className="grid-2">
        <Field label={t("access.secret")}>
          {(id) => (
            <select id={id} className="select mono" value={name} onChange={(event) => setName(event.target.value)}>
              {secrets.map((one) => (
                <option key={one.name} value={one.name}>
                  {one.name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t("access.variable")} wrong={taken ? t("access.taken") : valid ? undefined : t("access.variable_rule")}>
          {(id, described) => <input id={id} className="input mono" value={into} aria-describedby={described} spellCheck={false} onChange={(event) => setVariable(event.target.value.trim())} />}
        </Field>
      </div>
      {(error ?? saveError) ? <ErrorBox error={error ?? saveError} /> : null}
      <div className="acts">
        <Button type="submit" kind="primary" disabled={!valid || taken || busy}>
          {t("access.give_act")}
        </Button>
      </div>
    </form>
  );
}

/** What the code may reach. */
function Network({ fn }: { fn: FunctionView }) {
  const t = useT();
  const may = useMay(fn.name);
  const { save, busy, error } = useSave(fn);
  const rules = fn.network ?? [];
  return (
    <section className="card" aria-label={t("access.network")} aria-busy={busy}>
      <div className="card-head">
        <h2>{t("access.network")}</h2>
        <span className="small">{t("config.new_version")}</span>
      </div>
      <div className="card-body stack">
        <p className="small">{t(rules.length === 0 ? "access.closed" : "access.open")}</p>
        <Tags
          label={t("access.rule")}
          values={rules}
          onAdd={(rule) => void save({ allow_network: [rule] })}
          onRemove={(rule) => void save({ revoke_network: [rule] })}
          valid={(rule) => RULE.test(rule)}
          rule={t("access.rule_hint")}
          placeholder="api.example.com:443"
          disabled={!may("function:update")}
        />
        {error ? <ErrorBox error={error} /> : null}
      </div>
    </section>
  );
}

/** Lines of log that are looked at. */
const LOOKED = 1000;

/** What the code tried to reach and was not let. */
function Refusals({ fn }: { fn: FunctionView }) {
  const t = useT();
  const may = useMay(fn.name);
  const { save, busy, error } = useSave(fn);
  const log = useQuery({
    queryKey: ["function", fn.name, "refused"],
    queryFn: ({ signal }) => data(api.GET("/functions/{name}/logs", { params: { path: { name: fn.name }, query: { tail: LOOKED } }, signal })),
    refetchInterval: 2 * REFRESH,
  });
  const rows = useMemo(() => refusedIn(log.data?.items ?? []), [log.data]);
  return (
    <section className="card" aria-label={t("access.refused")}>
      <div className="card-head">
        <h2>{t("access.refused")}</h2>
        <span className="small">{t("access.refused_about", { n: LOOKED })}</span>
      </div>
      {log.error && !log.data ? (
        <div className="card-body">
          <ErrorBox error={log.error} retry={() => void log.refetch()} />
        </div>
      ) : log.isPending ? (
        <Loading lines={2} />
      ) : rows.length === 0 ? (
        <p className="card-body small">{t("access.refused_none")}</p>
      ) : (
        <ul className="fail-list">
          {rows.map((one) => {
            const allowed = one.rule !== undefined && (fn.network ?? []).includes(one.rule);
            return (
              <li key={one.what} style={{ alignItems: "center" }}>
                <ShieldX size={15} color="var(--bad)" aria-hidden />
                <strong className="mono">{one.what}</strong>
                <span className="why">{one.why}</span>
                <span className="small">{t("overview.times", { n: one.times, count: count(one.times) })}</span>
                <Link to="/runs/$id" params={{ id: one.run }} className="small">
                  <Time at={one.last} />
                </Link>
                {allowed ? (
                  <State tone="ok" icon={CircleCheck} text={t("access.allowed_since")} />
                ) : one.rule && may("function:update") ? (
                  <Button size="small" disabled={busy} title={one.rule} onClick={() => void save({ allow_network: [one.rule ?? ""] })}>
                    {t("access.allow", { rule: one.rule })}
                  </Button>
                ) : null}
              </li>
            );
          })}
        </ul>
      )}
      {error ? (
        <div className="card-body">
          <ErrorBox error={error} />
        </div>
      ) : null}
    </section>
  );
}
