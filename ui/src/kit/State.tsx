import { Ban, CircleCheck, CircleDashed, CircleX, CloudAlert, Hourglass, LoaderCircle, MailX, type LucideIcon } from "lucide-react";
import type { Schemas } from "../api/client";
import { useT, type Key } from "../i18n";

export type Tone = "ok" | "run" | "wait" | "bad" | "dead" | "pause" | "off";

export type RunStatus = Schemas["RunView"]["status"];
export type CompileStatus = Schemas["FunctionView"]["compile_status"];
export type JobStatus = Schemas["JobView"]["status"];

const RUN: Record<RunStatus, [Tone, LucideIcon, Key]> = {
  succeeded: ["ok", CircleCheck, "state.succeeded"],
  failed: ["bad", CircleX, "state.failed"],
  cancelled: ["off", Ban, "state.cancelled"],
  platform_error: ["dead", CloudAlert, "state.platform_error"],
};

const COMPILE: Record<CompileStatus, [Tone, LucideIcon, Key]> = {
  not_required: ["ok", CircleCheck, "state.ready"],
  success: ["ok", CircleCheck, "state.ready"],
  pending: ["wait", Hourglass, "state.build_waiting"],
  compiling: ["run", LoaderCircle, "state.building"],
  failed: ["bad", CircleX, "state.build_failed"],
};

const JOB: Record<JobStatus, [Tone, LucideIcon, Key]> = {
  queued: ["wait", Hourglass, "state.queued"],
  running: ["run", LoaderCircle, "state.running"],
  succeeded: ["ok", CircleCheck, "state.succeeded"],
  dead: ["dead", MailX, "state.dead"],
};

/** A state: always colour, icon and word. */
export function State({ tone, icon: Icon = CircleDashed, text, boxed, quiet }: { tone: Tone; icon?: LucideIcon; text: string; boxed?: boolean; quiet?: boolean }) {
  return (
    <span className="state" data-tone={tone} data-boxed={boxed ? "" : undefined} title={quiet ? text : undefined}>
      <Icon size={14} aria-hidden />
      <span className={quiet ? "sr" : undefined}>{text}</span>
    </span>
  );
}

export function RunState({ status, boxed, quiet }: { status: RunStatus; boxed?: boolean; quiet?: boolean }) {
  const t = useT();
  const [tone, icon, key] = RUN[status] ?? ["off", CircleDashed, "state.unknown"];
  return <State tone={tone} icon={icon} text={t(key)} boxed={boxed} quiet={quiet} />;
}

export function BuildState({ status, boxed }: { status: CompileStatus; boxed?: boolean }) {
  const t = useT();
  const [tone, icon, key] = COMPILE[status] ?? ["off", CircleDashed, "state.unknown"];
  return <State tone={tone} icon={icon} text={t(key)} boxed={boxed} />;
}

export function JobState({ status, boxed, quiet }: { status: JobStatus; boxed?: boolean; quiet?: boolean }) {
  const t = useT();
  const [tone, icon, key] = JOB[status] ?? ["off", CircleDashed, "state.unknown"];
  return <State tone={tone} icon={icon} text={t(key)} boxed={boxed} quiet={quiet} />;
}
