import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { Ban, CircleCheck, CirclePause, CircleX, LoaderCircle, Plus, Rocket, Split, Trash2, Undo2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import { api, data, type Schemas } from "../../../api/client";
import { useMay } from "../../../api/me";
import { versionsQuery } from "../../../api/queries";
import { useT, type Key } from "../../../i18n";
import { Button } from "../../../kit/Button";
import { ConfirmName, Dialog } from "../../../kit/Dialog";
import { ErrorBox, Loading } from "../../../kit/Feedback";
import { MenuItem, MenuLine } from "../../../kit/Menu";
import { RowMenu } from "../../../kit/RowMenu";
import { State, type Tone } from "../../../kit/State";
import { Time } from "../../../kit/Time";
import { toast } from "../../../kit/toast";
import { useAct } from "../../../kit/useAct";
import { count, duration, percent } from "../../../lib/format";
import { Command } from "../../../kit/Copy";
import { AliasForm, RolloutForm } from "./forms";
import { aliasesQuery } from "./queries";
import type { Alias } from "./weights";

type FunctionView = Schemas["FunctionView"];
type Doing = { what: "create" } | { what: "change" | "rollout" | "delete"; alias: Alias };

/** Names that point to versions, with how much each version gets. */
export function Aliases({ fn }: { fn: FunctionView }) {
  const t = useT();
  const may = useMay(fn.name);
  const list = useQuery(aliasesQuery(fn.name));
  const versions = useInfiniteQuery(versionsQuery(fn.name));
  const [doing, setDoing] = useState<Doing | null>(null);
  const manage = may("function:update");
  const numbers = versions.data?.pages.flatMap((one) => one.items.filter((row) => row.compile_status !== "failed").map((row) => row.version)) ?? [];
  const rows = list.data?.items ?? [];
  const close = () => setDoing(null);
  return (
    <section className="card" aria-label={t("alias.title")}>
      <div className="card-head">
        <h2>{t("alias.title")}</h2>
        <span className="small">{t("alias.about")}</span>
        <div className="acts">
          {manage ? (
            <Button size="small" onClick={() => setDoing({ what: "create" })}>
              <Plus size={13} aria-hidden />
              {t("alias.create")}
            </Button>
          ) : null}
        </div>
      </div>
      {list.error && !list.data ? (
        <div className="card-body">
          <ErrorBox error={list.error} retry={() => void list.refetch()} />
        </div>
      ) : list.isPending ? (
        <Loading lines={2} />
      ) : rows.length === 0 ? (
        <div className="card-body stack-s">
          <p className="small">{t("alias.none", { version: fn.version })}</p>
        </div>
      ) : (
        <ul className="aliases">
          {rows.map((row) => (
            <AliasRow key={row.name} fn={fn.name} alias={row} manage={manage} onDo={setDoing} />
          ))}
        </ul>
      )}
      <Dialog open={doing?.what === "create"} onClose={close} title={t("alias.create")}>
        <AliasForm fn={fn.name} versions={numbers} active={fn.version} onDone={close} />
      </Dialog>
      <Dialog open={doing?.what === "change"} onClose={close} title={t("alias.change_title", { name: doing?.what === "change" ? doing.alias.name : "" })}>
        {doing?.what === "change" ? <AliasForm fn={fn.name} versions={numbers} active={fn.version} alias={doing.alias} onDone={close} /> : null}
      </Dialog>
      <Dialog open={doing?.what === "rollout"} onClose={close} title={t("rollout.start")} about={t("rollout.about")}>
        {doing?.what === "rollout" ? <RolloutForm fn={fn.name} versions={numbers} alias={doing.alias} onDone={close} /> : null}
      </Dialog>
      {doing?.what === "delete" ? <Remove fn={fn} alias={doing.alias} onDone={close} /> : null}
    </section>
  );
}

function AliasRow({ fn, alias, manage, onDo }: { fn: string; alias: Alias; manage: boolean; onDo: (doing: Doing) => void }) {
  const t = useT();
  const queries = useQueryClient();
  const { act, busy, error } = useAct();
  const path = { name: fn, alias: alias.name };
  const run = (send: () => Promise<unknown>, said: string) => void act(send, said).then(() => queries.invalidateQueries({ queryKey: ["function", fn, "aliases"] }));
  const others = alias.weights.filter((one) => one.version !== alias.version);
  const going = alias.rollout?.status === "running" || alias.rollout?.status === "paused";
  const before = alias.history[0];
  return (
    <li>
      <div className="row">
        <strong className="mono">{alias.name}</strong>
        <span className="small">{alias.description}</span>
        <span className="grow" />
        <span className="small">
          <Time at={alias.updated_at} />
        </span>
        {manage ? (
          <>
            {going ? null : (
              <Button size="small" onClick={() => onDo({ what: "rollout", alias })}>
                <Rocket size={13} aria-hidden />
                {t("rollout.start")}
              </Button>
            )}
            <RowMenu label={t("people.actions", { name: alias.name })}>
              {going ? null : (
                <MenuItem onSelect={() => onDo({ what: "change", alias })}>
                  <Split size={14} aria-hidden />
                  {t("alias.change")}
                </MenuItem>
              )}
              {!going && others.length === 1 && others[0] ? (
                <MenuItem onSelect={() => run(() => data(api.POST("/functions/{name}/aliases/{alias}/promote", { params: { path }, body: { version: others[0]?.version } })), t("alias.promoted", { version: others[0]?.version ?? 0 }))}>
                  <CircleCheck size={14} aria-hidden />
                  {t("alias.promote", { version: others[0].version })}
                </MenuItem>
              ) : null}
              {!going && before ? (
                <MenuItem onSelect={() => run(() => data(api.POST("/functions/{name}/aliases/{alias}/rollback", { params: { path } })), t("alias.back_done", { version: before.version }))}>
                  <Undo2 size={14} aria-hidden />
                  {t("alias.back", { version: before.version })}
                </MenuItem>
              ) : null}
              <MenuLine />
              <MenuItem tone="bad" onSelect={() => onDo({ what: "delete", alias })}>
                <Trash2 size={14} aria-hidden />
                {t("alias.delete")}
              </MenuItem>
            </RowMenu>
          </>
        ) : null}
      </div>
      <WeightBar alias={alias} />
      {alias.rollout ? <RolloutState fn={fn} alias={alias} rollout={alias.rollout} manage={manage} busy={busy} run={run} /> : null}
      <Command text={`nova invoke ${fn} --qualifier ${alias.name}`} />
      {error ? <ErrorBox error={error} /> : null}
    </li>
  );
}

/** How much each version gets. */
function WeightBar({ alias }: { alias: Alias }) {
  const t = useT();
  return (
    <div className="weights" role="img" aria-label={alias.weights.map((one) => t("alias.share", { version: one.version, weight: one.weight })).join(", ")}>
      {alias.weights.map((one) => (
        <span key={one.version} data-main={one.version === alias.version ? "" : undefined} style={{ flexGrow: Math.max(one.weight, 8) }}>
          v{one.version} · {one.weight} %
        </span>
      ))}
    </div>
  );
}

const STATUS: Record<Schemas["RolloutView"]["status"], [Tone, typeof Ban, Key]> = {
  running: ["run", LoaderCircle, "rollout.running"],
  paused: ["pause", CirclePause, "rollout.paused"],
  done: ["ok", CircleCheck, "rollout.done"],
  failed: ["bad", CircleX, "rollout.failed"],
  aborted: ["off", Ban, "rollout.aborted"],
};

function RolloutState({ fn, alias, rollout, manage, busy, run }: { fn: string; alias: Alias; rollout: Schemas["RolloutView"]; manage: boolean; busy: boolean; run: (send: () => Promise<unknown>, said: string) => void }): ReactNode {
  const t = useT();
  const [tone, icon, text] = STATUS[rollout.status];
  const path = { name: fn, alias: alias.name };
  const going = rollout.status === "running" || rollout.status === "paused";
  return (
    <div className="rollout" data-tone={tone}>
      <div className="row">
        <State tone={tone} icon={icon} text={t(text)} boxed />
        <span className="small">{t("rollout.of", { from: rollout.from_version, to: rollout.version })}</span>
        <span className="grow" />
        {going && manage ? (
          <>
            {rollout.status === "running" ? (
              <Button size="small" disabled={busy} onClick={() => run(() => data(api.POST("/functions/{name}/aliases/{alias}/rollout/pause", { params: { path } })), t("rollout.paused_done"))}>
                {t("rollout.pause")}
              </Button>
            ) : (
              <Button size="small" disabled={busy} onClick={() => run(() => data(api.POST("/functions/{name}/aliases/{alias}/rollout/resume", { params: { path } })), t("rollout.resumed"))}>
                {t("rollout.resume")}
              </Button>
            )}
            <Button size="small" kind="danger" disabled={busy} onClick={() => run(() => data(api.POST("/functions/{name}/aliases/{alias}/rollout/abort", { params: { path } })), t("rollout.aborted_done", { version: rollout.from_version }))}>
              {t("rollout.abort")}
            </Button>
          </>
        ) : null}
      </div>
      {going ? (
        <>
          <ol className="steps" aria-label={t("rollout.steps")}>
            {rollout.steps.map((step, index) => (
              <li key={step} data-state={index + 1 < rollout.step ? "over" : index + 1 === rollout.step ? "now" : undefined} aria-current={index + 1 === rollout.step ? "step" : undefined}>
                {step} %
              </li>
            ))}
          </ol>
          <span className="small">
            {t("rollout.seen", { n: rollout.calls, calls: count(rollout.calls), errors: percent(rollout.errors, rollout.calls), most: rollout.max_error_percent, wanted: rollout.min_calls, every: duration(rollout.interval_s * 1000) })} · {t("rollout.step_since")} <Time at={rollout.step_began_at} />
          </span>
        </>
      ) : rollout.ended_at ? (
        <span className="small">
          {t("rollout.ended")} <Time at={rollout.ended_at} />
        </span>
      ) : null}
      {rollout.note ? <span className="small">{rollout.note}</span> : null}
    </div>
  );
}

function Remove({ fn, alias, onDone }: { fn: FunctionView; alias: Alias; onDone: () => void }) {
  const t = useT();
  const queries = useQueryClient();
  return (
    <ConfirmName
      open
      onClose={onDone}
      title={t("alias.delete_ask", { name: alias.name })}
      name={alias.name}
      verb={t("delete.act", { name: alias.name })}
      plan={
        <ul className="dots">
          <li>{t("alias.delete_calls", { name: alias.name })}</li>
          {fn.http_alias === alias.name ? <li>{t("alias.delete_web")}</li> : null}
        </ul>
      }
      act={async () => {
        await data(api.DELETE("/functions/{name}/aliases/{alias}", { params: { path: { name: fn.name, alias: alias.name } } }));
        toast(t("delete.done", { name: alias.name }));
        await queries.invalidateQueries({ queryKey: ["function", fn.name] });
      }}
    />
  );
}
