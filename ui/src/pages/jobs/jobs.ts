import type { Schemas } from "../../api/client";
import type { Key, Params } from "../../i18n";
import { duration, shortId } from "../../lib/format";

export type Job = Schemas["JobView"];
export type Attempt = Schemas["AttemptView"];

export const STATUSES: Job["status"][] = ["queued", "running", "succeeded", "dead"];

export const REASONS: Record<NonNullable<Job["reason"]>, Key> = {
  attempts_used_up: "jobs.used_up",
  expired: "jobs.expired",
  refused: "jobs.refused",
};

/** What came of an attempt. */
export function outcomeOf({ ended_at, error, postponed }: Attempt): "running" | "succeeded" | "failed" | "postponed" {
  if (!ended_at) return "running";
  if (!error) return "succeeded";
  return postponed ? "postponed" : "failed";
}

/** Of these no run is recorded: the call was turned away before it was one, or its server went away. */
const WITHOUT_RUN = new Set(["invalid_argument", "not_found", "not_ready", "permission_denied", "payload_too_large", "loop_detected", "attempt_lost"]);

/** Whether an attempt has a run that can be looked at: one is recorded as it ends. */
export function hasRun({ ended_at, error }: Attempt): boolean {
  return Boolean(ended_at) && !(error && WITHOUT_RUN.has(error.type));
}

interface Advice {
  cause: Key;
  params: Params;
  todo: Key;
}

/** Why no more attempts are made, in one sentence, and what to do now. */
export function adviceOn(job: Pick<Job, "reason" | "max_attempts" | "max_age_s">): Advice | null {
  switch (job.reason) {
    case "attempts_used_up":
      return { cause: "jobs.cause_used_up", params: { n: job.max_attempts }, todo: "jobs.todo_used_up" };
    case "expired":
      return { cause: "jobs.cause_expired", params: { age: duration(job.max_age_s * 1000) }, todo: "jobs.todo_expired" };
    case "refused":
      return { cause: "jobs.cause_refused", params: {}, todo: "jobs.todo_refused" };
    default:
      return null;
  }
}

/** An error in one line. */
export const said = (error: Schemas["CallError"]) => `${error.type}: ${error.message}`;

/** The end of an id, which people can type. */
export const endOf = (id: string) => shortId(id).replace("…", "");
