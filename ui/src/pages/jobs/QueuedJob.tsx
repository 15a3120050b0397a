import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMay } from "../../api/me";
import { jobQuery } from "../../api/queries";
import { useT } from "../../i18n";
import { Id } from "../../kit/Copy";
import { JobState } from "../../kit/State";
import type { Job } from "./jobs";

/** A job that was just accepted, in a line: where it stands, and the way to its page. */
export function QueuedJob({ accepted }: { accepted: Job }) {
  const t = useT();
  const read = useMay(accepted.function)("log:read");
  const found = useQuery({ ...jobQuery(accepted.id), enabled: read });
  const job = found.data ?? accepted;
  return (
    <>
      <JobState status={job.status} boxed />
      <span>{t("jobs.attempt_of", { n: job.attempt, most: job.max_attempts })}</span>
      {read ? (
        <Link to="/jobs/$id" params={{ id: job.id }}>
          {t("jobs.open")}
        </Link>
      ) : null}
      <Id id={job.id} />
    </>
  );
}
