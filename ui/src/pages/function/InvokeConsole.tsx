import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ban, ChevronDown, CircleCheck, CircleX, ListPlus, LoaderCircle, Play, Save, Square, Terminal, Trash2 } from "lucide-react";
import { Suspense, useEffect, useRef, useState } from "react";
import { runLogsQuery } from "../../api/queries";
import { Editor } from "../../editor";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { Id, useCopy } from "../../kit/Copy";
import { Dialog } from "../../kit/Dialog";
import { ErrorBox, Note, Skeleton } from "../../kit/Feedback";
import { useNarrow } from "../../kit/DataTable";
import { Field } from "../../kit/Field";
import { JsonView } from "../../kit/JsonView";
import { Menu, MenuItem, MenuLabel, MenuLine } from "../../kit/Menu";
import { State } from "../../kit/State";
import { curlOf, novaOf } from "../../lib/commands";
import { bytes, duration } from "../../lib/format";
import { QueuedJob } from "../jobs/QueuedJob";
import { forgetEvent, saveEvent, savedEvents } from "./events";
import type { CallState } from "./useCall";

interface Props {
  name: string;
  event: string;
  setEvent: (event: string) => void;
  stream: boolean;
  setStream: (stream: boolean) => void;
  qualifier?: string;
  dirty: boolean;
  busy: boolean;
  /** Whether the person may call it. */
  allowed: boolean;
  state: CallState;
  onCall: () => void;
  /** To be called later, from the queue. */
  onQueue: () => void;
  onCancel: () => void;
}

/** The event, the button, and what came of it. */
export function InvokeConsole({ name, event, setEvent, stream, setStream, qualifier, dirty, busy, allowed, state, onCall, onQueue, onCancel }: Props) {
  const t = useT();
  const copy = useCopy();
  const [saved, setSaved] = useState(() => savedEvents(name));
  const [naming, setNaming] = useState<string | null>(null);
  const wrong = wrongJson(event);
  return (
    <div className="work-side">
      <div className="work-bar">
        <h2 style={{ fontSize: 13.5 }}>{t("invoke.event")}</h2>
        <Menu
          align="start"
          trigger={
            <Button size="small">
              {t("invoke.saved", { n: saved.length })}
              <ChevronDown size={13} aria-hidden />
            </Button>
          }
        >
          {saved.length === 0 ? <MenuLabel>{t("invoke.no_saved")}</MenuLabel> : null}
          {saved.map((one) => (
            <MenuItem key={one.name} onSelect={() => setEvent(one.body)}>
              {one.name}
            </MenuItem>
          ))}
          <MenuLine />
          <MenuItem onSelect={() => setNaming("")}>
            <Save size={14} aria-hidden />
            {t("invoke.save_event")}
          </MenuItem>
          {saved.map((one) => (
            <MenuItem key={`forget ${one.name}`} tone="bad" onSelect={() => setSaved(forgetEvent(name, one.name))}>
              <Trash2 size={14} aria-hidden />
              {t("invoke.forget", { name: one.name })}
            </MenuItem>
          ))}
        </Menu>
        <span className="grow" />
        <label className="check" title={t("invoke.stream_about")}>
          <input type="checkbox" checked={stream} onChange={(change) => setStream(change.target.checked)} />
          {t("invoke.stream")}
        </label>
        <Menu
          trigger={
            <button type="button" className="btn" data-kind="plain" data-icon="" data-size="small" aria-label={t("invoke.copy")} title={t("invoke.copy")}>
              <Terminal size={15} aria-hidden />
            </button>
          }
        >
          <MenuItem onSelect={() => void copy(curlOf({ name, event, stream, qualifier }))}>{t("copy.curl")}</MenuItem>
          <MenuItem onSelect={() => void copy(novaOf({ name, event, stream, qualifier }))}>{t("copy.nova")}</MenuItem>
          <MenuLine />
          <MenuItem onSelect={() => void copy(curlOf({ name, event, queue: true, qualifier }))}>{t("copy.curl_queue")}</MenuItem>
          <MenuItem onSelect={() => void copy(novaOf({ name, event, queue: true, qualifier }))}>{t("copy.nova_queue")}</MenuItem>
        </Menu>
        {state.running ? (
          <Button kind="danger" onClick={onCancel}>
            <Square size={13} aria-hidden />
            {t("invoke.cancel")}
          </Button>
        ) : (
          <span className="row" style={{ flexWrap: "nowrap", gap: 6, marginLeft: "auto" }}>
            <Button onClick={onQueue} disabled={busy || !allowed || wrong !== null} aria-label={t("invoke.queue")} title={t(allowed ? (dirty ? "invoke.queue_saves" : "invoke.queue_about") : "error.denied")}>
              <ListPlus size={14} aria-hidden />
              <span className="spare" data-dirty={dirty ? "" : undefined}>
                {t("invoke.queue")}
              </span>
            </Button>
            <Button kind="primary" onClick={onCall} disabled={busy || !allowed || wrong !== null} title={allowed ? "Ctrl Enter" : t("error.denied")} aria-keyshortcuts="Control+Enter">
              <Play size={13} aria-hidden />
              {t(dirty ? "invoke.save_and_run" : "invoke.run")}
            </Button>
          </span>
        )}
      </div>
      <div style={{ padding: "12px 12px 0", display: "flex", flexDirection: "column", gap: 6 }}>
        <div className="event-box">
          <Suspense fallback={<Skeleton height={130} />}>
            <Editor path="event.json" value={event} label={t("invoke.event")} onChange={setEvent} onRun={onCall} small />
          </Suspense>
        </div>
        {wrong !== null ? (
          <span className="field">
            <span className="wrong" role="alert">
              {t("invoke.no_json", { why: wrong })}
            </span>
          </span>
        ) : null}
      </div>
      <Result state={state} />
      <Dialog open={naming !== null} onClose={() => setNaming(null)} title={t("invoke.save_event")} about={t("invoke.save_about")}>
        <form
          className="stack"
          onSubmit={(submit) => {
            submit.preventDefault();
            if (!naming?.trim()) return;
            setSaved(saveEvent(name, { name: naming.trim(), body: event }));
            setNaming(null);
          }}
        >
          <Field label={t("column.name")}>{(id) => <input id={id} className="input" value={naming ?? ""} maxLength={60} onChange={(change) => setNaming(change.target.value)} />}</Field>
          <div className="acts">
            <Button type="submit" kind="primary" disabled={!naming?.trim()}>
              {t("invoke.save_event")}
            </Button>
          </div>
        </form>
      </Dialog>
    </div>
  );
}

