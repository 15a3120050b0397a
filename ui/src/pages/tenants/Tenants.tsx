import { useQueryClient } from "@tanstack/react-query";
import { Building2, Plus, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import { api, data, scope, type Schemas } from "../../api/client";
import { useCan, useMe } from "../../api/me";
import { namespacesQuery, tenantsQuery, usePages } from "../../api/pages";
import { useT } from "../../i18n";
import { Button, IconButton } from "../../kit/Button";
import { ConfirmName, Dialog } from "../../kit/Dialog";
import { Empty, ErrorBox, Loading } from "../../kit/Feedback";
import { Field } from "../../kit/Field";
import type { PagedList } from "../../kit/Listing";
import { Time } from "../../kit/Time";
import { useAct } from "../../kit/useAct";
import { toast } from "../../kit/toast";
import { useStore } from "../../lib/store";

const NAME = /^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/;

type Tenant = Schemas["TenantView"];
type Namespace = Schemas["NamespaceView"];

/** Tenants that one may use, and the namespaces of the one that the console is about. */
export function Tenants() {
  const t = useT();
  const can = useCan();
  const now = useStore(scope);
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("nav.tenants")}</h1>
      </div>
      <p className="page-sub prose">{t("tenants.about")}</p>
      <TenantCard />
      {can("namespace:read") ? <NamespaceCard key={now.tenant} /> : null}
    </div>
  );
}

function TenantCard() {
  const t = useT();
  const can = useCan();
  const me = useMe();
  const now = useStore(scope);
  const queries = useQueryClient();
  const { list, rows } = usePages(tenantsQuery);
  const [making, setMaking] = useState(false);
  const [going, setGoing] = useState<Tenant | null>(null);
  // Only the tenant that the console is about tells what may be done with it.
  const mayDelete = (row: Tenant) => me?.superadmin || (can("tenant:delete") && row.name === now.tenant);
  return (
    <>
      <ListCard
        title={t("tenants.tenants")}
        verb={can("tenant:create") ? t("tenants.create") : undefined}
        onVerb={() => setMaking(true)}
        list={list}
        empty={rows.length === 0 ? <Empty icon={Building2} title={t("tenants.none")} text={t("tenants.none_text")} /> : undefined}
      >
        {rows.map((row) => (
          <Row key={row.name} name={row.name} about={row.description} at={row.created_at} current={row.name === now.tenant} onUse={() => use(row.name)} onDelete={mayDelete(row) && row.name !== "default" ? () => setGoing(row) : undefined} />
        ))}
      </ListCard>
      <Dialog open={making} onClose={() => setMaking(false)} title={t("tenants.create")}>
        <Create
          rule={t("scope.rule")}
          verb={t("tenants.create")}
          keys={["tenants", "me"]}
          send={async (name, description) => {
            await data(api.POST("/tenants", { body: { name, description } }));
            toast(t("tenants.created", { name }));
          }}
          onDone={() => setMaking(false)}
        />
      </Dialog>
      {going ? (
        <ConfirmName
          open
          onClose={() => setGoing(null)}
          title={t("tenants.delete_ask", { name: going.name })}
          name={going.name}
          verb={t("delete.act", { name: going.name })}
          plan={
            <ul className="dots">
              <li>{t("tenants.delete_empty")}</li>
              <li>{t("tenants.delete_access")}</li>
            </ul>
          }
          act={async () => {
            await data(api.DELETE("/tenants/{tenant}", { params: { path: { tenant: going.name } } }));
            toast(t("delete.done", { name: going.name }));
            if (going.name === now.tenant) scope.set({ tenant: me?.scopes.find((one) => one.tenant !== going.name)?.tenant ?? "default", namespace: "default" });
            void queries.invalidateQueries({ queryKey: ["me"] });
            await list.refetch();
          }}
        />
      ) : null}
    </>
  );
}

const use = (tenant: string, namespace = "default") => scope.set({ tenant, namespace });

