import { Ban, CircleCheck, ShieldCheck, Users } from "lucide-react";
import { useMemo, useState } from "react";
import { api, data, type Schemas } from "../../api/client";
import { useCan, useMe } from "../../api/me";
import { usersQuery, usePages } from "../../api/pages";
import { useT } from "../../i18n";
import type { Column } from "../../kit/DataTable";
import { ConfirmName } from "../../kit/Dialog";
import { Empty, ErrorBox } from "../../kit/Feedback";
import { Listing } from "../../kit/Listing";
import { MenuItem, MenuLine } from "../../kit/Menu";
import { RowMenu } from "../../kit/RowMenu";
import { State } from "../../kit/State";
import { Time } from "../../kit/Time";
import { useAct } from "../../kit/useAct";

type Row = Schemas["UserView"];

/** Every person of the server. */
export function UserList() {
  const t = useT();
  const can = useCan();
  const me = useMe();
  const { list, rows } = usePages(usersQuery);
  const [going, setGoing] = useState<Row | null>(null);
  const { act, error } = useAct("users", "members");
  const manage = can("user:manage");
  const columns = useMemo<Column<Row>[]>(() => {
    const change = (row: Row, body: Schemas["PatchUser"], said: string) => void act(() => data(api.PATCH("/users/{id}", { params: { path: { id: row.id } }, body })), said);
    return [
      {
        key: "email",
        head: t("sign_in.email"),
        width: "minmax(180px, 3fr)",
        cell: (row) => (
          <>
            {row.email}
            {me?.subject === `user:${row.id}` ? <span className="muted"> {t("people.you")}</span> : null}
          </>
        ),
      },
      { key: "name", head: t("column.name"), width: "minmax(120px, 2fr)", wide: true, cell: (row) => row.name },
      { key: "state", head: t("column.state"), width: "110px", narrow: "100px", cell: (row) => (row.disabled ? <State tone="off" icon={Ban} text={t("people.disabled")} /> : <State tone="ok" icon={CircleCheck} text={t("people.active")} />) },
      { key: "super", head: t("people.role"), width: "190px", wide: true, cell: (row) => (row.superadmin ? <State tone="run" icon={ShieldCheck} text={t("person.superadmin")} /> : null) },
      { key: "since", head: t("people.since"), width: "120px", align: "end", wide: true, cell: (row) => <Time at={row.created_at} /> },
      {
        key: "actions",
        head: "",
        width: "32px",
        align: "end",
        cell: (row) =>
          manage ? (
            <RowMenu label={t("people.actions", { name: row.email })}>
              {row.disabled ? (
                <MenuItem onSelect={() => change(row, { disabled: false }, t("people.enabled_done", { name: row.email }))}>{t("people.enable")}</MenuItem>
              ) : (
                <MenuItem onSelect={() => change(row, { disabled: true }, t("people.disabled_done", { name: row.email }))}>{t("people.disable")}</MenuItem>
              )}
              {row.superadmin ? (
                <MenuItem onSelect={() => change(row, { superadmin: false }, t("people.lowered", { name: row.email }))}>{t("people.lower")}</MenuItem>
              ) : (
                <MenuItem onSelect={() => change(row, { superadmin: true }, t("people.raised", { name: row.email }))}>{t("people.raise")}</MenuItem>
              )}
              <MenuLine />
              <MenuItem tone="bad" onSelect={() => setGoing(row)}>
                {t("people.delete")}
              </MenuItem>
            </RowMenu>
          ) : null,
      },
    ];
  }, [act, manage, me, t]);
  return (
    <>
      <p className="small">{t("people.users_about")}</p>
      {error ? <ErrorBox error={error} /> : null}
      <Listing label={t("people.users")} list={list} rows={rows} columns={columns} rowKey={(row) => row.id} empty={<Empty icon={Users} title={t("people.no_users")} text={t("people.no_users_text")} />} />
      {going ? (
        <ConfirmName
          open
          onClose={() => setGoing(null)}
          title={t("people.delete_ask", { name: going.email })}
          name={going.email}
          verb={t("delete.act", { name: going.email })}
          plan={
            <ul className="dots">
              <li>{t("people.delete_access")}</li>
              <li>{t("people.delete_stays")}</li>
            </ul>
          }
          act={async () => {
            await data(api.DELETE("/users/{id}", { params: { path: { id: going.id } } }));
            await list.refetch();
          }}
        />
      ) : null}
    </>
  );
}
