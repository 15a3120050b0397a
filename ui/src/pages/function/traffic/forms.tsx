import { useQueryClient } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { api, data, type Schemas } from "../../../api/client";
import { Problem } from "../../../api/problem";
import { useT } from "../../../i18n";
import { Button, IconButton } from "../../../kit/Button";
import { ErrorBox } from "../../../kit/Feedback";
import { Field, NumberField } from "../../../kit/Field";
import { useAct } from "../../../kit/useAct";
import { bodyOf, othersOf, restOf, stepsOf, type Alias, type Weights } from "./weights";

const NAME = /^(?!(active|latest)$)[A-Za-z][A-Za-z0-9_-]{0,63}$/;

function VersionSelect({ label, value, versions, onChange, without = [] }: { label: string; value: number; versions: number[]; onChange: (version: number) => void; without?: number[] }) {
  return (
    <Field label={label}>
      {(id) => (
        <select id={id} className="select" value={value} onChange={(event) => onChange(Number(event.target.value))}>
          {[...new Set([value, ...versions])]
            .filter((one) => one === value || !without.includes(one))
            .sort((a, b) => b - a)
            .map((one) => (
              <option key={one} value={one}>
                v{one}
              </option>
            ))}
        </select>
      )}
    </Field>
  );
}

/** A new alias, or the versions of one that is there. */
export function AliasForm({ fn, versions, active, alias, onDone }: { fn: string; versions: number[]; active: number; alias?: Alias; onDone: () => void }) {
  const t = useT();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [about, setAbout] = useState(alias?.description ?? "");
  const [version, setVersion] = useState(alias?.version ?? active);
  const [weights, setWeights] = useState<Weights>(() => (alias ? othersOf(alias) : {}));
  const { act, busy, error } = useAct();
  const rest = restOf(weights);
  const wrong = !alias && name !== "" && !NAME.test(name);
  const free = versions.filter((one) => one !== version && weights[String(one)] === undefined);
  const ready = (alias !== undefined || NAME.test(name)) && rest >= 0 && weights[String(version)] === undefined;
  const send = () => {
    const path = { name: fn, alias: alias?.name ?? name };
    const body = { version, weights: bodyOf(weights), description: about };
    return alias ? data(api.PATCH("/functions/{name}/aliases/{alias}", { params: { path }, body: body as Schemas["PatchAlias"] })) : data(api.POST("/functions/{name}/aliases", { params: { path: { name: fn } }, body: { name, ...body } }));
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready || busy) return;
        void act(send, t("alias.saved", { name: alias?.name ?? name })).then(({ done }) => {
          if (!done) return;
          void queries.invalidateQueries({ queryKey: ["function", fn, "aliases"] });
          onDone();
        });
      }}
    >
      {alias ? null : (
        <Field label={t("column.name")} hint={t("alias.name_rule")} wrong={wrong ? t("alias.name_rule") : error instanceof Problem ? error.about("name") : undefined}>
          {(id, described) => <input id={id} className="input mono" value={name} aria-describedby={described} autoComplete="off" spellCheck={false} onChange={(event) => setName(event.target.value.trim())} />}
        </Field>
      )}
      <Field label={t("column.description")}>{(id) => <input id={id} className="input" value={about} onChange={(event) => setAbout(event.target.value)} />}</Field>
      <div className="grid-2">
        <VersionSelect label={t("alias.main")} value={version} versions={versions} onChange={setVersion} without={Object.keys(weights).map(Number)} />
        <div className="field">
          <span className="label">{t("alias.gets")}</span>
          <span className={rest >= 0 ? "alias-rest" : "alias-rest bad"}>{rest >= 0 ? `${rest} %` : t("alias.too_much")}</span>
        </div>
      </div>
      {Object.entries(weights).map(([number, weight]) => (
        <div key={number} className="weight-row">
          <span className="mono">v{number}</span>
          <span className="with-unit">
            <input className="input" inputMode="numeric" aria-label={t("alias.weight_of", { version: number })} value={weight} onChange={(event) => setWeights({ ...weights, [number]: event.target.value })} />
            <span className="unit">%</span>
          </span>
          <IconButton label={t("alias.drop", { version: number })} onClick={() => setWeights(Object.fromEntries(Object.entries(weights).filter(([one]) => one !== number)))}>
            <Trash2 size={15} />
          </IconButton>
        </div>
      ))}
      {free.length > 0 ? (
        <span>
          <Button size="small" onClick={() => setWeights({ ...weights, [String(free[0])]: "10" })}>
            <Plus size={14} aria-hidden />
            {t("alias.add", { version: free[0] ?? 0 })}
          </Button>
        </span>
      ) : null}
      {error ? <ErrorBox error={error} /> : null}
      <div className="acts">
        <Button type="submit" kind="primary" disabled={!ready || busy}>
          {t(alias ? "alias.save" : "alias.create")}
        </Button>
      </div>
    </form>
  );
}

/** Moves the calls of an alias to another version, step by step. */
export function RolloutForm({ fn, versions, alias, onDone }: { fn: string; versions: number[]; alias: Alias; onDone: () => void }) {
  const t = useT();
  const queries = useQueryClient();
  const others = versions.filter((one) => one !== alias.version);
  const [version, setVersion] = useState(Math.max(...others, 0));
  const [steps, setSteps] = useState("5, 25, 50, 100");
  const [interval, setIntervalText] = useState("60");
  const [errors, setErrors] = useState("1");
  const [calls, setCalls] = useState("20");
  const { act, busy, error } = useAct();
  if (others.length === 0) return <p>{t("rollout.no_other", { version: alias.version })}</p>;
  const parsed = stepsOf(steps);
  const whole = (text: string, min: number, max: number) => /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max;
  const goodErrors = errors.trim() !== "" && Number(errors) >= 0 && Number(errors) <= 100;
  const ready = parsed !== null && whole(interval, 1, 604_800) && whole(calls, 0, 1_000_000) && goodErrors;
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready || busy || !parsed) return;
        const body = { version, steps: parsed, interval_s: Number(interval), max_error_percent: Number(errors), min_calls: Number(calls) };
        void act(() => data(api.POST("/functions/{name}/aliases/{alias}/rollout", { params: { path: { name: fn, alias: alias.name } }, body })), t("rollout.started", { version })).then(({ done }) => {
          if (!done) return;
          void queries.invalidateQueries({ queryKey: ["function", fn, "aliases"] });
          onDone();
        });
      }}
    >
      <div className="grid-2">
        <VersionSelect label={t("rollout.to", { from: alias.version })} value={version} versions={others} onChange={setVersion} />
        <Field label={t("rollout.steps")} hint={t("rollout.steps_about")} wrong={parsed ? undefined : t("rollout.steps_rule")}>
          {(id, described) => <input id={id} className="input" value={steps} aria-describedby={described} onChange={(event) => setSteps(event.target.value)} />}
        </Field>
        <NumberField label={t("rollout.interval")} value={interval} onChange={setIntervalText} unit="s" min={1} max={604_800} hint={t("rollout.interval_about")} />
        <NumberField label={t("rollout.calls")} value={calls} onChange={setCalls} min={0} max={1_000_000} hint={t("rollout.calls_about")} />
        <NumberField label={t("rollout.errors")} value={errors} onChange={setErrors} unit="%" min={0} max={100} hint={t("rollout.errors_about")} />
      </div>
      {error ? <ErrorBox error={error} /> : null}
      <div className="acts">
        <Button type="submit" kind="primary" disabled={!ready || busy}>
          {t("rollout.start")}
        </Button>
      </div>
    </form>
  );
}
