import { lazy, Suspense, useMemo } from "react";
import type { Schemas } from "../api/client";
import { useT } from "../i18n";
import { count, duration } from "../lib/format";
import type { Line } from "./Chart";
import type { Mark } from "./marks";

const Chart = lazy(() => import("./Chart").then((module) => ({ default: module.Chart })));

/** What happened over time: calls with errors, durations, cold starts. */
export function RunCharts({ stats, onZoom, all, marks }: { stats: Schemas["StatsView"]; onZoom: (from: number, to: number) => void; all?: boolean; marks?: Mark[] }) {
  const t = useT();
  const charts = useMemo(() => {
    const times = stats.series.map((point) => Date.parse(point.at) / 1000);
    const of = (read: (numbers: Schemas["StatsNumbers"]) => number | null | undefined) => stats.series.map((point) => read(point.numbers) ?? null);
    const made: { title: string; lines: Line[]; format: (value: number) => string; bars?: boolean }[] = [
      {
        title: t("chart.calls"),
        format: count,
        lines: [
          { label: t("chart.all"), color: "--accent", fill: true, values: of((one) => one.calls) },
          { label: t("chart.errors"), color: "--bad", fill: true, values: of((one) => one.failed + one.platform_errors) },
        ],
      },
      {
        title: t("chart.duration"),
        format: duration,
        lines: [
          { label: "p50", color: "--run", values: of((one) => one.p50_ms) },
          { label: "p95", color: "--pause", values: of((one) => one.p95_ms) },
          { label: "p99", color: "--wait", values: of((one) => one.p99_ms) },
        ],
      },
    ];
    if (all) {
      made.push(
        {
          title: t("chart.cold"),
          format: count,
          lines: [{ label: t("chart.cold"), color: "--pause", fill: true, values: of((one) => one.cold_starts) }],
        },
        {
          title: t("chart.failed"),
          format: count,
          lines: [
            { label: t("state.failed"), color: "--bad", fill: true, values: of((one) => one.failed) },
            { label: t("state.platform_error"), color: "--dead", values: of((one) => one.platform_errors) },
            { label: t("state.cancelled"), color: "--off", values: of((one) => one.cancelled) },
          ],
        },
      );
    }
    return { times, made };
  }, [stats, t, all]);
  return (
    <div className="grid-2">
      {charts.made.map((chart) => (
        <section key={chart.title} className="card" style={{ minHeight: 208 }}>
          <Suspense fallback={null}>
            <Chart title={chart.title} times={charts.times} until={Date.parse(stats.until) / 1000} marks={marks} lines={chart.lines} format={chart.format} onZoom={onZoom} />
          </Suspense>
        </section>
      ))}
    </div>
  );
}

/** The numbers of a range: what can be acted on. */
export function RunNumbers({ stats }: { stats: Schemas["StatsView"] }) {
  const t = useT();
  const { totals } = stats;
  const wrong = totals.failed + totals.platform_errors;
  const share = totals.calls === 0 ? "–" : `${((100 * wrong) / totals.calls).toFixed(wrong > 0 && wrong / totals.calls < 0.1 ? 1 : 0)} %`;
  const cell = (name: string, value: string, note: string, tone?: string) => (
    <dl className="card big">
      <dt>{name}</dt>
      <dd className={tone}>{value}</dd>
      <dd className="note">{note}</dd>
    </dl>
  );
  const ms = (value: number | null | undefined) => (value === null || value === undefined ? "–" : duration(value));
  return (
    <div className="grid-4">
      {cell(t("number.calls"), count(totals.calls), totals.cancelled > 0 ? t("number.cancelled", { n: count(totals.cancelled) }) : "\u00a0")}
      {cell(t("number.errors"), share, t("number.failed", { failed: count(totals.failed), platform: count(totals.platform_errors) }), wrong > 0 ? "bad" : undefined)}
      {cell(t("number.median"), ms(totals.p50_ms), `p95 ${ms(totals.p95_ms)} · p99 ${ms(totals.p99_ms)}`)}
      {cell(t("number.cold"), count(totals.cold_starts), totals.calls === 0 ? "\u00a0" : t("number.cold_share", { share: ((100 * totals.cold_starts) / totals.calls).toFixed(1) }))}
    </div>
  );
}
