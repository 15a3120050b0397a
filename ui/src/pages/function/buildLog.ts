import type { Schemas } from "../../api/client";
import type { ServerEvent } from "../../api/sse";

/** What is known of a build's log. */
export interface BuildLog {
  /** Which build the lines are of: one that was taken up again begins anew. */
  build: string;
  lines: string[];
  /** Lines that are not kept any more. */
  missed: number;
  ended: Schemas["BuildLogView"] | null;
}

export const NO_LOG: BuildLog = { build: "", lines: [], missed: 0, ended: null };

/** Lines that are kept in the page; older ones go. */
const KEPT = 10_000;

/** The log with what came. */
export function withEvents(log: BuildLog, events: ServerEvent[]): BuildLog {
  let { build, missed, ended } = log;
  let lines = [...log.lines];
  for (const event of events) {
    if (event.event === "done") {
      ended = JSON.parse(event.data) as Schemas["BuildLogView"];
      continue;
    }
    const of = (event.id ?? "").split("-")[0] ?? "";
    if (of !== build) {
      build = of;
      lines = [];
      missed = 0;
    }
    if (event.event === "missed") missed += (JSON.parse(event.data) as { lines: number }).lines;
    else if (event.event === "message") lines.push((JSON.parse(event.data) as { text: string }).text);
  }
  if (lines.length > KEPT) {
    missed += lines.length - KEPT;
    lines = lines.slice(-KEPT);
  }
  return { build, lines, missed, ended };
}
