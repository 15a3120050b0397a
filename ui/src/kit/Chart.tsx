import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useLanguage } from "../i18n";
import { clock, moment } from "../lib/format";
import { preferences } from "../lib/preferences";
import { useStore } from "../lib/store";
import { placeMarks, type Frame, type Mark } from "./marks";

export interface Line {
  label: string;
  /** Name of a token: `--bad`. */
  color: string;
  values: (number | null)[];
  fill?: boolean;
}

interface Props {
  title: string;
  /** Seconds since the epoch. */
  times: number[];
  /** Where the range ends; the last point only begins a part of it. */
  until?: number;
  lines: Line[];
  marks?: Mark[];
  format: (value: number) => string;
  /** A part was chosen by dragging; milliseconds. */
  onZoom?: (from: number, to: number) => void;
  bars?: boolean;
}

/** So near to a mark one points at it. */
const NEAR = 6;

/** Lines over time. All charts of a page share their crosshair. */
export function Chart({ title, times, until, lines, marks = [], format, onZoom, bars }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  const formatter = useRef(format);
  formatter.current = format;
  const language = useLanguage();
  const { zone, theme } = useStore(preferences);
  const ends = useRef(until);
  ends.current = until;
  const [frame, setFrame] = useState<Frame | null>(null);
  const [at, setAt] = useState<{ index: number; left: number } | null>(null);
  const plot = useRef<uPlot | null>(null);
  const shape = lines.map((line) => line.label + line.color).join();

  useEffect(() => {
    const target = box.current;
    if (!target) return;
    const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const axis: uPlot.Axis = {
      stroke: token("--text-3"),
      font: "11px system-ui, sans-serif",
      grid: { stroke: token("--line"), width: 1 },
      ticks: { show: false },
    };
    const made = new uPlot(
      {
        width: target.clientWidth,
        height: target.clientHeight,
        legend: { show: false },
        cursor: {
          sync: { key: "page" },
          drag: { x: true, y: false, setScale: false },
          points: { size: 6 },
        },
        scales: { x: { time: true, range: (_self, low, high) => [low, Math.max(high, ends.current ?? high)] }, y: { range: (_self, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
        axes: [
          { ...axis, space: 70, size: 28, values: (_self, ticks) => ticks.map((tick) => tickText(tick, ticks, zone)) },
          { ...axis, size: 58, space: 34, values: (_self, ticks) => ticks.map((tick) => formatter.current(tick)) },
        ],
        series: [
          {},
          ...lines.map((line): uPlot.Series => {
            const color = token(line.color);
            return {
              label: line.label,
              stroke: color,
              width: bars ? 0 : 1.6,
              spanGaps: false,
              points: { show: !bars, size: 5, fill: color, filter: lonely },
              ...(bars ? { paths: uPlot.paths.bars?.({ size: [0.8, 40], align: 1 }), fill: color } : line.fill ? { fill: `color-mix(in oklch, ${color} 18%, transparent)` } : {}),
            };
          }),
        ],
        hooks: {
          draw: [
            ({ over, scales }) => {
              const next = { left: over.offsetLeft, top: over.offsetTop, width: over.offsetWidth, height: over.offsetHeight, from: scales.x?.min ?? 0, to: scales.x?.max ?? 0 };
              setFrame((now) => (now && Object.entries(next).every(([key, value]) => now[key as keyof Frame] === value) ? now : next));
            },
          ],
          setCursor: [
            (self) => {
              const index = self.cursor.idx;
              setAt(index === null || index === undefined || (self.cursor.left ?? -1) < 0 ? null : { index, left: (self.cursor.left ?? 0) + self.bbox.left / devicePixelRatio });
            },
          ],
          setSelect: [
            (self) => {
              if (self.select.width > 4) {
                zoom.current?.(self.posToVal(self.select.left, "x") * 1000, self.posToVal(self.select.left + self.select.width, "x") * 1000);
              }
              self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
        },
      },
      [times, ...lines.map((line) => line.values)] as uPlot.AlignedData,
      target,
    );
    plot.current = made;
    const resize = new ResizeObserver(() => made.setSize({ width: target.clientWidth, height: target.clientHeight }));
    resize.observe(target);
    return () => {
      resize.disconnect();
      made.destroy();
      plot.current = null;
    };
    // The chart is made anew when its shape or colours change, and given new data otherwise.
    // `data-theme` is set before this runs.
  }, [shape, zone, theme, bars]);

  useEffect(() => {
    plot.current?.setData([times, ...lines.map((line) => line.values)] as uPlot.AlignedData);
  }, [times, lines]);

  const time = at ? times[at.index] : undefined;
  const placed = frame ? placeMarks(marks, frame) : [];
  const near = at ? placed.filter((one) => Math.abs(one.left - at.left) <= NEAR) : [];
  return (
    <figure>
      <figcaption className="row" style={{ justifyContent: "space-between", padding: "10px 14px 0" }}>
        <h2 style={{ fontSize: 13.5 }}>{title}</h2>
        <span className="row">
          {lines.map((line) => (
            <span key={line.label} className="chart-label" style={{ ["--c" as string]: `var(${line.color})` }}>
              <i aria-hidden />
              {line.label}
            </span>
          ))}
        </span>
      </figcaption>
      <div className="chart" ref={box} role="img" aria-label={describe(title, lines, format)} lang={language}>
        {placed.map((one) => (
          <div key={`${one.mark.label} ${one.mark.at}`} className="chart-mark" data-near={near.includes(one) ? "" : undefined} style={{ left: one.left, top: frame?.top, height: frame?.height }}>
            {one.labelled && one.mark.label ? <span>{one.mark.label}</span> : null}
          </div>
        ))}
        {at && time !== undefined ? (
          <div className="chart-tip" style={at.left > (box.current?.clientWidth ?? 0) / 2 ? { right: (box.current?.clientWidth ?? 0) - at.left + 8 } : { left: at.left + 8 }}>
            {near.map((one) => (
              <div key={`${one.mark.label} ${one.mark.at}`} className="chart-tip-mark">
                {one.mark.text}
              </div>
            ))}
            <div className="muted">{moment(time * 1000, zone)}</div>
            {lines.map((line) => {
              const value = line.values[at.index];
              return (
                <div key={line.label} className="chart-label" style={{ ["--c" as string]: `var(${line.color})`, display: "flex" }}>
                  <i aria-hidden />
                  {line.label} <b>{value === null || value === undefined ? "–" : format(value)}</b>
                </div>
              );
            })}
          </div>
        ) : null}
      </div>
    </figure>
  );
}

/** Values without a neighbour: no line shows them. */
const lonely: uPlot.Series.Points.Filter = (self, series) => {
  const values = self.data[series] ?? [];
  const there = (index: number) => values[index] !== null && values[index] !== undefined;
  return Array.from(values.keys()).filter((index) => there(index) && !there(index - 1) && !there(index + 1));
};

function tickText(tick: number, ticks: number[], zone: "local" | "utc"): string {
  const step = (ticks[1] ?? tick + 60) - (ticks[0] ?? tick);
  const text = clock(tick * 1000, zone);
  if (step < 60) return text;
  if (step < 86_400) return text.slice(0, 5);
  const date = new Date(tick * 1000);
  return zone === "utc" ? `${date.getUTCMonth() + 1}-${date.getUTCDate()}` : `${date.getMonth() + 1}-${date.getDate()}`;
}

/** For those who do not see the chart: the latest and the highest value. */
function describe(title: string, lines: Line[], format: (value: number) => string): string {
  const parts = lines.map((line) => {
    const there = line.values.filter((value): value is number => value !== null);
    return there.length === 0 ? `${line.label} –` : `${line.label} ${format(there.at(-1) ?? 0)}, max ${format(Math.max(...there))}`;
  });
  return `${title}: ${parts.join("; ")}`;
}
