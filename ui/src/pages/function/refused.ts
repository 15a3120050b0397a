import type { Schemas } from "../../api/client";

/** An attempt to reach something that no rule opens. */
export interface Refused {
  what: string;
  why: string;
  /** The rule that would allow it; some things no rule can. */
  rule?: string;
  times: number;
  last: string;
  run: string;
}

/** The attempts that the platform's lines tell of, the newest first, each target once. */
export function refusedIn(lines: Schemas["LogLineView"][]): Refused[] {
  const found = new Map<string, Refused>();
  for (const line of lines) {
    if (line.stream !== "platform") continue;
    const match = /^network refused (.+?): (.+?)(?:; allow it with: .*--allow-network (\S+))?$/.exec(line.text);
    if (!match?.[1] || !match[2]) continue;
    const [, what, why, rule] = match;
    const before = found.get(what);
    // Kept in the order of the last time.
    found.delete(what);
    found.set(what, { what, why, rule: rule?.replace(/^'|'$/g, "") ?? before?.rule, times: (before?.times ?? 0) + 1, last: line.at, run: line.request_id });
  }
  return [...found.values()].reverse();
}

/** `HOST` or `HOST:PORT,PORT`: a name, `*.ending`, `*`, an address or a network. */
export const RULE = /^(\*|(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?(\/\d{1,2})?|\[[0-9A-Fa-f:.]+(\/\d{1,3})?\])(:\d{1,5}(,\d{1,5})*)?$/;
