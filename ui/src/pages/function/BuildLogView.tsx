import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowDownToLine } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { follow, type FollowState } from "../../api/follow";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { CopyButton } from "../../kit/Copy";
import { ErrorBox } from "../../kit/Feedback";
import { Following } from "../../kit/Following";
import { BuildState, type CompileStatus } from "../../kit/State";
import { NO_LOG, withEvents } from "./buildLog";

/** Follows the build of a version: its lines as they come, and how it ended. */
function useBuild(name: string, version: number) {
  const queries = useQueryClient();
  const [log, setLog] = useState(NO_LOG);
  const [state, setState] = useState<FollowState>({ kind: "connecting" });
  useEffect(() => {
    const controller = new AbortController();
    setLog(NO_LOG);
    const watcher = {
      onState: setState,
      onEvents: (events: Parameters<typeof withEvents>[1]) => setLog((now) => withEvents(now, events)),
    };
    void follow(`/functions/${encodeURIComponent(name)}/versions/${version}/build/log?follow=true`, watcher, controller.signal, (event) => event.event === "done");
    return () => controller.abort();
  }, [name, version]);
  const ended = log.ended !== null;
  // What else is shown of the function knows of the end only now.
  const watched = useRef(false);
  if (!ended && log.lines.length > 0) watched.current = true;
  useEffect(() => {
    if (!ended || !watched.current) return;
    watched.current = false;
    void queries.invalidateQueries({ queryKey: ["function", name] });
    void queries.invalidateQueries({ queryKey: ["functions"] });
  }, [ended, name, queries]);
  return { log, state };
}

/** The log of a version's build, live while it runs. `status` is what the list of versions says. */
export function BuildLogView({ name, version, status }: { name: string; version: number; status: CompileStatus | undefined }) {
  const t = useT();
  const { log, state } = useBuild(name, version);
  const text = log.ended ? log.ended.output : log.lines.join("\n");
  const shown = log.ended?.compile_status ?? status;
  const box = useRef<HTMLPreElement>(null);
  const [held, setHeld] = useState(false);
  const end = () => box.current?.scrollTo({ top: box.current.scrollHeight });
  useEffect(() => {
    if (!held) end();
  }, [text, held]);
  return (
    <section className="card build-log" aria-label={t("builds.log_of", { version })}>
      <div className="card-head">
        <h2>{t("builds.log_of", { version })}</h2>
        {shown ? <BuildState status={shown} boxed /> : null}
        <div className="acts">
          {text ? <CopyButton text={text} /> : null}
          <Link to="/functions/$name" params={{ name }} search={{ version: String(version) }} className="btn" data-size="small">
            {t("builds.to_code")}
          </Link>
        </div>
      </div>
      {state.kind === "refused" ? (
        <div className="card-body">
          <ErrorBox error={state.problem} />
        </div>
      ) : (
        <>
          {log.missed > 0 && !log.ended ? <p className="small card-body">{t("builds.missed", { n: log.missed })}</p> : null}
          <pre
            className="raw card-body"
            ref={box}
            tabIndex={0}
            role="log"
            aria-live="off"
            aria-label={t("builds.log_of", { version })}
            onScroll={(event) => {
              const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
              setHeld(scrollHeight - scrollTop - clientHeight > 40);
            }}
          >
            {text || <span className="muted">{t(log.ended ? "builds.silent" : state.kind === "live" ? "builds.waiting" : "state.loading")}</span>}
          </pre>
          <div className="logs-foot">
            <Following state={state.kind} />
            {text ? <span>{t("logs.count", { n: text.split("\n").length })}</span> : null}
            {held && !log.ended ? (
              <Button size="small" kind="primary" style={{ marginLeft: "auto" }} onClick={end}>
                <ArrowDownToLine size={13} aria-hidden />
                {t("logs.to_end")}
              </Button>
            ) : null}
          </div>
        </>
      )}
    </section>
  );
}
