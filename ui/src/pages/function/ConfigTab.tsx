import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Plus, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import { api, data, type Schemas } from "../../api/client";
import { useMay } from "../../api/me";
import { functionQuery } from "../../api/queries";
import { useT, type Key } from "../../i18n";
import { Button, IconButton } from "../../kit/Button";
import { ConfirmName } from "../../kit/Dialog";
import { ErrorBox, Loading } from "../../kit/Feedback";
import { Field, NumberField } from "../../kit/Field";
import { toast } from "../../kit/toast";
import { changeDraft } from "./drafts";
import { fits, intoPatch, LIMITS, SCALING, type NumberSetting } from "./limits";
import { aliasesQuery } from "./traffic/queries";
import { useSave } from "./useSave";

const page = getRouteApi("/functions/$name");

type FunctionView = Schemas["FunctionView"];
type Patch = Schemas["PatchFunction"];

/** The settings of a function, in sections that are saved as a whole each. */
export function ConfigTab() {
  const { name } = page.useParams();
  const may = useMay(name);
  const fn = useQuery(functionQuery(name));
  if (!fn.data) return <Loading />;
  // A section begins anew when the function was changed elsewhere.
  return (
    <fieldset className="stack prose plain-set" key={name} disabled={!may("function:update")}>
      <General fn={fn.data} />
      <Entry fn={fn.data} />
      <Numbers fn={fn.data} title="config.limits" about="config.new_version" settings={LIMITS} />
      <Numbers fn={fn.data} title="config.scaling" about="config.same_version" settings={SCALING} />
      <Environment fn={fn.data} />
      {may("function:delete") ? <Remove fn={fn.data} /> : null}
    </fieldset>
  );
}

function Section({ title, about, dirty, valid = true, busy, error, onSave, onDrop, children }: { title: string; about?: string; dirty: boolean; valid?: boolean; busy: boolean; error: unknown; onSave: () => void; onDrop: () => void; children: ReactNode }) {
  const t = useT();
  return (
    <form
      className="card"
      aria-label={title}
      onSubmit={(event) => {
        event.preventDefault();
        if (dirty && valid && !busy) onSave();
      }}
    >
      <div className="card-head">
        <h2>{title}</h2>
        {about ? <span className="small">{about}</span> : null}
        <div className="acts" style={{ minHeight: 26 }}>
          {dirty ? (
            <>
              <Button size="small" onClick={onDrop}>
                {t("act.discard")}
              </Button>
              <Button size="small" kind="primary" type="submit" disabled={!valid || busy}>
                {t("config.save", { section: title })}
              </Button>
            </>
          ) : null}
        </div>
      </div>
      <div className="card-body stack">
        {children}
        {error ? <ErrorBox error={error} /> : null}
      </div>
    </form>
  );
}

function General({ fn }: { fn: FunctionView }) {
  const t = useT();
  const tags = Object.entries(fn.tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");
  const [about, setAbout] = useState<string | null>(null);
  const [tagText, setTagText] = useState<string | null>(null);
  const { save, busy, error, wrong } = useSave(fn);
  const drop = () => {
    setAbout(null);
    setTagText(null);
  };
  const dirty = (about !== null && about !== fn.description) || (tagText !== null && tagText !== tags);
  return (
    <Section
      title={t("config.general")}
      dirty={dirty}
      busy={busy}
      error={error}
      onDrop={drop}
      onSave={() =>
        void save({
          ...(about === null ? {} : { description: about }),
          ...(tagText === null ? {} : { tags: parseTags(tagText) }),
        } as Partial<Patch>).then((done) => done && drop())
      }
    >
      <Field label={t("column.description")} wrong={wrong("description")}>
        {(id) => <input id={id} className="input" value={about ?? fn.description} onChange={(event) => setAbout(event.target.value)} />}
      </Field>
      <Field label={t("config.tags")} hint={t("config.tags_hint")} wrong={wrong("tags")}>
        {(id, described) => <input id={id} className="input mono" value={tagText ?? tags} aria-describedby={described} spellCheck={false} onChange={(event) => setTagText(event.target.value)} />}
      </Field>
    </Section>
  );
}

/** `a=1, b=2` as tags. */
export function parseTags(text: string): Record<string, string> {
  const pairs = text
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean)
    .map((one) => {
      const at = one.indexOf("=");
      return at < 0 ? ([one, ""] as const) : ([one.slice(0, at).trim(), one.slice(at + 1).trim()] as const);
    });
  return Object.fromEntries(pairs);
}

