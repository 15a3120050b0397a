import type { Schemas } from "../../api/client";
import { useMay } from "../../api/me";
import { useT } from "../../i18n";
import { ErrorBox } from "../../kit/Feedback";
import { Tags } from "../../kit/Tags";
import { useSave } from "./useSave";

/** A caller as the server writes it. */
const CALLER = /^(\*|(user|service|key):[A-Za-z0-9]+|token:[^#\s]+#\S+|role:[a-z0-9-]+|function:[A-Za-z0-9*/_-]+)$/;

const PARTS = ["allow", "deny"] as const;

/** Who may call the function, on top of roles. */
export function CallersCard({ fn }: { fn: Schemas["FunctionView"] }) {
  const t = useT();
  const may = useMay(fn.name);
  const { save, busy, error } = useSave(fn);
  const now = { allow: fn.invoke_policy?.allow ?? [], deny: fn.invoke_policy?.deny ?? [] };
  const change = (part: (typeof PARTS)[number], values: string[]) => void save({ invoke_policy: { ...now, [part]: values } });
  return (
    <section className="card" aria-label={t("callers.title")} aria-busy={busy}>
      <div className="card-head">
        <h2>{t("callers.title")}</h2>
        <span className="small">{t("callers.about")}</span>
      </div>
      <div className="card-body stack">
        {PARTS.map((part) => (
          <div key={part} className="stack-s">
            <span className="small">{t(now[part].length > 0 ? `callers.${part}_some` : `callers.${part}_none`)}</span>
            <Tags
              label={t(`callers.${part}`)}
              values={now[part]}
              onAdd={(one) => change(part, [...now[part], one])}
              onRemove={(one) => change(part, now[part].filter((other) => other !== one))}
              valid={(one) => CALLER.test(one)}
              rule={t("callers.rule")}
              placeholder="role:operator"
              disabled={!may("function:share")}
            />
          </div>
        ))}
        {error ? <ErrorBox error={error} /> : null}
      </div>
    </section>
  );
}
