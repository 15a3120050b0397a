import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Pause, Play, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { follow, type FollowState, type LogLine } from "../../api/follow";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { ErrorBox } from "../../kit/Feedback";
import { Following } from "../../kit/Following";
import { shortId } from "../../lib/format";
import { LogView } from "./LogView";

const route = getRouteApi("/functions/$name/logs");
const page = getRouteApi("/functions/$name");

/** Lines that are kept in the page; older ones go. */
const KEPT = 10_000;

/** What a function prints, as it prints it. */
export function LogsTab() {
  const t = useT();
  const { name } = page.useParams();
  const search = route.useSearch();
  const navigate = useNavigate();
  const [lines, setLines] = useState<LogLine[]>([]);
  const [paused, setPaused] = useState(false);
  const [state, setState] = useState<FollowState>({ kind: "connecting" });
  const waiting = useRef<LogLine[]>([]);
  const [waits, setWaits] = useState(0);
  const stopped = useRef(false);
  stopped.current = paused;

  useEffect(() => {
    const controller = new AbortController();
    setLines([]);
    waiting.current = [];
    void follow(
      `/functions/${encodeURIComponent(name)}/logs?follow=true&tail=500`,
      {
        onState: setState,
        onEvents(events) {
          const more = events.filter((event) => event.event === "message").map((event) => JSON.parse(event.data) as LogLine);
          if (stopped.current) {
            waiting.current = [...waiting.current, ...more].slice(-KEPT);
            setWaits(waiting.current.length);
          } else {
            setLines((now) => [...now, ...more].slice(-KEPT));
          }
        },
      },
      controller.signal,
    );
    return () => controller.abort();
  }, [name]);

  const goOn = () => {
    const more = waiting.current;
    waiting.current = [];
    setWaits(0);
    setPaused(false);
    setLines((now) => [...now, ...more].slice(-KEPT));
  };
  const set = (change: typeof search) => void navigate({ to: "/functions/$name/logs", params: { name }, search: { ...search, ...change }, replace: true });
  if (state.kind === "refused") return <ErrorBox error={state.problem} />;
  const shown = search.run ? lines.filter((line) => line.request_id === search.run) : lines;
  return (
    <LogView
      lines={shown}
      live
      runs
      name={name}
      empty={state.kind === "live" ? t("logs.waiting") : t("state.loading")}
      needle={search.q ?? ""}
      onNeedle={(q) => set({ q: q || undefined })}
      stream={search.stream ?? ""}
      onStream={(stream) => set({ stream: stream || undefined })}
      tools={
        <>
          <Button onClick={() => (paused ? goOn() : setPaused(true))} aria-pressed={paused}>
            {paused ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
            {paused ? t("logs.go_on", { n: waits }) : t("logs.pause")}
          </Button>
          {search.run ? (
            <span className="chip">
              run:{shortId(search.run)}
              <button type="button" aria-label={t("runs.drop_filter", { name: "run" })} onClick={() => set({ run: undefined })}>
                <X size={13} aria-hidden />
              </button>
            </span>
          ) : null}
        </>
      }
      note={<Following state={state.kind} paused={paused} />}
    />
  );
}
