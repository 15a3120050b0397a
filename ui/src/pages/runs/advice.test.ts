import { expect, it } from "vitest";
import { adviceOn, placeOf } from "./advice";

const run = (status: string, error: object | null) => ({ status, error, duration_ms: 1200, exec_ms: 1000, memory_peak_bytes: 134_217_728 }) as never;

it("says what to do for every kind of failure", () => {
  const kinds = ["error", "init", "timeout", "out_of_memory", "exit", "crash", "bad_response"];
  const causes = kinds.map((kind) => adviceOn(run("failed", { kind, type: "X", message: "m" }), { memory_mb: 128, timeout_s: 3 })?.cause);
  expect(new Set(causes).size).toBe(kinds.length);
  expect(adviceOn(run("failed", { kind: "out_of_memory", type: "X", message: "m" }), { memory_mb: 128, timeout_s: 3 })?.params).toEqual({ limit: "128 MiB", used: "128 MiB" });
  expect(adviceOn(run("cancelled", null), undefined)?.cause).toBe("cause.cancelled");
  expect(adviceOn(run("succeeded", null), undefined)).toBeNull();
});

it("finds the line of user code", () => {
  expect(placeOf(["/code/lib/a.py:9 in x: y()", '/code/main.py:3 in handler: return e["missing"]'])).toEqual({ file: "main.py", line: "3" });
  expect(placeOf(["at node:internal:3"])).toBeNull();
});
