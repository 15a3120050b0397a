import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { ChevronDown, CircleX, Pencil, RotateCw, SearchX, Terminal } from "lucide-react";
import { useState } from "react";
import { api, data } from "../../api/client";
import { useMay } from "../../api/me";
import { Problem } from "../../api/problem";
import { runLogsQuery, runQuery } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { Id, useCopy } from "../../kit/Copy";
import { Fact } from "../../kit/Fact";
import { Empty, ErrorBox, Loading, Note, sayError } from "../../kit/Feedback";
import { Menu, MenuItem } from "../../kit/Menu";
import { RunState } from "../../kit/State";
import { Stamp } from "../../kit/Time";
import { toast } from "../../kit/toast";
import { curlOf, novaOf } from "../../lib/commands";
import { bytes, duration } from "../../lib/format";
import { LogView } from "../function/LogView";
import { adviceOn, placeOf } from "./advice";
import { Timeline } from "./Timeline";
import { ValueCard } from "./ValueCard";

const route = getRouteApi("/runs/$id");

/** What one call did. */
export function RunPage() {
  const t = useT();
  const copy = useCopy();
  const navigate = useNavigate();
  const { id } = route.useParams();
  const found = useQuery(runQuery(id));
  const logs = useInfiniteQuery({ ...runLogsQuery(id), enabled: found.isSuccess });
  const run = found.data;
  const may = useMay(run?.function ?? "");
  const version = useQuery({
    queryKey: ["function", run?.function, "version", run?.version],
    enabled: run !== undefined && run.status !== "succeeded",
    retry: false,
    queryFn: ({ signal }) => data(api.GET("/functions/{name}/versions/{version}", { params: { path: { name: run?.function ?? "", version: run?.version ?? 1 } }, signal })),
  });
  const [busy, setBusy] = useState(false);

  if (found.error && !run) {
    return (
      <div className="page">
        {found.error instanceof Problem && found.error.status === 404 ? (
          <Empty icon={SearchX} title={t("run.missing")} text={t("run.missing_text", { id })}>
            <Link to="/runs" className="btn" data-kind="primary">
              {t("overview.all_runs")}
            </Link>
          </Empty>
        ) : (
          <ErrorBox error={found.error} retry={() => void found.refetch()} />
        )}
      </div>
    );
  }
  if (!run) {
    return (
      <div className="page">
        <Loading />
      </div>
    );
  }
  const kept = run.input !== null && run.input !== undefined;
  const event = kept ? JSON.stringify(run.input) : "{}";
  const stream = run.source === "stream";
  const advice = adviceOn(run, version.data);
  const place = placeOf(run.error?.stack);
  const lines = logs.data?.pages.flatMap((page) => page.items) ?? [];
  const stderr = lines.filter((line) => line.stream === "stderr").slice(-6);

  const again = async () => {
    setBusy(true);
    try {
      const answer = await data(api.POST("/functions/{name}/invoke", { params: { path: { name: run.function } }, body: (run.input ?? {}) as never }));
      toast(t("run.again_done"));
      await navigate({ to: "/runs/$id", params: { id: answer.request_id } });
    } catch (error) {
      toast(sayError(error, t), "bad");
    } finally {
      setBusy(false);
    }
  };

  return (
    <div className="page">
      <div className="page-head">
        <h1>
          <RunState status={run.status} boxed />
          <Link to="/functions/$name" params={{ name: run.function }} style={{ color: "var(--text)" }}>
            {run.function}
          </Link>
        </h1>
        <Link to="/functions/$name" params={{ name: run.function }} search={{ version: String(run.version) }} className="tag">
          v{run.version}
        </Link>
        <span className="page-sub">
          <Id id={run.id} whole />
        </span>
        <div className="acts">
          <Menu
            trigger={
              <Button>
                <Terminal size={14} aria-hidden />
                {t("invoke.copy")}
                <ChevronDown size={13} aria-hidden />
              </Button>
            }
          >
            <MenuItem onSelect={() => void copy(curlOf({ name: run.function, event, stream }))}>{t("copy.curl")}</MenuItem>
            <MenuItem onSelect={() => void copy(novaOf({ name: run.function, event, stream }))}>{t("copy.nova")}</MenuItem>
          </Menu>
          {may("function:invoke") ? (
            <>
              <Link to="/functions/$name" params={{ name: run.function }} search={{ run: run.id }} className="btn">
                <Pencil size={14} aria-hidden />
                {t("run.edit_again")}
              </Link>
              <Button kind="primary" disabled={busy || !kept} title={kept ? undefined : t("run.input_dropped")} onClick={() => void again()}>
                <RotateCw size={14} aria-hidden />
                {t("run.again")}
              </Button>
            </>
          ) : null}
        </div>
      </div>
      {advice ? (
        <Note tone={run.status === "cancelled" ? "off" : "bad"} icon={CircleX} role="alert">
          <strong>{t(advice.cause, advice.params)}</strong>
          {place ? (
            <span>
              <Link to="/functions/$name" params={{ name: run.function }} search={{ version: String(run.version), file: place.file, run: run.id }}>
                {t("run.place", { file: place.file, line: place.line })}
              </Link>
            </span>
          ) : null}
          {run.error?.stack && run.error.stack.length > 0 ? <pre tabIndex={0}>{run.error.stack.join("\n")}</pre> : null}
          {stderr.length > 0 && !run.error?.stack?.length ? <pre tabIndex={0}>{stderr.map((line) => line.text).join("\n")}</pre> : null}
          <span>{t(advice.todo)}</span>
        </Note>
      ) : null}
      <section className="card card-body">
        <dl className="facts">
          <Fact name={t("run.when")}>
            <Stamp at={run.started_at} />
          </Fact>
          <Fact name={t("column.duration")}>{duration(run.duration_ms)}</Fact>
          <Fact name={t("column.source")}>
            {run.source === "queue" ? (
              <Link to="/jobs" search={{ function: run.function }}>
                {t("source.queue")}
              </Link>
            ) : (
              t(`source.${run.source}`)
            )}
          </Fact>
          <Fact name={t("run.start")}>{t(run.cold_start ? "run.cold" : "run.warm")}</Fact>
          <Fact name={t("column.memory")}>{run.memory_peak_bytes > 0 ? bytes(run.memory_peak_bytes) : "–"}</Fact>
          <Fact name={t("run.trace")}>{run.trace_id ? <Id id={run.trace_id} /> : "–"}</Fact>
        </dl>
      </section>
      <section className="card">
        <div className="card-head">
          <h2>{t("run.timeline")}</h2>
        </div>
        <div className="card-body">
          <Timeline run={run} />
        </div>
      </section>
      <div className="grid-2">
        <ValueCard title={t("run.input")} size={run.input_size} value={run.input} absent={t("run.too_large")} />
        <ValueCard title={t("run.output")} size={run.output_size} value={run.output} absent={run.status === "succeeded" ? (stream ? t("run.streamed") : run.output_size > 4 ? t("run.too_large") : t("run.null")) : t("run.no_output")} />
      </div>
      <section style={{ display: "flex", flexDirection: "column", minHeight: 260, height: Math.min(520, 110 + lines.length * 20), gap: 8 }}>
        <h2>{t("run.logs")}</h2>
        {logs.error ? <ErrorBox error={logs.error} retry={() => void logs.refetch()} /> : <LogView lines={lines} more={logs.hasNextPage} onMore={() => void logs.fetchNextPage()} name={run.id} empty={logs.isPending ? t("state.loading") : t("run.no_logs")} note={run.logs_dropped > 0 ? t("run.logs_dropped", { size: bytes(run.logs_dropped) }) : undefined} />}
      </section>
    </div>
  );
}