function NamespaceCard() {
  const t = useT();
  const can = useCan();
  const now = useStore(scope);
  const queries = useQueryClient();
  const { list, rows } = usePages(namespacesQuery);
  const [making, setMaking] = useState(false);
  const [going, setGoing] = useState<Namespace | null>(null);
  return (
    <>
      <ListCard
        title={t("tenants.namespaces_of", { tenant: now.tenant })}
        about={t("tenants.namespaces_about")}
        verb={can("namespace:create") ? t("tenants.create_namespace") : undefined}
        onVerb={() => setMaking(true)}
        list={list}
      >
        {rows.map((row) => (
          <Row key={row.name} name={row.name} about={row.description} at={row.created_at} current={row.name === now.namespace} onUse={() => use(now.tenant, row.name)} onDelete={can("namespace:delete") && !(row.name === "default" && now.tenant === "default") ? () => setGoing(row) : undefined} />
        ))}
      </ListCard>
      <Dialog open={making} onClose={() => setMaking(false)} title={t("tenants.create_namespace")} about={t("tenants.namespaces_about")}>
        <Create
          rule={t("scope.rule")}
          verb={t("tenants.create_namespace")}
          keys={["namespaces", "me"]}
          send={async (name, description) => {
            await data(api.POST("/namespaces", { body: { name, description } }));
            toast(t("tenants.created_namespace", { name }));
          }}
          onDone={() => setMaking(false)}
        />
      </Dialog>
      {going ? (
        <ConfirmName
          open
          onClose={() => setGoing(null)}
          title={t("tenants.delete_namespace_ask", { name: going.name, tenant: now.tenant })}
          name={going.name}
          verb={t("delete.act", { name: going.name })}
          plan={
            <ul className="dots">
              <li>{t("tenants.delete_empty")}</li>
              <li>{t("tenants.delete_secrets")}</li>
            </ul>
          }
          act={async () => {
            await data(api.DELETE("/namespaces/{namespace}", { params: { path: { namespace: going.name } } }));
            toast(t("delete.done", { name: going.name }));
            if (going.name === now.namespace) use(now.tenant);
            void queries.invalidateQueries({ queryKey: ["me"] });
            await list.refetch();
          }}
        />
      ) : null}
    </>
  );
}

interface ListCardProps {
  title: string;
  about?: string;
  /** What makes a new one; without it nobody may here. */
  verb?: string;
  onVerb: () => void;
  list: PagedList;
  /** Stands in place of a list without rows. */
  empty?: ReactNode;
  children: ReactNode;
}

/** A list in a card, with its states. */
function ListCard({ title, about, verb, onVerb, list, empty, children }: ListCardProps) {
  const t = useT();
  return (
    <section className="card prose" aria-label={title}>
      <div className="card-head">
        <h2>{title}</h2>
        {about ? <span className="small">{about}</span> : null}
        <div className="acts">
          {verb ? (
            <Button size="small" kind="primary" onClick={onVerb}>
              <Plus size={13} aria-hidden />
              {verb}
            </Button>
          ) : null}
        </div>
      </div>
      {list.error && !list.data ? (
        <div className="card-body">
          <ErrorBox error={list.error} retry={() => void list.refetch()} />
        </div>
      ) : list.isPending ? (
        <Loading lines={3} />
      ) : (
        (empty ?? (
          <div className="scroll-x" tabIndex={0}>
            <table className="plain-table">
              <tbody>{children}</tbody>
            </table>
          </div>
        ))
      )}
      {list.hasNextPage ? (
        <div className="card-body">
          <Button onClick={() => void list.fetchNextPage()}>{t("list.more")}</Button>
        </div>
      ) : null}
    </section>
  );
}

function Row({ name, about, at, current, onUse, onDelete }: { name: string; about: string; at: string; current: boolean; onUse: () => void; onDelete?: () => void }) {
  const t = useT();
  return (
    <tr>
      <td>
        <strong>{name}</strong> {current ? <span className="tag">{t("tenants.here")}</span> : null}
        {about ? <div className="small">{about}</div> : null}
      </td>
      <td className="small" style={{ width: 120, whiteSpace: "nowrap" }}>
        <Time at={at} />
      </td>
      <td data-align="end" style={{ width: 130 }}>
        <span className="row" style={{ justifyContent: "flex-end", flexWrap: "nowrap" }}>
          {current ? null : (
            <Button size="small" onClick={onUse} aria-label={t("tenants.use", { name })}>
              {t("scope.switch")}
            </Button>
          )}
          {onDelete ? (
            <IconButton size="small" label={t("delete.act", { name })} onClick={onDelete}>
              <Trash2 size={14} />
            </IconButton>
          ) : null}
        </span>
      </td>
    </tr>
  );
}

function Create({ rule, verb, keys, send, onDone }: { rule: string; verb: string; keys: string[]; send: (name: string, about: string) => Promise<unknown>; onDone: () => void }) {
  const t = useT();
  const [name, setName] = useState("");
  const [about, setAbout] = useState("");
  const { act, busy, error } = useAct(...keys);
  const wrong = name !== "" && !NAME.test(name);
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (name !== "" && !wrong && !busy) void act(() => send(name, about)).then(({ done }) => done && onDone());
      }}
    >
      <Field label={t("column.name")} hint={rule} wrong={wrong ? rule : undefined}>
        {(id, described) => <input id={id} className="input mono" value={name} aria-describedby={described} autoComplete="off" spellCheck={false} onChange={(event) => setName(event.target.value.trim())} />}
      </Field>
      <Field label={t("column.description")}>{(id) => <input id={id} className="input" value={about} onChange={(event) => setAbout(event.target.value)} />}</Field>
      {error ? <ErrorBox error={error} /> : null}
      <div className="acts">
        <Button type="submit" kind="primary" disabled={name === "" || wrong || busy}>
          {verb}
        </Button>
      </div>
    </form>
  );
}
