import { Bot, Plus, Trash2 } from "lucide-react";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { api, data, type Schemas } from "../../api/client";
import { useCan, useMe } from "../../api/me";
import { servicesQuery, usePages } from "../../api/pages";
import { useT } from "../../i18n";
import { Button, IconButton } from "../../kit/Button";
import type { Column } from "../../kit/DataTable";
import { ConfirmName, Dialog } from "../../kit/Dialog";
import { Empty, ErrorBox } from "../../kit/Feedback";
import { Field } from "../../kit/Field";
import { Listing } from "../../kit/Listing";
import { Time } from "../../kit/Time";
import { useAct } from "../../kit/useAct";

type Row = Schemas["ServiceAccountView"];

const NAME = /^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/;

/** Programs that act in the tenant by themselves. */
export function Services() {
  const t = useT();
  const can = useCan();
  const me = useMe();
  const { list, rows } = usePages(servicesQuery);
  const [making, setMaking] = useState(false);
  const [going, setGoing] = useState<Row | null>(null);
  const manage = can("service_account:manage");
  const columns = useMemo<Column<Row>[]>(
    () => [
      { key: "name", head: t("column.name"), width: "minmax(140px, 2fr)", cell: (row) => <span className="name">{row.name}</span> },
      { key: "about", head: t("column.description"), width: "minmax(140px, 3fr)", wide: true, cell: (row) => <span className="muted">{row.description}</span> },
      { key: "since", head: t("people.since"), width: "120px", narrow: "100px", align: "end", cell: (row) => <Time at={row.created_at} /> },
      {
        key: "actions",
        head: "",
        width: "190px",
        narrow: "120px",
        align: "end",
        cell: (row, narrow) => (
          <span className="row" style={{ justifyContent: "flex-end", flexWrap: "nowrap" }}>
            {can("key:manage") ? (
              <Link to="/keys" search={{ new: row.name }} className="btn" data-size="small">
                {t(narrow ? "keys_page.key" : "people.new_key")}
              </Link>
            ) : null}
            {manage ? (
              <IconButton size="small" label={t("delete.act", { name: row.name })} onClick={() => setGoing(row)}>
                <Trash2 size={14} />
              </IconButton>
            ) : null}
          </span>
        ),
      },
    ],
    [can, manage, t],
  );
  const create = manage ? (
    <Button kind="primary" onClick={() => setMaking(true)}>
      <Plus size={15} aria-hidden />
      {t("people.new_service")}
    </Button>
  ) : null;
  return (
    <>
      <div className="tools">
        <p className="small grow">{t("people.services_about", { tenant: me?.tenant ?? "" })}</p>
        {create}
      </div>
      <Listing
        label={t("people.services")}
        list={list}
        rows={rows}
        columns={columns}
        rowKey={(row) => row.id}
        empty={
          <Empty icon={Bot} title={t("people.no_services")} text={t("people.no_services_text")}>
            {create}
          </Empty>
        }
      />
      <Dialog open={making} onClose={() => setMaking(false)} title={t("people.new_service")} about={t("people.no_services_text")}>
        <Create onDone={() => setMaking(false)} />
      </Dialog>
      {going ? (
        <ConfirmName
          open
          onClose={() => setGoing(null)}
          title={t("people.service_delete_ask", { name: going.name })}
          name={going.name}
          verb={t("delete.act", { name: going.name })}
          plan={
            <ul className="dots">
              <li>{t("people.service_delete_keys")}</li>
              <li>{t("people.service_delete_roles")}</li>
            </ul>
          }
          act={async () => {
            await data(api.DELETE("/service-accounts/{service}", { params: { path: { service: going.name } } }));
            await list.refetch();
          }}
        />
      ) : null}
    </>
  );
}

function Create({ onDone }: { onDone: () => void }) {
  const t = useT();
  const [name, setName] = useState("");
  const [about, setAbout] = useState("");
  const { act, busy, error } = useAct("service-accounts");
  const wrong = name !== "" && !NAME.test(name);
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (name === "" || wrong || busy) return;
        void act(() => data(api.POST("/service-accounts", { body: { name, description: about } })), t("people.service_done", { name })).then(({ done }) => done && onDone());
      }}
    >
      <Field label={t("column.name")} hint={t("scope.rule")} wrong={wrong ? t("scope.rule") : undefined}>
        {(id, described) => <input id={id} className="input mono" value={name} aria-describedby={described} autoComplete="off" spellCheck={false} onChange={(event) => setName(event.target.value.trim())} />}
      </Field>
      <Field label={t("column.description")}>{(id) => <input id={id} className="input" value={about} onChange={(event) => setAbout(event.target.value)} />}</Field>
      {error ? <ErrorBox error={error} /> : null}
      <div className="acts">
        <Button type="submit" kind="primary" disabled={name === "" || wrong || busy}>
          {t("people.new_service")}
        </Button>
      </div>
    </form>
  );
}
