import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Plus, ShieldCheck, Trash2 } from "lucide-react";
import { useMemo, useState } from "react";
import { api, data, type Schemas } from "../../api/client";
import { useCan, useMe } from "../../api/me";
import { rolesQuery, usePages } from "../../api/pages";
import { useT, type Translate } from "../../i18n";
import { Button, IconButton } from "../../kit/Button";
import type { Column } from "../../kit/DataTable";
import { ConfirmName, Dialog } from "../../kit/Dialog";
import { Empty, ErrorBox } from "../../kit/Feedback";
import { Field } from "../../kit/Field";
import { Listing } from "../../kit/Listing";
import { toast } from "../../kit/toast";
import { useAct } from "../../kit/useAct";
import { groupsOf, inShort } from "./permissions";

const route = getRouteApi("/roles/");

type Row = Schemas["RoleView"];

const NAME = /^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/;

const BUILT_IN = ["owner", "admin", "operator", "viewer", "invoker"] as const;

/** What a role is for: of a built-in one in the person's language. */
function aboutRole(role: Row, t: Translate): string {
  const known = role.built_in ? BUILT_IN.find((name) => name === role.name) : undefined;
  return known ? t(`role.${known}`) : role.description;
}

/** Built-in roles and those of the tenant. */
export function RoleList() {
  const t = useT();
  const can = useCan();
  const me = useMe();
  const navigate = useNavigate();
  const { role } = route.useSearch();
  const { list, rows } = usePages(rolesQuery);
  const [making, setMaking] = useState(false);
  const [going, setGoing] = useState<Row | null>(null);
  const manage = can("role:manage");
  const open = rows.find((one) => one.name === role);
  const close = () => void navigate({ to: "/roles", search: {} });
  const columns = useMemo<Column<Row>[]>(
    () => [
      {
        key: "name",
        head: t("column.name"),
        width: "minmax(120px, 1fr)",
        cell: (row) => (
          <>
            <span className="name">{row.name}</span> {row.built_in ? <span className="tag">{t("roles.built_in")}</span> : null}
          </>
        ),
      },
      { key: "about", head: t("column.description"), width: "minmax(140px, 2fr)", narrow: "minmax(0, 1fr)", cell: (row) => <span className="muted">{aboutRole(row, t)}</span> },
      { key: "permissions", head: t("roles.permissions"), width: "minmax(160px, 3fr)", wide: true, cell: (row) => <span className="mono small">{inShort(row.permissions)}</span> },
      {
        key: "actions",
        head: "",
        width: "32px",
        align: "end",
        cell: (row) =>
          manage && !row.built_in ? (
            <IconButton size="small" label={t("delete.act", { name: row.name })} onClick={() => setGoing(row)}>
              <Trash2 size={14} />
            </IconButton>
          ) : null,
      },
    ],
    [manage, t],
  );
  const create = manage ? (
    <Button kind="primary" onClick={() => setMaking(true)}>
      <Plus size={15} aria-hidden />
      {t("roles.create")}
    </Button>
  ) : null;
  return (
    <>
      <div className="tools">
        <p className="small grow">{t("roles.about", { tenant: me?.tenant ?? "" })}</p>
        {create}
      </div>
      <Listing label={t("roles.roles")} list={list} rows={rows} columns={columns} rowKey={(row) => row.name} onOpen={(row) => void navigate({ to: "/roles", search: { role: row.name } })} empty={<Empty icon={ShieldCheck} title={t("roles.none")}>{create}</Empty>} />
      <Dialog open={open !== undefined} onClose={close} title={open?.built_in ? t("roles.look", { name: open.name }) : t("roles.change", { name: open?.name ?? "" })} about={open?.built_in ? aboutRole(open, t) : undefined}>
        {open ? <Editor key={open.name} role={open} readOnly={open.built_in || !manage} onDone={close} /> : null}
      </Dialog>
      <Dialog open={making} onClose={() => setMaking(false)} title={t("roles.create")}>
        <Editor readOnly={false} onDone={() => setMaking(false)} />
      </Dialog>
      {going ? (
        <ConfirmName
          open
          onClose={() => setGoing(null)}
          title={t("roles.delete_ask", { name: going.name })}
          name={going.name}
          verb={t("delete.act", { name: going.name })}
          plan={
            <ul className="dots">
              <li>{t("roles.delete_holders")}</li>
            </ul>
          }
          act={async () => {
            await data(api.DELETE("/roles/{role}", { params: { path: { role: going.name } } }));
            toast(t("delete.done", { name: going.name }));
            await list.refetch();
          }}
        />
      ) : null}
    </>
  );
}

/** Name, description and permissions of a role; of one that is there, all but the name. */
function Editor({ role, readOnly, onDone }: { role?: Row; readOnly: boolean; onDone: () => void }) {
  const t = useT();
  const me = useMe();
  const [name, setName] = useState("");
  const [about, setAbout] = useState(role?.description ?? "");
  const [chosen, setChosen] = useState(() => new Set(role?.permissions ?? []));
  const { act, busy, error } = useAct("roles", "me");
  const wrong = !role && name !== "" && !NAME.test(name);
  const ready = (role !== undefined || name !== "") && !wrong && chosen.size > 0;
  const groups = useMemo(() => groupsOf([...(role?.permissions ?? [])]), [role]);
  const flip = (permission: string) =>
    setChosen((now) => {
      const next = new Set(now);
      if (!next.delete(permission)) next.add(permission);
      return next;
    });
  const send = () => {
    const body = { description: about, permissions: [...chosen] };
    return role ? data(api.PUT("/roles/{role}", { params: { path: { role: role.name } }, body })) : data(api.POST("/roles", { body: { name, ...body } }));
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready || busy || readOnly) return;
        void act(send, t("roles.saved", { name: role?.name ?? name })).then(({ done }) => done && onDone());
      }}
    >
      {role ? null : (
        <Field label={t("column.name")} hint={t("scope.rule")} wrong={wrong ? t("scope.rule") : undefined}>
          {(id, described) => <input id={id} className="input mono" value={name} aria-describedby={described} autoComplete="off" spellCheck={false} onChange={(event) => setName(event.target.value.trim())} />}
        </Field>
      )}
      {role?.built_in ? null : <Field label={t("column.description")}>{(id) => <input id={id} className="input" value={about} disabled={readOnly} onChange={(event) => setAbout(event.target.value)} />}</Field>}
      <div className="permissions">
        {groups.map((group) => (
          <fieldset key={group.noun}>
            <legend className="mono">{group.noun}</legend>
            <span className="row">
              {group.permissions.map((permission) => (
                <label key={permission} className="check" title={permission}>
                  <input type="checkbox" checked={chosen.has(permission)} disabled={readOnly || (!chosen.has(permission) && me !== undefined && !me.permissions.includes(permission))} onChange={() => flip(permission)} />
                  {permission.split(":")[1]}
                </label>
              ))}
            </span>
          </fieldset>
        ))}
      </div>
      {readOnly ? null : <p className="small">{t("roles.only_own")}</p>}
      {error ? <ErrorBox error={error} /> : null}
      <div className="acts">
        {readOnly ? (
          <Button onClick={onDone}>{t("act.close")}</Button>
        ) : (
          <Button type="submit" kind="primary" disabled={!ready || busy}>
            {t(role ? "roles.save" : "roles.create")}
          </Button>
        )}
      </div>
    </form>
  );
}
