import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { KeyRound, Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { api, data, type Schemas } from "../../api/client";
import { useCan, useNames } from "../../api/me";
import { secretsQuery, usePages } from "../../api/pages";
import { Problem } from "../../api/problem";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import type { Column } from "../../kit/DataTable";
import { Dialog } from "../../kit/Dialog";
import { Empty, ErrorBox } from "../../kit/Feedback";
import { Field } from "../../kit/Field";
import { Listing } from "../../kit/Listing";
import { Tags } from "../../kit/Tags";
import { Time } from "../../kit/Time";
import { toast } from "../../kit/toast";
import { GRANT, SECRET_NAME } from "../../lib/grants";

type Row = Schemas["SecretView"];

/** Names of secrets, who may have them, and when their values changed. */
export function SecretList() {
  const t = useT();
  const can = useCan();
  const navigate = useNavigate();
  const { list, rows } = usePages(secretsQuery);
  const [making, setMaking] = useState(false);
  const columns = useMemo<Column<Row>[]>(
    () => [
      {
        key: "name",
        head: t("column.name"),
        width: "minmax(160px, 2fr)",
        cell: (row) => (
          <Link to="/secrets/$name" params={{ name: row.name }} className="name mono">
            {row.name}
          </Link>
        ),
      },
      { key: "functions", head: t("secrets.grants"), width: "minmax(160px, 3fr)", cell: (row) => (row.functions.length > 0 ? <span className="mono small">{row.functions.join(", ")}</span> : <span className="muted">{t("secrets.nobody")}</span>) },
      { key: "about", head: t("column.description"), width: "minmax(120px, 3fr)", wide: true, cell: (row) => <span className="muted">{row.description}</span> },
      { key: "version", head: t("secrets.values"), width: "80px", align: "end", wide: true, cell: (row) => row.version },
      { key: "changed", head: t("column.changed"), width: "120px", align: "end", wide: true, cell: (row) => <Time at={row.updated_at} /> },
    ],
    [t],
  );
  const create = can("secret:manage") ? (
    <Button kind="primary" onClick={() => setMaking(true)}>
      <Plus size={15} aria-hidden />
      {t("secrets.create")}
    </Button>
  ) : null;
  return (
    <div className="page" data-fill="">
      <div className="page-head">
        <h1>{t("nav.secrets")}</h1>
        <div className="acts">{create}</div>
      </div>
      <p className="page-sub prose">{t("secrets.about")}</p>
      <Listing
        label={t("nav.secrets")}
        list={list}
        rows={rows}
        columns={columns}
        rowKey={(row) => row.name}
        onOpen={(row) => void navigate({ to: "/secrets/$name", params: { name: row.name } })}
        empty={
          <Empty icon={KeyRound} title={t("secrets.empty")} text={t("secrets.empty_text")} command="printf %s VALUE | nova secret set db-url --function api">
            {create}
          </Empty>
        }
      />
      <Dialog open={making} onClose={() => setMaking(false)} title={t("secrets.create")} about={t("secrets.create_about")}>
        <Create onDone={() => setMaking(false)} />
      </Dialog>
    </div>
  );
}

function Create({ onDone }: { onDone: () => void }) {
  const t = useT();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const names = useNames("secret:manage");
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [about, setAbout] = useState("");
  const [functions, setFunctions] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const wrong = name !== "" && !SECRET_NAME.test(name);
  const save = async () => {
    setBusy(true);
    setError(null);
    try {
      await data(api.POST("/secrets", { body: { name, value, description: about, functions } }));
      toast(t("secrets.created", { name }));
      void queries.invalidateQueries({ queryKey: ["secrets"] });
      onDone();
      await navigate({ to: "/secrets/$name", params: { name } });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const about1 = (field: string) => (error instanceof Problem ? error.about(field) : undefined);
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!wrong && name && value && !busy) void save();
      }}
    >
      <Field label={t("column.name")} hint={names ? t("create.name_hint_some", { names: names.join(", ") }) : t("secrets.name_hint")} wrong={wrong ? t("secrets.name_hint") : about1("name")}>
        {(id, described) => <input id={id} className="input mono" value={name} aria-describedby={described} aria-invalid={wrong || undefined} autoComplete="off" spellCheck={false} onChange={(event) => setName(event.target.value.trim())} />}
      </Field>
      <SecretValue value={value} onChange={setValue} wrong={about1("value")} />
      <Field label={t("column.description")}>{(id) => <input id={id} className="input" value={about} onChange={(event) => setAbout(event.target.value)} />}</Field>
      <div className="field">
        <span className="label">{t("secrets.grants")}</span>
        <Tags label={t("secrets.grant_to")} values={functions} onAdd={(one) => setFunctions([...functions, one])} onRemove={(one) => setFunctions(functions.filter((other) => other !== one))} valid={(one) => GRANT.test(one)} rule={t("secrets.grant_rule")} placeholder="api-*" />
      </div>
      {error ? <ErrorBox error={error} /> : null}
      <div className="acts">
        <Button type="submit" kind="primary" disabled={busy || wrong || name === "" || value === ""}>
          {t("secrets.create")}
        </Button>
      </div>
    </form>
  );
}

/** A value on its way in: hidden while it is typed, of several lines too. */
export function SecretValue({ value, onChange, wrong }: { value: string; onChange: (value: string) => void; wrong?: string }) {
  const t = useT();
  const [shown, setShown] = useState(false);
  return (
    <Field label={t("secrets.value")} hint={t("secrets.value_hint")} wrong={wrong}>
      {(id, described) => (
        <>
          <textarea id={id} className="input mono" data-hidden={shown ? undefined : ""} rows={3} value={value} aria-describedby={described} autoComplete="off" spellCheck={false} onChange={(event) => onChange(event.target.value)} />
          <label className="check">
            <input type="checkbox" checked={shown} onChange={(event) => setShown(event.target.checked)} />
            {t("secrets.show_typed")}
          </label>
        </>
      )}
    </Field>
  );
}
