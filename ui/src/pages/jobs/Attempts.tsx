import { CircleCheck, CircleX, Hourglass, LoaderCircle, type LucideIcon } from "lucide-react";
import { useT, type Key } from "../../i18n";
import { Id } from "../../kit/Copy";
import { State, type Tone } from "../../kit/State";
import { Time } from "../../kit/Time";
import { duration } from "../../lib/format";
import { hasRun, outcomeOf, said, type Attempt } from "./jobs";

const OUTCOMES: Record<ReturnType<typeof outcomeOf>, [Tone, LucideIcon, Key]> = {
  running: ["run", LoaderCircle, "state.running"],
  succeeded: ["ok", CircleCheck, "state.succeeded"],
  failed: ["bad", CircleX, "state.failed"],
  postponed: ["wait", Hourglass, "state.postponed"],
};

/** What was tried, oldest first, with the run of each. */
export function Attempts({ attempts }: { attempts: Attempt[] }) {
  const t = useT();
  return (
    <div className="scroll-x" tabIndex={0}>
      <table className="plain-table" data-roomy="" data-stack="">
        <thead>
          <tr>
            <th>{t("column.state")}</th>
            <th>{t("column.run")}</th>
            <th>{t("run.when")}</th>
            <th data-align="end">{t("column.duration")}</th>
            <th>{t("column.error")}</th>
          </tr>
        </thead>
        <tbody>
          {attempts.map((one) => {
            const [tone, icon, text] = OUTCOMES[outcomeOf(one)];
            return (
              <tr key={one.run_id}>
                <td>
                  <State tone={tone} icon={icon} text={t(text)} />
                </td>
                <td style={{ whiteSpace: "nowrap" }}>{hasRun(one) ? <Id id={one.run_id} to="/runs/$id" /> : <span className="muted">{t(one.ended_at ? "jobs.no_run" : "jobs.run_later")}</span>}</td>
                <td style={{ whiteSpace: "nowrap" }}>
                  <Time at={one.began_at} />
                </td>
                <td data-align="end" style={{ whiteSpace: "nowrap" }}>{one.ended_at ? duration(Date.parse(one.ended_at) - Date.parse(one.began_at)) : null}</td>
                <td data-whole="">
                  {one.error ? <span className="bad">{said(one.error)}</span> : null}
                  {one.postponed ? (
                    <span className="small" style={{ display: "block" }}>
                      {t("jobs.not_counted")}
                    </span>
                  ) : null}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