/** Why text is no JSON; nothing counts as `{}`. */
export function wrongJson(text: string): string | null {
  if (text.trim() === "") return null;
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function Result({ state }: { state: CallState }) {
  const t = useT();
  const narrow = useNarrow();
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    // Below code and event it would be out of sight.
    if (narrow && state.startedAt !== 0) void box.current?.scrollIntoView({ block: "center" });
  }, [narrow, state.startedAt]);
  if (state.startedAt === 0) {
    return (
      <div className="result">
        <p className="muted small">{t("invoke.hint")}</p>
      </div>
    );
  }
  const { answer } = state;
  const rate = state.bytes / Math.max(0.001, ((state.running ? Date.now() : state.endedAt) - state.startedAt) / 1000);
  return (
    <section className="result" ref={box} aria-label={t("invoke.result")} aria-busy={state.running}>
      <div className="result-line" role="status">
        {state.running ? <State tone="run" icon={LoaderCircle} text={t("state.running")} boxed /> : null}
        {state.cancelled ? <State tone="off" icon={Ban} text={t("state.cancelled")} boxed /> : null}
        {state.error ? <State tone="dead" icon={CircleX} text={t("state.not_run")} boxed /> : null}
        {answer ? answer.error ? <State tone="bad" icon={CircleX} text={t("state.failed")} boxed /> : <State tone="ok" icon={CircleCheck} text={t("state.succeeded")} boxed /> : null}
        {answer ? (
          <>
            <span>{duration(answer.duration_ms)}</span>
            <span>{t(answer.cold_start ? "run.cold" : "run.warm")}</span>
            <span>v{answer.version}</span>
            <Link to="/runs/$id" params={{ id: answer.request_id }}>
              {t("invoke.to_run")}
            </Link>
            <Id id={answer.request_id} />
          </>
        ) : null}
        {state.job ? <QueuedJob accepted={state.job} /> : null}
        {state.streamed ? <span>{t("invoke.rate", { chunks: state.chunks, bytes: bytes(state.bytes), rate: bytes(rate) })}</span> : null}
      </div>
      {state.error ? <ErrorBox error={state.error} /> : null}
      {state.streamed && (state.text !== "" || state.running) ? (
        <pre className="stream" tabIndex={0} aria-label={t("run.output")} ref={(box) => void box?.scrollTo({ top: box.scrollHeight })}>
          {state.text}
        </pre>
      ) : null}
      {answer?.error ? <CallFailure error={answer.error} /> : null}
      {answer && !answer.error && !state.streamed ? (
        <div className="stack-s">
          <h3>{t("run.output")}</h3>
          <JsonView value={answer.output} />
        </div>
      ) : null}
      {answer ? <RunLog id={answer.request_id} /> : null}
    </section>
  );
}

export function CallFailure({ error }: { error: { kind: string; type: string; message: string; stack?: string[]; exit_code?: number | null; signal?: number | null } }) {
  return (
    <Note tone="bad" icon={CircleX} role="alert">
      <strong>
        {error.type}: {error.message}
      </strong>
      {error.stack && error.stack.length > 0 ? <pre tabIndex={0}>{error.stack.join("\n")}</pre> : null}
    </Note>
  );
}

/** What the run printed. */
function RunLog({ id }: { id: string }) {
  const t = useT();
  const logs = useInfiniteQuery(runLogsQuery(id));
  const lines = logs.data?.pages.flatMap((page) => page.items) ?? [];
  if (lines.length === 0) return null;
  return (
    <div className="stack-s">
      <h3>{t("run.logs")}</h3>
      <pre className="stream" style={{ minHeight: 0 }} tabIndex={0} aria-label={t("run.logs")}>
        {lines.map((line) => (
          <span key={line.cursor} className={line.stream === "stderr" ? "bad" : line.stream === "platform" ? "muted" : undefined}>
            {line.text}
            {"\n"}
          </span>
        ))}
      </pre>
    </div>
  );
}
