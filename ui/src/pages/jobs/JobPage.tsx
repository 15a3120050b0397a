import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { RotateCw, SearchX, Trash2 } from "lucide-react";
import { useState } from "react";
import { api, data } from "../../api/client";
import { useMay } from "../../api/me";
import { Problem } from "../../api/problem";
import { jobQuery } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { Id } from "../../kit/Copy";
import { ConfirmName } from "../../kit/Dialog";
import { Fact } from "../../kit/Fact";
import { Empty, ErrorBox, Loading } from "../../kit/Feedback";
import { JobState } from "../../kit/State";
import { Stamp } from "../../kit/Time";
import { toast } from "../../kit/toast";
import { useAct } from "../../kit/useAct";
import { duration } from "../../lib/format";
import { useActor } from "../audit/actor";
import { ValueCard } from "../runs/ValueCard";
import { Attempts } from "./Attempts";
import { endOf, type Job } from "./jobs";
import { NextAttempt } from "./NextAttempt";
import { Standing } from "./Standing";

const route = getRouteApi("/jobs/$id");

/** One queued call: where it stands and why, its event, and every attempt. */
export function JobPage() {
  const t = useT();
  const { id } = route.useParams();
  const found = useQuery(jobQuery(id));
  if (found.error && !found.data) {
    return (
      <div className="page">
        {found.error instanceof Problem && found.error.status === 404 ? (
          <Empty icon={SearchX} title={t("jobs.missing")} text={t("jobs.missing_text", { id })}>
            <Link to="/jobs" className="btn" data-kind="primary">
              {t("jobs.to_list")}
            </Link>
          </Empty>
        ) : (
          <ErrorBox error={found.error} retry={() => void found.refetch()} />
        )}
      </div>
    );
  }
  if (!found.data) {
    return (
      <div className="page">
        <Loading />
      </div>
    );
  }
  const job = found.data;
  return (
    <div className="page" key={job.id}>
      <Head job={job} />
      <Standing job={job} />
      <section className="card card-body" aria-label={t("secrets.facts")}>
        <dl className="facts">
          <Fact name={t("jobs.accepted")}>
            <Stamp at={job.created_at} />
          </Fact>
          {job.next_attempt_at ? (
            <Fact name={t("jobs.next")}>
              <NextAttempt at={job.next_attempt_at} />
            </Fact>
          ) : null}
          {job.ended_at ? (
            <Fact name={t("jobs.ended")}>
              <Stamp at={job.ended_at} />
            </Fact>
          ) : null}
          <Fact name={t("jobs.attempts")}>{t("jobs.of", { n: job.attempt, most: job.max_attempts })}</Fact>
          <Fact name={t("jobs.pause")}>{t("jobs.pause_value", { base: duration(job.backoff_base_ms), most: duration(job.backoff_max_ms) })}</Fact>
          <Fact name={t("jobs.age")}>{duration(job.max_age_s * 1000)}</Fact>
          <Fact name={t("jobs.by")}>
            <Caller subject={job.caller} />
          </Fact>
          {job.idempotency_key ? (
            <Fact name={t("jobs.key")}>
              <span className="mono">{job.idempotency_key}</span>
            </Fact>
          ) : null}
        </dl>
      </section>
      <section className="card" aria-label={t("jobs.attempts")}>
        <div className="card-head">
          <h2>{t("jobs.attempts")}</h2>
        </div>
        {job.attempts.length > 0 ? <Attempts attempts={job.attempts} /> : <div className="card-body muted">{t(job.ended_at ? "jobs.no_attempts" : "jobs.no_attempts_yet")}</div>}
      </section>
      <div className="grid-2">
        <ValueCard title={t("invoke.event")} size={job.payload_size} value={job.payload} absent="null" />
        <ValueCard title={t("run.output")} value={job.output} absent={t(job.status === "succeeded" ? "jobs.output_elsewhere" : "jobs.no_output")} />
      </div>
    </div>
  );
}

function Caller({ subject }: { subject: Job["caller"] }) {
  const actor = useActor();
  const name = subject ?? "system";
  return <span style={{ overflowWrap: "anywhere" }}>{actor({ actor: { kind: name, id: name, name: "" } })}</span>;
}

/** Name, state, and what can be done with it. */
function Head({ job }: { job: Job }) {
  const t = useT();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const invoke = useMay(job.function)("function:invoke");
  const { act, busy, error } = useAct("job", "jobs");
  const [going, setGoing] = useState(false);
  const path = { id: job.id };
  const retry = () => void act(() => data(api.POST("/async-invocations/{id}/retry", { params: { path } })), t("jobs.retried"));
  return (
    <>
      <div className="page-head">
        <h1>
          <JobState status={job.status} boxed />
          <Link to="/functions/$name" params={{ name: job.function }} style={{ color: "var(--text)" }}>
            {job.function}
          </Link>
        </h1>
        <span className="tag" title={t("column.version")}>
          {/^\d+$/.test(job.qualifier) ? `v${job.qualifier}` : job.qualifier === "active" ? t("jobs.active") : job.qualifier}
        </span>
        <span className="page-sub">
          <Id id={job.id} whole />
        </span>
        {invoke ? (
          <div className="acts">
            {job.status === "running" ? null : (
              <Button onClick={() => setGoing(true)}>
                <Trash2 size={14} aria-hidden />
                {t("jobs.delete")}
              </Button>
            )}
            {job.status === "dead" ? (
              <Button kind="primary" disabled={busy} onClick={retry}>
                <RotateCw size={14} aria-hidden />
                {t("jobs.retry")}
              </Button>
            ) : null}
          </div>
        ) : null}
      </div>
      {error ? <ErrorBox error={error} /> : null}
      <ConfirmName
        open={going}
        onClose={() => setGoing(false)}
        title={t("jobs.delete_ask", { name: job.function })}
        name={endOf(job.id)}
        verb={t("jobs.delete")}
        plan={
          <ul className="dots">
            {job.status === "queued" ? <li>{t("jobs.delete_queued")}</li> : null}
            <li>{t("jobs.delete_event")}</li>
            <li>{t("delete.runs")}</li>
            {job.idempotency_key ? <li>{t("jobs.delete_key", { key: job.idempotency_key })}</li> : null}
          </ul>
        }
        act={async () => {
          await data(api.DELETE("/async-invocations/{id}", { params: { path } }));
          toast(t("jobs.deleted"));
          await navigate({ to: "/jobs" });
          queries.removeQueries({ queryKey: ["job", job.id] });
          await queries.invalidateQueries({ queryKey: ["jobs"] });
        }}
      />
    </>
  );
}
