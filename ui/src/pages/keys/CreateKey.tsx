import { useState } from "react";
import { api, data, type Schemas } from "../../api/client";
import { useCan } from "../../api/me";
import { servicesQuery, usePages } from "../../api/pages";
import { Problem } from "../../api/problem";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { ErrorBox } from "../../kit/Feedback";
import { Field } from "../../kit/Field";
import { Once } from "../../kit/Once";
import { PATTERN, RoleRows, type RoleRow } from "../../kit/RoleRows";
import { useAct } from "../../kit/useAct";

const DAY = 86_400;
const LIVES = [
  ["7", 7],
  ["30", 30],
  ["90", 90],
  ["365", 365],
] as const;

/** Makes a key and shows it, once. */
export function CreateKey({ server, service, onDone }: { server: boolean; service: string; onDone: () => void }) {
  const t = useT();
  const can = useCan();
  const services = usePages({ ...servicesQuery, enabled: can("service_account:read") && !server });
  const [name, setName] = useState("");
  const [holder, setHolder] = useState(service);
  const [days, setDays] = useState("90");
  const [roles, setRoles] = useState<RoleRow[]>(service ? [] : [{ role: "viewer", namespaces: "*", resources: "*" }]);
  const [aws, setAws] = useState(false);
  const [fn, setFn] = useState("");
  const [made, setMade] = useState<Schemas["CreatedKey"] | null>(null);
  const { act, busy, error } = useAct("keys");
  if (made) return <Once about={t("keys_page.once")} label={made.access_key_id ? t("keys_page.aws_secret") : undefined} text={made.secret} beside={made.access_key_id ? [t("keys_page.aws_id"), made.access_key_id] : undefined} onDone={onDone} />;
  const names = [...new Set([...(service ? [service] : []), ...services.rows.map((one) => one.name)])];
  const valid = name.trim() !== "" && roles.every((one) => PATTERN.test(one.namespaces) && PATTERN.test(one.resources)) && (holder !== "" || roles.length > 0);
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!valid || busy) return;
        void act(() => data(api.POST("/keys", { body: { name: name.trim(), roles, server, service_account: holder || undefined, aws, function: fn.trim() || undefined, expires_in_s: days === "" ? undefined : Number(days) * DAY } }))).then(({ value }) => {
          if (value) setMade(value);
        });
      }}
    >
      <Field label={t("column.name")} hint={t("keys_page.name_hint")} wrong={error instanceof Problem ? error.about("name") : undefined}>
        {(id, described) => <input id={id} className="input" value={name} aria-describedby={described} autoComplete="off" onChange={(event) => setName(event.target.value)} />}
      </Field>
      <div className="grid-2">
        <Field label={t("keys_page.holder")} hint={t(holder ? "keys_page.narrows" : "keys_page.itself_about")}>
          {(id, described) => (
            <select id={id} className="select" value={holder} aria-describedby={described} disabled={server} onChange={(event) => setHolder(event.target.value)}>
              <option value="">{t("keys_page.itself")}</option>
              {names.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t("people.ends")}>
          {(id) => (
            <select id={id} className="select" value={days} onChange={(event) => setDays(event.target.value)}>
              {LIVES.map(([value, n]) => (
                <option key={value} value={value}>
                  {t("keys_page.days", { n })}
                </option>
              ))}
              <option value="">{t("keys_page.never")}</option>
            </select>
          )}
        </Field>
      </div>
      <div className="field">
        <span className="label">{t("roles.roles")}</span>
        <RoleRows rows={roles} onChange={setRoles} least={holder ? 0 : 1} />
      </div>
      {server ? null : (
        <Field label={t("keys_page.of_function")} hint={t("keys_page.of_function_about")} wrong={error instanceof Problem ? error.about("function") : undefined}>
          {(id, described) => <input id={id} className="input mono" style={{ maxWidth: 320 }} value={fn} aria-describedby={described} autoComplete="off" spellCheck={false} onChange={(event) => setFn(event.target.value.trim())} />}
        </Field>
      )}
      <label className="check" style={{ whiteSpace: "normal" }}>
        <input type="checkbox" checked={aws} onChange={(event) => setAws(event.target.checked)} />
        {t("keys_page.aws")}
      </label>
      {error ? <ErrorBox error={error} /> : null}
      <div className="acts">
        <Button type="submit" kind="primary" disabled={!valid || busy}>
          {t("keys_page.create")}
        </Button>
      </div>
    </form>
  );
}
