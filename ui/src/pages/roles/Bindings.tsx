import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Plus, ShieldPlus, X } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { api, data, type Schemas } from "../../api/client";
import { useCan, useMe } from "../../api/me";
import { bindingsQuery, keysQuery, membersQuery, servicesQuery, usePages } from "../../api/pages";
import { useT } from "../../i18n";
import { Button, IconButton } from "../../kit/Button";
import type { Column } from "../../kit/DataTable";
import { ConfirmName, Dialog } from "../../kit/Dialog";
import { Empty, ErrorBox } from "../../kit/Feedback";
import { Field } from "../../kit/Field";
import { Listing } from "../../kit/Listing";
import { OfServer } from "../../kit/OfServer";
import { PATTERN, RoleRows, type RoleRow } from "../../kit/RoleRows";
import { toast } from "../../kit/toast";
import { useAct } from "../../kit/useAct";

const route = getRouteApi("/roles/bindings");

type Row = Schemas["BindingView"];

/** Names of those who can have roles. */
function useSubjects() {
  const t = useT();
  const can = useCan();
  const members = usePages({ ...membersQuery, enabled: can("member:read") }).rows;
  const services = usePages({ ...servicesQuery, enabled: can("service_account:read") }).rows;
  const keys = usePages({ ...keysQuery(false), enabled: can("key:read") }).rows;
  return useMemo(
    () =>
      new Map<string, { name: string; kind: string }>([
        ...members.map((one) => [`user:${one.user}`, { name: one.email, kind: t("person.user") }] as const),
        ...services.map((one) => [one.subject, { name: one.name, kind: t("person.service") }] as const),
        ...keys.filter((one) => one.subject.startsWith("key:")).map((one) => [one.subject, { name: one.name, kind: t("person.key") }] as const),
      ]),
    [members, services, keys, t],
  );
}

/** Which roles are given to whom, and where they hold. */
export function Bindings() {
  const t = useT();
  const can = useCan();
  const me = useMe();
  const navigate = useNavigate();
  const server = route.useSearch().of === "server";
  const { list, rows } = usePages(bindingsQuery(server));
  const subjects = useSubjects();
  const [giving, setGiving] = useState(false);
  const [going, setGoing] = useState<Row | null>(null);
  const queries = useQueryClient();
  const nameOf = useCallback((row: Row) => subjects.get(row.subject)?.name ?? row.subject, [subjects]);
  const manage = can("role:manage");
  const columns = useMemo<Column<Row>[]>(
    () => [
      {
        key: "subject",
        head: t("roles.whom"),
        width: "minmax(150px, 2fr)",
        cell: (row) => {
          const known = subjects.get(row.subject);
          return known ? (
            <>
              {known.name} <span className="muted small">{known.kind}</span>
            </>
          ) : (
            <span className="mono small">{row.subject}</span>
          );
        },
      },
      { key: "role", head: t("people.role"), width: "minmax(90px, 1fr)", cell: (row) => <span className="name">{row.role}</span> },
      { key: "namespaces", head: t("roles.namespaces"), width: "minmax(90px, 1fr)", wide: true, cell: (row) => <span className="mono">{row.namespaces}</span> },
      { key: "resources", head: t("roles.resources"), width: "minmax(90px, 1fr)", wide: true, cell: (row) => <span className="mono">{row.resources}</span> },
      {
        key: "actions",
        head: "",
        width: "32px",
        align: "end",
        cell: (row) =>
          manage ? (
            <IconButton size="small" label={t("roles.take", { role: row.role, name: nameOf(row) })} onClick={() => setGoing(row)}>
              <X size={14} />
            </IconButton>
          ) : null,
      },
    ],
    [manage, nameOf, subjects, t],
  );
  const give = manage ? (
    <Button kind="primary" onClick={() => setGiving(true)}>
      <Plus size={15} aria-hidden />
      {t("roles.give")}
    </Button>
  ) : null;
  return (
    <>
      <div className="tools">
        {me?.superadmin ? <OfServer server={server} onChange={(of) => void navigate({ to: "/roles/bindings", search: { of } })} /> : null}
        <p className="small grow">{t("roles.bindings_about")}</p>
        {give}
      </div>
      <Listing
        label={t("roles.bindings")}
        list={list}
        rows={rows}
        columns={columns}
        rowKey={(row) => row.id}
        empty={
          <Empty icon={ShieldPlus} title={t("roles.no_bindings")} text={t("roles.no_bindings_text")}>
            {give}
          </Empty>
        }
      />
      <Dialog open={giving} onClose={() => setGiving(false)} title={t("roles.give")}>
        <Give server={server} subjects={subjects} onDone={() => setGiving(false)} />
      </Dialog>
      {going ? (
        <ConfirmName
          open
          onClose={() => setGoing(null)}
          title={t("roles.take_ask", { role: going.role, name: nameOf(going) })}
          name={nameOf(going)}
          verb={t("roles.take", { role: going.role, name: nameOf(going) })}
          plan={
            <ul className="dots">
              <li>{t("roles.take_access", { namespaces: going.namespaces, resources: going.resources })}</li>
              <li>{t("roles.take_stays")}</li>
            </ul>
          }
          act={async () => {
            await data(api.DELETE("/bindings/{id}", { params: { path: { id: going.id }, query: { server } } }));
            toast(t("roles.taken", { role: going.role }));
            await queries.invalidateQueries({ queryKey: ["bindings"] });
            void queries.invalidateQueries({ queryKey: ["me"] });
          }}
        />
      ) : null}
    </>
  );
}

function Give({ server, subjects, onDone }: { server: boolean; subjects: Map<string, { name: string; kind: string }>; onDone: () => void }) {
  const t = useT();
  const [subject, setSubject] = useState(subjects.keys().next().value ?? "");
  const [roles, setRoles] = useState<RoleRow[]>([{ role: "viewer", namespaces: "*", resources: "*" }]);
  const { act, busy, error } = useAct("bindings", "me");
  const ready = subject !== "" && roles.length > 0 && roles.every((one) => PATTERN.test(one.namespaces) && PATTERN.test(one.resources));
  if (subjects.size === 0) return <p>{t("roles.nobody")}</p>;
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready || busy) return;
        void act(async () => {
          for (const one of roles) await data(api.POST("/bindings", { body: { subject, ...one, server } }));
        }, t("roles.given", { name: subjects.get(subject)?.name ?? subject })).then(({ done }) => done && onDone());
      }}
    >
      <Field label={t("roles.whom")}>
        {(id) => (
          <select id={id} className="select" value={subject} onChange={(event) => setSubject(event.target.value)}>
            {[...subjects].map(([value, one]) => (
              <option key={value} value={value}>
                {one.name} ({one.kind})
              </option>
            ))}
          </select>
        )}
      </Field>
      <div className="field">
        <span className="label">{t("roles.roles")}</span>
        <RoleRows rows={roles} onChange={setRoles} least={1} />
      </div>
      {error ? <ErrorBox error={error} /> : null}
      <div className="acts">
        <Button type="submit" kind="primary" disabled={!ready || busy}>
          {t("roles.give")}
        </Button>
      </div>
    </form>
  );
}
