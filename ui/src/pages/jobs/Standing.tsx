import { Link } from "@tanstack/react-router";
import { CircleX, Hourglass } from "lucide-react";
import { useT } from "../../i18n";
import { Note } from "../../kit/Feedback";
import { adviceOn, hasRun, said, type Job } from "./jobs";
import { NextAttempt } from "./NextAttempt";

/** Why a job is dead and what to do now, or why it still waits; nothing where all is well. */
export function Standing({ job }: { job: Job }) {
  const t = useT();
  const advice = adviceOn(job);
  const last = job.attempts.at(-1);
  const error = job.last_error ? <pre tabIndex={0}>{said(job.last_error)}</pre> : null;
  const run =
    last?.error && hasRun(last) ? (
      <span>
        <Link to="/runs/$id" params={{ id: last.run_id }}>
          {t("jobs.last_run")}
        </Link>
      </span>
    ) : null;
  if (advice) {
    return (
      <Note tone="bad" icon={CircleX} role="alert">
        <strong>{t(advice.cause, advice.params)}</strong>
        {error}
        {run}
        <span>{t(advice.todo)}</span>
      </Note>
    );
  }
  // Of a job that was retried, attempts of before are there too.
  if (!job.next_attempt_at || !last?.error || (job.attempt === 0 && !last.postponed)) return null;
  return (
    <Note tone="wait" icon={Hourglass}>
      <strong>{last.postponed ? t("jobs.postponed") : t("jobs.failed_so_far", { n: job.attempt, most: job.max_attempts })}</strong>
      {error}
      {run}
      <span>
        {t("jobs.next")} <NextAttempt at={job.next_attempt_at} />
      </span>
    </Note>
  );
}
