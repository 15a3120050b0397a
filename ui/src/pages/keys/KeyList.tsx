import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Ban, CircleCheck, KeySquare, Plus } from "lucide-react";
import { useMemo } from "react";
import type { Schemas } from "../../api/client";
import { useCan, useMe } from "../../api/me";
import { keysQuery, servicesQuery, usePages } from "../../api/pages";
import { useT, type Translate } from "../../i18n";
import type { Column } from "../../kit/DataTable";
import { Dialog } from "../../kit/Dialog";
import { Empty } from "../../kit/Feedback";
import { Listing } from "../../kit/Listing";
import { OfServer } from "../../kit/OfServer";
import { State } from "../../kit/State";
import { Time } from "../../kit/Time";
import { CreateKey } from "./CreateKey";

const route = getRouteApi("/keys");

type Row = Schemas["KeyView"];

/** Who acts by a key, in words. */
export function holderOf(row: Row, services: Schemas["ServiceAccountView"][], t: Translate): string {
  const [kind, id] = row.subject.split(":");
  if (kind === "key") return t("keys_page.itself");
  if (kind === "service") return services.find((one) => one.id === id)?.name ?? row.subject;
  return t("person.user");
}

/** API keys, without what opens. */
export function KeyList() {
  const t = useT();
  const can = useCan();
  const me = useMe();
  const navigate = useNavigate();
  const search = route.useSearch();
  const server = search.of === "server";
  const { list, rows } = usePages(keysQuery(server));
  const services = usePages({ ...servicesQuery, enabled: can("service_account:read") });
  const columns = useMemo<Column<Row>[]>(
    () => [
      {
        key: "name",
        head: t("column.name"),
        width: "minmax(140px, 2fr)",
        cell: (row) => (
          <Link to="/keys/$id" params={{ id: row.id }} search={{ of: search.of }} className="name">
            {row.name}
          </Link>
        ),
      },
      {
        key: "kind",
        head: t("keys_page.kind"),
        width: "130px",
        wide: true,
        cell: (row) => (row.aws ? <span className="tag">{t("keys_page.pair")}</span> : <span className="muted">{t("person.key")}</span>),
      },
      { key: "prefix", head: t("keys_page.begins"), width: "150px", wide: true, cell: (row) => <span className="mono small">{row.prefix}…</span> },
      { key: "holder", head: t("keys_page.holder"), width: "minmax(120px, 1fr)", wide: true, cell: (row) => holderOf(row, services.rows, t) },
      { key: "state", head: t("column.state"), width: "110px", narrow: "90px", cell: (row) => (row.expired ? <State tone="off" icon={Ban} text={t("keys_page.expired")} /> : <State tone="ok" icon={CircleCheck} text={t("keys_page.valid")} />) },
      { key: "used", head: t("keys_page.used"), width: "130px", narrow: "110px", align: "end", cell: (row) => (row.last_used_at ? <Time at={row.last_used_at} /> : <span className="muted">{t("keys_page.unused")}</span>) },
      { key: "ends", head: t("people.ends"), width: "130px", align: "end", wide: true, cell: (row) => (row.expires_at ? <Time at={row.expires_at} future /> : <span className="muted">{t("keys_page.never")}</span>) },
    ],
    [search.of, services.rows, t],
  );
  const create = can("key:manage") ? (
    <Link to="/keys" search={{ of: search.of, new: "key" }} className="btn" data-kind="primary">
      <Plus size={15} aria-hidden />
      {t("keys_page.create")}
    </Link>
  ) : null;
  const close = () => void navigate({ to: "/keys", search: { of: search.of } });
  return (
    <div className="page" data-fill="">
      <div className="page-head">
        <h1>{t("nav.keys")}</h1>
        <div className="acts">{create}</div>
      </div>
      <div className="tools">
        {me?.superadmin ? <OfServer server={server} onChange={(of) => void navigate({ to: "/keys", search: { of } })} /> : null}
        <p className="small grow">{t("keys_page.about")}</p>
      </div>
      <Listing
        label={t("nav.keys")}
        list={list}
        rows={rows}
        columns={columns}
        rowKey={(row) => row.id}
        onOpen={(row) => void navigate({ to: "/keys/$id", params: { id: row.id }, search: { of: search.of } })}
        empty={
          <Empty icon={KeySquare} title={t("keys_page.empty")} text={t("keys_page.empty_text")} command="nova key create ci --role operator --expires-in 90d">
            {create}
          </Empty>
        }
      />
      <Dialog open={search.new !== undefined && can("key:manage")} onClose={close} title={t("keys_page.create")}>
        <CreateKey server={server} service={search.new === "key" ? "" : (search.new ?? "")} onDone={close} />
      </Dialog>
    </div>
  );
}
