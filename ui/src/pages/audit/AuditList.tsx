import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Ban, CircleCheck, CircleX, ScrollText, SearchX, ShieldCheck, ShieldX } from "lucide-react";
import { useMemo, useState } from "react";
import { api, data, type Schemas } from "../../api/client";
import { useMe } from "../../api/me";
import { PAGE, REFRESH } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { Id } from "../../kit/Copy";
import type { Column } from "../../kit/DataTable";
import { Empty, ErrorBox, Note } from "../../kit/Feedback";
import { Search, Select } from "../../kit/Field";
import { Listing } from "../../kit/Listing";
import { OfServer } from "../../kit/OfServer";
import { Range } from "../../kit/Range";
import { State } from "../../kit/State";
import { Time } from "../../kit/Time";
import { useAct } from "../../kit/useAct";
import { count } from "../../lib/format";
import { useActor } from "./actor";
import type { Entry } from "./audit";

const route = getRouteApi("/audit");

const KINDS = ["function", "secret", "alias", "key", "user", "member", "invitation", "service_account", "role", "binding", "tenant", "namespace", "quota", "session"];

/** Whether it was done, in a word. */
export function Outcome({ outcome }: { outcome: string }) {
  const t = useT();
  if (outcome === "done") return <State tone="ok" icon={CircleCheck} text={t("audit.done")} />;
  return outcome === "refused" ? <State tone="bad" icon={Ban} text={t("audit.refused")} /> : <State tone="bad" icon={CircleX} text={t("audit.failed")} />;
}

/** Who changed what, the newest first. */
export function AuditList() {
  const t = useT();
  const me = useMe();
  const navigate = useNavigate();
  const search = route.useSearch();
  const actor = useActor();
  const server = search.of === "server";
  const set = (change: typeof search) => void navigate({ to: "/audit", search: { ...search, ...change }, replace: "actor" in change || "action" in change });
  const query = { actor: search.actor, action: search.action, resource: search.resource, outcome: search.outcome, since: search.since ?? "30d", until: search.until };
  const list = useInfiniteQuery({
    queryKey: ["audit", server, query],
    queryFn: ({ pageParam, signal }) => data(api.GET("/audit", { params: { query: { ...query, server, limit: PAGE, cursor: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: (now) => ((now.state.data?.pages.length ?? 0) <= 1 ? 2 * REFRESH : false),
  });
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const columns = useMemo<Column<Entry>[]>(
    () => [
      { key: "when", head: t("column.when"), width: "110px", narrow: "80px", cell: (row) => <Time at={row.at} /> },
      { key: "who", head: t("audit.who"), width: "minmax(130px, 2fr)", cell: (row) => actor(row) },
      {
        key: "what",
        head: t("audit.what"),
        width: "minmax(140px, 2fr)",
        cell: (row, narrow) => (
          <>
            <Link to="/audit/$seq" params={{ seq: String(row.seq) }} search={{ of: search.of }} className="name mono">
              {row.operation}
            </Link>
            {narrow ? <span className="below">{`${row.resource.kind} ${row.resource.name}`}</span> : null}
          </>
        ),
      },
      {
        key: "resource",
        head: t("audit.resource"),
        width: "minmax(140px, 2fr)",
        wide: true,
        cell: (row) => (
          <>
            <span className="muted">{row.resource.kind}</span> {row.resource.name}
          </>
        ),
      },
      { key: "changed", head: t("audit.changed"), width: "minmax(120px, 2fr)", wide: true, cell: (row) => <span className="mono small">{row.changed.join(", ")}</span> },
      { key: "outcome", head: t("column.state"), width: "110px", wide: true, cell: (row) => <Outcome outcome={row.outcome} /> },
      { key: "from", head: t("audit.address"), width: "120px", wide: true, cell: (row) => <span className="mono small">{row.address}</span> },
    ],
    [actor, search.of, t],
  );
  const filtered = Boolean(search.actor || search.action || search.resource || search.outcome || search.since);
  return (
    <div className="page" data-fill="">
      <div className="page-head">
        <h1>{t("nav.audit")}</h1>
        <div className="acts">
          <Verify server={server} />
        </div>
      </div>
      <div className="tools">
        {me?.superadmin ? <OfServer server={server} onChange={(of) => set({ of })} /> : null}
        <Search value={search.actor ?? ""} label={t("audit.search_who")} onChange={(next) => set({ actor: next || undefined })} />
        <Search value={search.action ?? ""} label={t("audit.search_what")} onChange={(next) => set({ action: next || undefined })} />
        <Select label={t("audit.resource")} value={search.resource ?? ""} options={[["", t("audit.any_resource")], ...[...new Set([...KINDS, ...(search.resource ? [search.resource] : [])])].map((one): [string, string] => [one, one])]} onChange={(resource) => set({ resource: resource || undefined })} />
        <Select
          label={t("column.state")}
          value={search.outcome ?? ""}
          options={[
            ["", t("runs.any_state")],
            ["done", t("audit.done")],
            ["refused", t("audit.refused")],
            ["failed", t("audit.failed")],
          ]}
          onChange={(outcome) => set({ outcome: outcome || undefined })}
        />
        <Range value={{ since: search.since, until: search.until }} fallback="30d" onChange={(next) => set({ since: undefined, until: undefined, ...next })} />
        {list.data ? <span className="count">{t("audit.count", { n: rows.length, count: count(rows.length) + (list.hasNextPage ? "+" : "") })}</span> : null}
      </div>
      <Listing
        label={t("nav.audit")}
        list={list}
        rows={rows}
        columns={columns}
        rowKey={(row) => String(row.seq)}
        onOpen={(row) => void navigate({ to: "/audit/$seq", params: { seq: String(row.seq) }, search: { of: search.of } })}
        empty={
          filtered ? (
            <Empty icon={SearchX} title={t("audit.none")} text={t("functions.none_text")}>
              <Button onClick={() => void navigate({ to: "/audit", search: { of: search.of } })}>{t("act.clear_filters")}</Button>
            </Empty>
          ) : (
            <Empty icon={ScrollText} title={t("audit.empty")} text={t("audit.empty_text")} />
          )
        }
      />
    </div>
  );
}

/** Has the server look whether every entry is there and is what was written. */
function Verify({ server }: { server: boolean }) {
  const t = useT();
  const { act, busy, error } = useAct();
  const [found, setFound] = useState<Schemas["AuditVerification"] | null>(null);
  const look = () =>
    void act(() => data(api.GET("/audit/verify", { params: { query: { server } } }))).then(({ value }) => {
      if (value) setFound(value);
    });
  return (
    <>
      {error ? <ErrorBox error={error} /> : null}
      {found ? (
        found.intact ? (
          <span className="row" role="status">
            <State tone="ok" icon={ShieldCheck} text={t("audit.intact", { n: found.entries, count: count(found.entries) })} boxed />
            {found.head_hash ? <Id id={found.head_hash} /> : null}
          </span>
        ) : (
          <Note tone="bad" icon={ShieldX} role="alert">
            <strong>{t("audit.broken", { seq: found.broken?.seq ?? 0 })}</strong>
            <span>{found.broken?.why}</span>
          </Note>
        )
      ) : null}
      <Button disabled={busy} onClick={look}>
        <ShieldCheck size={14} aria-hidden />
        {t("audit.verify")}
      </Button>
    </>
  );
}