function Entry({ fn }: { fn: FunctionView }) {
  const t = useT();
  const now = { runtime: fn.runtime, handler: fn.handler ?? "", entry: fn.entry };
  const [draft, setDraft] = useState<Partial<typeof now>>({});
  const { save, busy, error, wrong } = useSave(fn);
  const value = { ...now, ...draft };
  const changed = (Object.keys(draft) as (keyof typeof now)[]).filter((key) => draft[key] !== now[key]);
  const field = (key: keyof typeof now, label: Key, hint?: Key) => (
    <Field label={t(label)} hint={hint ? t(hint) : undefined} wrong={wrong(key)}>
      {(id, described) => <input id={id} className="input mono" value={value[key]} aria-describedby={described} spellCheck={false} onChange={(event) => setDraft({ ...draft, [key]: event.target.value })} />}
    </Field>
  );
  return (
    <Section
      title={t("config.entry")}
      about={t("config.new_version")}
      dirty={changed.length > 0}
      busy={busy}
      error={error}
      onDrop={() => setDraft({})}
      onSave={() => void save(Object.fromEntries(changed.map((key) => [key, value[key].trim() === "" ? null : value[key].trim()])) as Partial<Patch>).then((done) => done && setDraft({}))}
    >
      <div className="form-grid">
        {field("runtime", "column.runtime")}
        {field("handler", "config.handler", "config.handler_hint")}
        {field("entry", "config.entry_file")}
        <Field label={t("config.mode")}>{(id) => <input id={id} className="input mono" value={fn.mode} disabled />}</Field>
      </div>
    </Section>
  );
}

function Numbers({ fn, title, about, settings }: { fn: FunctionView; title: Key; about: Key; settings: NumberSetting[] }) {
  const t = useT();
  const [draft, setDraft] = useState<Record<string, string>>({});
  const { save, busy, error, wrong } = useSave(fn);
  const changed = settings.filter((one) => draft[one.key] !== undefined && draft[one.key] !== String(one.read(fn)));
  const valid = changed.every((one) => fits(draft[one.key] ?? "", one));
  return (
    <Section
      title={t(title)}
      about={t(about)}
      dirty={changed.length > 0}
      valid={valid}
      busy={busy}
      error={error}
      onDrop={() => setDraft({})}
      onSave={() => {
        const patch = {};
        for (const one of changed) intoPatch(patch, one.key, Number(draft[one.key]));
        void save(patch).then((done) => done && setDraft({}));
      }}
    >
      <div className="form-grid">
        {settings.map((one) => {
          const text = draft[one.key] ?? String(one.read(fn));
          return (
            <NumberField
              key={one.key}
              label={t(one.text)}
              value={text}
              unit={one.unit}
              min={one.min}
              max={one.max}
              hint={one.key === "max_calls" ? t("config.never") : t("config.bounds", { min: one.min, max: one.max, fallback: one.fallback })}
              wrong={fits(text, one) ? wrong(one.key) : t("config.bounds", { min: one.min, max: one.max, fallback: one.fallback })}
              onChange={(value) => setDraft({ ...draft, [one.key]: value })}
            />
          );
        })}
      </div>
    </Section>
  );
}

const ENV_NAME = /^(?!NOVA_)[A-Za-z_][A-Za-z0-9_]*$/;

