import { Boxes } from "lucide-react";
import { useState } from "react";
import { scope } from "../api/client";
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
  const [open, setOpen] = useState(false);
  const [draft, setDraft] = useState(now);
  const wrong = (text: string) => (NAME.test(text) ? undefined : t("scope.rule"));
  const plain = now.tenant === "default" && now.namespace === "default";
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
          setDraft(now);
          setOpen(true);
        }}
      >
        <Boxes size={16} strokeWidth={1.75} aria-hidden />
        {plain ? null : (
          <span className="mono">
            {now.tenant} / {now.namespace}
          </span>
        )}
      </button>
      <Dialog open={open} onClose={() => setOpen(false)} title={t("scope.title")} about={t("scope.about")}>
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (wrong(draft.tenant) || wrong(draft.namespace)) return;
            scope.set(draft);
            setOpen(false);
          }}
        >
          <div className="grid-2">
            {(["tenant", "namespace"] as const).map((part) => (
              <Field key={part} label={t(`scope.${part}`)} wrong={wrong(draft[part])}>
                {(id, described) => <input id={id} className="input mono" value={draft[part]} aria-describedby={described} onChange={(event) => setDraft({ ...draft, [part]: event.target.value.trim() })} />}
              </Field>
            ))}
          </div>
          <div className="acts">
            {plain ? null : <Button onClick={() => setDraft({ tenant: "default", namespace: "default" })}>{t("scope.reset")}</Button>}
            <Button type="submit" kind="primary">
              {t("scope.switch")}
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  );
}
