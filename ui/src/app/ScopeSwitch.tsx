import { useQueryClient } from "@tanstack/react-query";
import { Boxes } from "lucide-react";
import { useId, useState } from "react";
import { scope } from "../api/client";
import { meQuery, useMe } from "../api/me";
import { useT } from "../i18n";
import { Button } from "../kit/Button";
import { Dialog } from "../kit/Dialog";
import { Field } from "../kit/Field";
import { useStore } from "../lib/store";

const NAME = /^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/;

/** Which tenant and namespace the console is about. */
export function ScopeSwitch() {
  const t = useT();
  const now = useStore(scope);
  const me = useMe();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const plain = now.tenant === "default" && now.namespace === "default" && (me?.scopes.length ?? 1) <= 1;
  return (
    <>
      <button
        type="button"
        className="btn"
        data-kind="plain"
        data-size="small"
        aria-label={t("scope.now", { tenant: now.tenant, namespace: now.namespace })}
        title={t("scope.now", { tenant: now.tenant, namespace: now.namespace })}
        onClick={() => {
          // Another person or window may have made a tenant meanwhile.
          void queries.invalidateQueries({ queryKey: meQuery.queryKey });
          setOpen(true);
        }}
      >
        <Boxes size={16} strokeWidth={1.75} aria-hidden />
        {plain ? null : (
          <span className="mono scope-text">
            {now.tenant} / {now.namespace}
          </span>
        )}
      </button>
      <Dialog open={open} onClose={() => setOpen(false)} title={t("scope.title")} about={t("scope.about")}>
        <Choice onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function Choice({ onDone }: { onDone: () => void }) {
  const t = useT();
  const list = useId();
  const me = useMe();
  const [draft, setDraft] = useState(scope.get());
  const wrong = (text: string) => (NAME.test(text) ? undefined : t("scope.rule"));
  const scopes = me?.scopes ?? [];
  const namespaces = scopes.find((one) => one.tenant === draft.tenant)?.namespaces ?? [];
  // A developer's new name is a new tenant; who has very many types it.
  const typed = me?.dev || scopes.length >= 100 || namespaces.length >= 100;
  const options = { tenant: scopes.map((one) => one.tenant), namespace: namespaces };
  const change = (part: "tenant" | "namespace", value: string) => {
    if (part === "namespace") return setDraft({ ...draft, namespace: value });
    const there = scopes.find((one) => one.tenant === value)?.namespaces;
    const kept = !there || there.includes(draft.namespace);
    setDraft({ tenant: value, namespace: kept ? draft.namespace : there.includes("default") ? "default" : (there[0] ?? "default") });
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (wrong(draft.tenant) || wrong(draft.namespace)) return;
        scope.set(draft);
        onDone();
      }}
    >
      <div className="grid-2">
        {(["tenant", "namespace"] as const).map((part) => (
          <Field key={part} label={t(`scope.${part}`)} wrong={wrong(draft[part])}>
            {(id, described) =>
              typed ? (
                <>
                  <input id={id} className="input mono" list={`${list}-${part}`} value={draft[part]} aria-describedby={described} autoComplete="off" spellCheck={false} onChange={(event) => change(part, event.target.value.trim())} />
                  <datalist id={`${list}-${part}`}>
                    {options[part].map((one) => (
                      <option key={one} value={one} />
                    ))}
                  </datalist>
                </>
              ) : (
                <select id={id} className="select mono" value={draft[part]} onChange={(event) => change(part, event.target.value)}>
                  {[...new Set([draft[part], ...options[part]])].map((one) => (
                    <option key={one} value={one}>
                      {one}
                    </option>
                  ))}
                </select>
              )
            }
          </Field>
        ))}
      </div>
      {me?.dev ? <p className="small">{t("scope.dev")}</p> : null}
      <div className="acts">
        <Button type="submit" kind="primary">
          {t("scope.switch")}
        </Button>
      </div>
    </form>
  );
}