function Environment({ fn }: { fn: FunctionView }) {
  const t = useT();
  const now = Object.entries(fn.env_vars);
  const [draft, setDraft] = useState<[string, string][] | null>(null);
  const { save, busy, error } = useSave(fn);
  const rows = draft ?? now;
  const names = rows.map(([name]) => name);
  const wrong = (name: string, index: number) => name !== "" && (!ENV_NAME.test(name) || names.indexOf(name) !== index);
  const kept = rows.filter(([name]) => name !== "");
  const dirty = draft !== null && JSON.stringify(Object.fromEntries(kept)) !== JSON.stringify(fn.env_vars);
  const edit = (index: number, change: Partial<{ name: string; value: string }>) => setDraft(rows.map(([name, value], at) => (at === index ? [change.name ?? name, change.value ?? value] : [name, value])));
  return (
    <Section title={t("config.environment")} about={t("config.new_version")} dirty={dirty} valid={!rows.some(([name], index) => wrong(name, index))} busy={busy} error={error} onDrop={() => setDraft(null)} onSave={() => void save({ env_vars: Object.fromEntries(kept) } as Partial<Patch>).then((done) => done && setDraft(null))}>
      <p className="small">{t("config.environment_about")}</p>
      {rows.map(([name, value], index) => (
        <div key={index} className="env-row">
          <input className="input mono" aria-label={t("config.variable_name", { n: index + 1 })} aria-invalid={wrong(name, index) || undefined} placeholder="NAME" value={name} spellCheck={false} onChange={(event) => edit(index, { name: event.target.value })} />
          <input className="input mono" aria-label={t("config.variable_value", { n: index + 1 })} value={value} spellCheck={false} onChange={(event) => edit(index, { value: event.target.value })} />
          <IconButton label={t("config.drop_variable", { name: name || String(index + 1) })} onClick={() => setDraft(rows.filter((_, at) => at !== index))}>
            <Trash2 size={15} />
          </IconButton>
        </div>
      ))}
      <span>
        <Button size="small" onClick={() => setDraft([...rows, ["", ""]])}>
          <Plus size={14} aria-hidden />
          {t("config.add_variable")}
        </Button>
      </span>
    </Section>
  );
}

function Remove({ fn }: { fn: FunctionView }) {
  const t = useT();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const aliases = useQuery({ ...aliasesQuery(fn.name), enabled: open }).data?.items.map((one) => one.name) ?? [];
  return (
    <section className="card" aria-label={t("delete.title")}>
      <div className="card-body row">
        <div className="grow">
          <h2 style={{ fontSize: 13.5 }}>{t("delete.title")}</h2>
          <p className="small">{t("delete.about")}</p>
        </div>
        <Button kind="danger" onClick={() => setOpen(true)}>
          <Trash2 size={14} aria-hidden />
          {t("delete.act", { name: fn.name })}
        </Button>
      </div>
      <ConfirmName
        open={open}
        onClose={() => setOpen(false)}
        title={t("delete.ask", { name: fn.name })}
        name={fn.name}
        verb={t("delete.act", { name: fn.name })}
        plan={
          <ul style={{ listStyle: "disc", paddingLeft: 20 }}>
            <li>{t("delete.versions", { n: fn.latest_version })}</li>
            {aliases.length > 0 ? <li>{t("delete.aliases", { n: aliases.length, names: aliases.join(", ") })}</li> : null}
            {fn.http === "off" ? null : <li>{t("delete.web")}</li>}
            <li>{t("delete.calls")}</li>
            <li>{t("delete.jobs")}</li>
            <li>{t("delete.runs")}</li>
          </ul>
        }
        act={async () => {
          await data(api.DELETE("/functions/{name}", { params: { path: { name: fn.name } } }));
          changeDraft(fn.name, () => ({}));
          toast(t("delete.done", { name: fn.name }));
          // The page goes first: it would ask for what is not there any more.
          await navigate({ to: "/functions" });
          queries.removeQueries({ queryKey: ["function", fn.name] });
          await queries.invalidateQueries({ queryKey: ["functions"] });
        }}
      />
    </section>
  );
}
