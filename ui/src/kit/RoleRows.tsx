import { Plus, Trash2 } from "lucide-react";
import type { Schemas } from "../api/client";
import { rolesQuery, usePages } from "../api/pages";
import { useT } from "../i18n";
import { Button, IconButton } from "./Button";

export type RoleRow = Required<Schemas["RoleGrantBody"]>;

/** A name, the beginning of one and `*`, or `*`. */
export const PATTERN = /^(\*|[A-Za-z0-9][A-Za-z0-9._-]*\*?)$/;

/** Roles, each with the namespaces and functions for which it holds. */
export function RoleRows({ rows, onChange, least = 0 }: { rows: RoleRow[]; onChange: (rows: RoleRow[]) => void; least?: number }) {
  const t = useT();
  const { rows: roles } = usePages(rolesQuery);
  const names = roles.length > 0 ? roles.map((one) => one.name) : ["admin", "operator", "viewer", "invoker"];
  const edit = (index: number, change: Partial<RoleRow>) => onChange(rows.map((row, at) => (at === index ? { ...row, ...change } : row)));
  return (
    <div className="stack-s">
      {rows.map((row, index) => (
        <div key={index} className="role-row">
          <select className="select" aria-label={t("roles.role_n", { n: index + 1 })} value={row.role} onChange={(event) => edit(index, { role: event.target.value })}>
            {names.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
          <input className="input mono" aria-label={t("roles.namespaces_n", { n: index + 1 })} title={t("roles.namespaces")} aria-invalid={!PATTERN.test(row.namespaces) || undefined} value={row.namespaces} spellCheck={false} onChange={(event) => edit(index, { namespaces: event.target.value.trim() })} />
          <input className="input mono" aria-label={t("roles.resources_n", { n: index + 1 })} title={t("roles.resources")} aria-invalid={!PATTERN.test(row.resources) || undefined} value={row.resources} spellCheck={false} onChange={(event) => edit(index, { resources: event.target.value.trim() })} />
          <IconButton label={t("roles.drop", { role: row.role })} disabled={rows.length <= least} onClick={() => onChange(rows.filter((_, at) => at !== index))}>
            <Trash2 size={15} />
          </IconButton>
        </div>
      ))}
      <span className="small">{t("roles.pattern")}</span>
      <span>
        <Button size="small" onClick={() => onChange([...rows, { role: names.includes("viewer") ? "viewer" : (names[0] ?? ""), namespaces: "*", resources: "*" }])}>
          <Plus size={14} aria-hidden />
          {t("roles.add")}
        </Button>
      </span>
    </div>
  );
}
