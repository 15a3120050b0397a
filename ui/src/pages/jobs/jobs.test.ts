import { expect, it } from "vitest";
import { adviceOn, endOf, hasRun, outcomeOf, type Attempt } from "./jobs";

const attempt = (change: Partial<Attempt>): Attempt => ({ run_id: "01R", began_at: "2026-11-26T12:00:00Z", ended_at: "2026-11-26T12:00:01Z", postponed: false, ...change });
const error = (type: string) => ({ kind: "error" as const, type, message: "m" });

it("says what came of an attempt", () => {
  const attempts = [attempt({ ended_at: null }), attempt({}), attempt({ error: error("ValueError") }), attempt({ error: error("queue_full"), postponed: true })];
  expect(attempts.map(outcomeOf)).toEqual(["running", "succeeded", "failed", "postponed"]);
});

it("leads to runs that there are only", () => {
  const attempts = [attempt({ ended_at: null }), attempt({}), attempt({ error: error("ValueError") }), attempt({ error: error("not_found") }), attempt({ error: error("attempt_lost") }), attempt({ error: error("queue_full"), postponed: true })];
  expect(attempts.map(hasRun)).toEqual([false, true, true, false, false, true]);
});

it("says for every reason why a job is dead", () => {
  const reasons = ["attempts_used_up", "expired", "refused"] as const;
  const found = reasons.map((reason) => adviceOn({ reason, max_attempts: 3, max_age_s: 21_600 }));
  expect(new Set(found.map((one) => one?.cause)).size).toBe(reasons.length);
  expect(found[1]?.params).toEqual({ age: "6 h" });
  expect(adviceOn({ max_attempts: 3, max_age_s: 60 })).toBeNull();
});

it("takes the end of an id", () => expect(endOf("01991f00aaaabbbb12345678")).toBe("12345678"));
