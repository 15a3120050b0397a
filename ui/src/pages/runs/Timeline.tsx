import type { Schemas } from "../../api/client";
import { useT } from "../../i18n";
import { duration } from "../../lib/format";

/** Where the time of a run went. */
export function Timeline({ run }: { run: Schemas["RunView"] }) {
  const t = useT();
  // Waiting for a new sandbox includes making it.
  const waited = Math.max(0, run.queue_ms - run.init_ms);
  const rest = Math.max(0, run.duration_ms - waited - run.init_ms - run.exec_ms);
  const parts = [
    { key: "queue", ms: waited, text: t("run.part_queue") },
    { key: "init", ms: run.init_ms, text: t("run.part_init") },
    { key: "exec", ms: run.exec_ms, text: t("run.part_exec") },
    { key: "rest", ms: rest, text: t("run.part_rest") },
  ].filter((part) => part.ms > 0);
  const whole = parts.reduce((sum, part) => sum + part.ms, 0) || 1;
  return (
    <div className="timeline">
      <div className="timeline-bar" role="img" aria-label={parts.map((part) => `${part.text} ${duration(part.ms)}`).join(", ")}>
        {parts.map((part) => (
          <span key={part.key} className={`part-${part.key}`} style={{ width: `${(100 * part.ms) / whole}%` }} title={`${part.text}: ${duration(part.ms)}`} />
        ))}
      </div>
      <ul className="timeline-key">
        {parts.map((part) => (
          <li key={part.key}>
            <i className={`part-${part.key}`} aria-hidden />
            {part.text} <b>{duration(part.ms)}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}
