import { Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/client";
import { useT } from "../../i18n";
import { RunState } from "../../kit/State";
import { Time } from "../../kit/Time";
import { count } from "../../lib/format";

/** What fails: function, error, how often, since when, and the runs. */
export function Failing({ title, groups, tone }: { title: string; groups: Schemas["FailingView"][]; tone: "bad" | "off" }) {
  const t = useT();
  return (
    <section className="card" style={tone === "bad" ? { borderColor: "color-mix(in oklch, var(--bad) 55%, var(--line))" } : undefined}>
      <div className="card-head">
        <h2 className={tone === "bad" ? "bad" : undefined}>{title}</h2>
      </div>
      <ul className="fail-list">
        {groups.map((one) => (
          <li key={`${one.function} ${one.status} ${one.error_type}`}>
            <RunState status={one.status} quiet />
            <Link to="/functions/$name" params={{ name: one.function }} style={{ fontWeight: 600 }}>
              {one.function}
            </Link>
            <span className="why">
              <strong>{one.error_type || t("state.platform_error")}</strong> {one.message}
            </span>
            <Link to="/runs" search={{ function: one.function, status: one.status, error: one.error_type || undefined }}>
              {t("overview.times", { n: one.count, count: count(one.count) })}
            </Link>
            <span className="muted">
              {t("overview.since")} <Time at={one.first_at} />
            </span>
            <Link to="/runs/$id" params={{ id: one.first_run }}>
              {t("overview.first_run")}
            </Link>
            <Link to="/runs/$id" params={{ id: one.last_run }}>
              {t("overview.last_run")}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
