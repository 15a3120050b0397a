import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { MailPlus, UserPlus } from "lucide-react";
import { useMemo, useState } from "react";
import { api, data, type Schemas } from "../../api/client";
import { useCan, useMe } from "../../api/me";
import { invitationsQuery, usePages } from "../../api/pages";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import type { Column } from "../../kit/DataTable";
import { ConfirmName, Dialog } from "../../kit/Dialog";
import { Empty } from "../../kit/Feedback";
import { Listing } from "../../kit/Listing";
import { OfServer } from "../../kit/OfServer";
import { Time } from "../../kit/Time";
import { toast } from "../../kit/toast";
import { Invite } from "./Invite";
import type { MemberRole } from "./roles";

const route = getRouteApi("/people/invitations");

type Row = Schemas["InvitationView"];

/** Invitations that nobody has accepted yet. */
export function Invitations() {
  const t = useT();
  const can = useCan();
  const me = useMe();
  const navigate = useNavigate();
  const server = route.useSearch().of === "server";
  const { list, rows } = usePages(invitationsQuery(server));
  const [inviting, setInviting] = useState(false);
  const [going, setGoing] = useState<Row | null>(null);
  const manage = can("member:manage");
  const columns = useMemo<Column<Row>[]>(
    () => [
      { key: "email", head: t("sign_in.email"), width: "minmax(180px, 3fr)", cell: (row) => row.email },
      { key: "role", head: t("people.role"), width: "minmax(100px, 1fr)", wide: true, cell: (row) => (row.superadmin ? t("person.superadmin") : row.role ? t(`member.${row.role as MemberRole}`) : "") },
      { key: "ends", head: t("people.ends"), width: "140px", narrow: "90px", cell: (row) => (row.expires_at ? <Time at={row.expires_at} future /> : t("keys_page.never")) },
      {
        key: "actions",
        head: "",
        width: "110px",
        narrow: "90px",
        align: "end",
        cell: (row) =>
          manage ? (
            <Button size="small" onClick={() => setGoing(row)}>
              {t("people.withdraw")}
            </Button>
          ) : null,
      },
    ],
    [manage, t],
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
        {me?.superadmin ? <OfServer server={server} onChange={(of) => void navigate({ to: "/people/invitations", search: { of } })} /> : null}
        <p className="small grow">{t("people.invitations_about")}</p>
        {invite}
      </div>
      <Listing label={t("people.invitations")} list={list} rows={rows} columns={columns} rowKey={(row) => row.id} empty={<Empty icon={MailPlus} title={t("people.no_invitations")} text={t("people.no_invitations_text")} />} />
      <Dialog open={inviting} onClose={() => setInviting(false)} title={t("people.invite")} about={t("people.invite_about")}>
        <Invite onDone={() => setInviting(false)} />
      </Dialog>
      {going ? (
        <ConfirmName
          open
          onClose={() => setGoing(null)}
          title={t("people.withdraw_ask", { email: going.email })}
          name={going.email}
          verb={t("people.withdraw")}
          plan={
            <ul className="dots">
              <li>{t("people.withdraw_link")}</li>
            </ul>
          }
          act={async () => {
            await data(api.DELETE("/invitations/{id}", { params: { path: { id: going.id }, query: { server } } }));
            toast(t("people.withdrawn", { email: going.email }));
            await list.refetch();
          }}
        />
      ) : null}
    </>
  );
}
