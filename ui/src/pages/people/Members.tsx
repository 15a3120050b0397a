import { UserPlus, Users } from "lucide-react";
import { useMemo, useState } from "react";
import { api, data, type Schemas } from "../../api/client";
import { useCan, useMe } from "../../api/me";
import { membersQuery, usePages } from "../../api/pages";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import type { Column } from "../../kit/DataTable";
import { ConfirmName, Dialog } from "../../kit/Dialog";
import { Empty, ErrorBox } from "../../kit/Feedback";
import { Listing } from "../../kit/Listing";
import { MenuChoice, MenuItem, MenuLabel, MenuLine } from "../../kit/Menu";
import { RowMenu } from "../../kit/RowMenu";
import { State } from "../../kit/State";
import { useAct } from "../../kit/useAct";
import { Ban } from "lucide-react";
import { Invite } from "./Invite";
import { MEMBER_ROLES, type MemberRole } from "./roles";

type Row = Schemas["MemberView"];

/** The members of the tenant, and what they are in it. */
export function Members() {
  const t = useT();
  const can = useCan();
  const me = useMe();
  const { list, rows } = usePages(membersQuery);
  const [inviting, setInviting] = useState(false);
  const [leaving, setLeaving] = useState<Row | null>(null);
  const { act, error, clear } = useAct("members", "me");
  const manage = can("member:manage");
  const columns = useMemo<Column<Row>[]>(
    () => [
      {
        key: "email",
        head: t("sign_in.email"),
        width: "minmax(180px, 3fr)",
        cell: (row) => (
          <>
            {row.email}
            {me?.subject === `user:${row.user}` ? <span className="muted"> {t("people.you")}</span> : null}
          </>
        ),
      },
      { key: "name", head: t("column.name"), width: "minmax(120px, 2fr)", wide: true, cell: (row) => row.name },
      { key: "role", head: t("people.role"), width: "130px", narrow: "80px", cell: (row) => t(`member.${row.role as MemberRole}`) },
      { key: "state", head: t("column.state"), width: "120px", wide: true, cell: (row) => (row.disabled ? <State tone="off" icon={Ban} text={t("people.disabled")} /> : null) },
      {
        key: "actions",
        head: "",
        width: "32px",
        align: "end",
        cell: (row) =>
          manage ? (
            <RowMenu label={t("people.actions", { name: row.email })}>
              <MenuLabel>{t("people.role")}</MenuLabel>
              <MenuChoice<MemberRole>
                value={row.role as MemberRole}
                options={MEMBER_ROLES.filter((one) => one !== "owner" || can("owner:manage") || row.role === "owner").map((one) => [one, t(`member.${one}`)])}
                onChange={(role) => void act(() => data(api.PUT("/members/{id}", { params: { path: { id: row.user } }, body: { role } })), t("people.role_set", { name: row.email, role: t(`member.${role}`) }))}
              />
              <MenuLine />
              <MenuItem tone="bad" onSelect={() => setLeaving(row)}>
                {t("people.remove")}
              </MenuItem>
            </RowMenu>
          ) : null,
      },
    ],
    [act, can, manage, me, t],
  );
  const invite = manage ? (
    <Button kind="primary" onClick={() => setInviting(true)}>
      <UserPlus size={15} aria-hidden />
      {t("people.invite")}
    </Button>
  ) : null;
  return (
    <>
      <div className="tools">
        <p className="small grow">{t("people.members_about", { tenant: me?.tenant ?? "" })}</p>
        {invite}
      </div>
      {error ? <ErrorBox error={error} /> : null}
      <Listing
        label={t("people.members")}
        list={list}
        rows={rows}
        columns={columns}
        rowKey={(row) => row.user}
        empty={
          <Empty icon={Users} title={t("people.no_members")} text={t("people.no_members_text")}>
            {invite}
          </Empty>
        }
      />
      <Dialog open={inviting} onClose={() => setInviting(false)} title={t("people.invite")} about={t("people.invite_about")}>
        <Invite onDone={() => setInviting(false)} />
      </Dialog>
      {leaving ? (
        <ConfirmName
          open
          onClose={() => {
            setLeaving(null);
            clear();
          }}
          title={t("people.remove_ask", { name: leaving.email, tenant: me?.tenant ?? "" })}
          name={leaving.email}
          verb={t("people.remove")}
          plan={
            <ul className="dots">
              <li>{t("people.remove_access")}</li>
              <li>{t("people.remove_stays")}</li>
            </ul>
          }
          act={async () => {
            await data(api.DELETE("/members/{id}", { params: { path: { id: leaving.user } } }));
            await list.refetch();
          }}
        />
      ) : null}
    </>
  );
}
