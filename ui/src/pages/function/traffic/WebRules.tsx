import { useState } from "react";
import type { Schemas } from "../../../api/client";
import { useT, type Key } from "../../../i18n";
import { Button } from "../../../kit/Button";
import { ErrorBox } from "../../../kit/Feedback";
import { Field, NumberField } from "../../../kit/Field";
import { useSave } from "../useSave";
import { goodAge, goodRate, patchOf, rulesOf, tooOpen, type Rules } from "./rules";

/** What pages of other origins may do with the address, and how many requests it takes. */
export function WebRules({ fn, disabled }: { fn: Schemas["FunctionView"]; disabled: boolean }) {
  const t = useT();
  const { save, busy, error } = useSave(fn);
  const present = rulesOf(fn);
  const [draft, setDraft] = useState<Rules | null>(null);
  const rules = draft ?? present;
  const change = (part: Partial<Rules>) => setDraft({ ...rules, ...part });
  const dirty = JSON.stringify(rules) !== JSON.stringify(present);
  const open = rules.origins.trim() !== "";
  const valid = !tooOpen(rules) && goodAge(rules) && goodRate(rules.rate) && goodRate(rules.clientRate);
  const text = (key: "origins" | "methods" | "headers" | "exposed", label: Key, hint: Key, wrong?: string) => (
    <Field label={t(label)} hint={t(hint)} wrong={wrong}>
      {(id, described) => <input id={id} className="input mono" value={rules[key]} aria-describedby={described} aria-invalid={wrong ? true : undefined} spellCheck={false} onChange={(event) => change({ [key]: event.target.value })} />}
    </Field>
  );
  const rate = (key: "rate" | "clientRate", label: Key, hint: Key) => (
    <NumberField label={t(label)} hint={t(hint)} value={rules[key]} unit={t("web.per_second")} min={0} max={1_000_000} wrong={goodRate(rules[key]) ? undefined : t("web.rate_rule")} onChange={(value) => change({ [key]: value })} />
  );
  return (
    <form
      aria-label={t("web.rules")}
      onSubmit={(event) => {
        event.preventDefault();
        if (dirty && valid && !busy) void save(patchOf(rules)).then((done) => done && setDraft(null));
      }}
    >
      <fieldset className="stack-s plain-set" disabled={disabled}>
        <div className="form-grid">
          {rate("rate", "web.rate", "web.rate_about")}
          {fn.http === "key" ? null : rate("clientRate", "web.client_rate", "web.client_rate_about")}
          {text("origins", "web.origins", "web.origins_about", tooOpen(rules) ? t("web.too_open") : undefined)}
          {open ? (
            <>
              {text("methods", "web.methods", "web.methods_about")}
              {text("headers", "web.headers", "web.headers_about")}
              {text("exposed", "web.exposed", "web.exposed_about")}
              <NumberField label={t("web.max_age")} value={rules.maxAge} unit="s" min={0} max={86_400} wrong={goodAge(rules) ? undefined : t("web.max_age_rule")} onChange={(maxAge) => change({ maxAge })} />
            </>
          ) : null}
        </div>
        {open ? (
          <label className="row">
            <input type="checkbox" checked={rules.credentials} onChange={(event) => change({ credentials: event.target.checked })} />
            {t("web.credentials")}
          </label>
        ) : null}
        {dirty ? (
          <span className="row">
            <Button type="submit" kind="primary" disabled={!valid || busy}>
              {t("web.save_rules")}
            </Button>
            <Button onClick={() => setDraft(null)}>{t("act.discard")}</Button>
          </span>
        ) : null}
        {error ? <ErrorBox error={error} /> : null}
      </fieldset>
    </form>
  );
}
