import type { Schemas } from "../../api/client";
import type { Key, Params } from "../../i18n";
import { bytes, duration } from "../../lib/format";

interface Advice {
  cause: Key;
  params: Params;
  todo: Key;
}

/** Why a run failed, in one sentence, and what to do now. */
export function adviceOn(run: Schemas["RunView"], version: Pick<Schemas["VersionView"], "memory_mb" | "timeout_s"> | undefined): Advice | null {
  const { error } = run;
  if (run.status === "cancelled") return { cause: "cause.cancelled", params: { after: duration(run.duration_ms) }, todo: "todo.cancelled" };
  if (run.status === "platform_error") return { cause: "cause.platform", params: { message: error?.message ?? "" }, todo: "todo.platform" };
  if (!error) return null;
  switch (error.kind) {
    case "timeout":
      return { cause: "cause.timeout", params: { limit: version ? `${version.timeout_s} s` : duration(run.exec_ms) }, todo: "todo.timeout" };
    case "out_of_memory":
      return {
        cause: "cause.memory",
        params: { limit: version ? `${version.memory_mb} MiB` : "–", used: run.memory_peak_bytes > 0 ? bytes(run.memory_peak_bytes) : "–" },
        todo: "todo.memory",
      };
    case "init":
      return { cause: "cause.init", params: { type: error.type, message: error.message }, todo: "todo.init" };
    case "exit":
      return { cause: "cause.exit", params: { code: error.exit_code ?? "?" }, todo: "todo.exit" };
    case "crash":
      return { cause: "cause.crash", params: { signal: error.signal ?? "?" }, todo: "todo.crash" };
    case "bad_response":
      return { cause: "cause.response", params: { message: error.message }, todo: "todo.response" };
    default:
      return { cause: "cause.error", params: { type: error.type, message: error.message }, todo: "todo.error" };
  }
}

/** `main.py:3` out of the innermost frame of user code. */
export function placeOf(stack: string[] | undefined): { file: string; line: string } | null {
  for (const frame of [...(stack ?? [])].reverse()) {
    const found = /(?:\/code\/)([\w./-]+?):(\d+)/.exec(frame) ?? /File "\/code\/([^"]+)", line (\d+)/.exec(frame);
    if (found?.[1] && found[2]) return { file: found[1], line: found[2] };
  }
  return null;
}
