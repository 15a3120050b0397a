import type { Schemas } from "../../api/client";
import type { Key } from "../../i18n";

type FunctionView = Schemas["FunctionView"];

/** A number that a function has, within bounds that the server checks too. */
export interface NumberSetting {
  /** As the API names it; `limits.` is the nested object. */
  key: string;
  text: Key;
  unit?: string;
  min: number;
  max: number;
  fallback: number;
  read: (fn: FunctionView) => number;
}

const at = <K extends keyof FunctionView>(key: K) => (fn: FunctionView) => fn[key] as number;
const inLimits = (key: keyof FunctionView["limits"]) => (fn: FunctionView) => fn.limits[key];

export const LIMITS: NumberSetting[] = [
  { key: "memory_mb", text: "config.memory", unit: "MiB", min: 64, max: 10_240, fallback: 128, read: at("memory_mb") },
  { key: "timeout_s", text: "config.timeout", unit: "s", min: 1, max: 900, fallback: 30, read: at("timeout_s") },
  { key: "limits.cpu_millis", text: "config.cpu", unit: "1/1000 CPU", min: 50, max: 32_000, fallback: 1000, read: inLimits("cpu_millis") },
  { key: "limits.pids", text: "config.pids", min: 8, max: 4096, fallback: 128, read: inLimits("pids") },
  { key: "limits.tmp_mb", text: "config.tmp", unit: "MiB", min: 1, max: 10_240, fallback: 64, read: inLimits("tmp_mb") },
  { key: "limits.file_size_mb", text: "config.file_size", unit: "MiB", min: 1, max: 10_240, fallback: 64, read: inLimits("file_size_mb") },
];

export const SCALING: NumberSetting[] = [
  { key: "min_replicas", text: "config.min_replicas", min: 0, max: 100, fallback: 0, read: at("min_replicas") },
  { key: "max_replicas", text: "config.max_replicas", min: 1, max: 1000, fallback: 10, read: at("max_replicas") },
  { key: "instance_concurrency", text: "config.concurrency", min: 1, max: 1000, fallback: 1, read: at("instance_concurrency") },
  { key: "idle_ttl_s", text: "config.idle", unit: "s", min: 0, max: 3600, fallback: 60, read: at("idle_ttl_s") },
  { key: "max_calls", text: "config.max_calls", min: 0, max: 4_294_967_295, fallback: 0, read: at("max_calls") },
  { key: "max_queue", text: "config.max_queue", min: 0, max: 100_000, fallback: 1000, read: at("max_queue") },
  { key: "max_wait_ms", text: "config.max_wait", unit: "ms", min: 1, max: 900_000, fallback: 30_000, read: at("max_wait_ms") },
];

/** A changed number into the body of a PATCH. */
export function intoPatch(patch: Record<string, unknown>, key: string, value: number): void {
  const [outer = "", inner] = key.split(".");
  if (inner === undefined) patch[outer] = value;
  else patch[outer] = { ...(patch[outer] as object | undefined), [inner]: value };
}

/** Whether text is a whole number within the bounds. */
export function fits(text: string, setting: NumberSetting): boolean {
  return /^\d+$/.test(text.trim()) && Number(text) >= setting.min && Number(text) <= setting.max;
}
