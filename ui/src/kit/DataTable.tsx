import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState, type CSSProperties, type ReactNode } from "react";
import { useT } from "../i18n";
import { preferences } from "../lib/preferences";
import { useStore } from "../lib/store";

export interface Column<T> {
  key: string;
  head: string;
  /** Of the grid: `2fr`, `90px`. */
  width: string;
  align?: "end";
  /** The same on a narrow screen; what has a flexible width gets the rest. */
  narrow?: string;
  /** Left out where there is little room. */
  wide?: boolean;
  cell: (row: T, narrow: boolean) => ReactNode;
}

interface Props<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  /** Absent: rows open nothing. */
  onOpen?: (row: T) => void;
  /** Called as the end comes into view. */
  onEnd?: () => void;
  more?: boolean;
  loadingMore?: boolean;
  /** New rows that wait above, and how to let them in. */
  news?: number;
  onNews?: () => void;
  onScrolled?: (away: boolean) => void;
}

const NARROW_ROW = 44;

/** A list of any length: only the rows in view exist. j, k and Enter move and open. */
export function DataTable<T>({ label, columns, rows, rowKey, onOpen, onEnd, more, loadingMore, news, onNews, onScrolled }: Props<T>) {
  const t = useT();
  const scroller = useRef<HTMLDivElement>(null);
  const { density } = useStore(preferences);
  const narrow = useNarrow();
  const [current, setCurrent] = useState(-1);
  const height = narrow ? NARROW_ROW : density === "compact" ? 28 : 36;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    getItemKey: (index) => rowKey(rows[index] as T),
  });
  useEffect(() => virtual.measure(), [height, virtual]);

  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (more && !loadingMore && last >= rows.length - 20) onEnd?.();
  }, [last, rows.length, more, loadingMore, onEnd]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select, [contenteditable], [role=dialog], [role=menu]")) return;
      const step = event.key === "j" || event.key === "ArrowDown" ? 1 : event.key === "k" || event.key === "ArrowUp" ? -1 : 0;
      if (step !== 0) {
        event.preventDefault();
        setCurrent((now) => {
          const next = Math.max(0, Math.min(rows.length - 1, now + step));
          virtual.scrollToIndex(next);
          return next;
        });
      } else if (event.key === "Enter" && !target.closest("a, button")) {
        const row = rows[current];
        if (row !== undefined) onOpen?.(row);
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [rows, current, onOpen, virtual]);

  const shown = narrow ? columns.filter((column) => !column.wide) : columns;
  const width = (column: Column<T>) => (narrow ? (column.narrow ?? (column.width.endsWith("px") ? column.width : "minmax(0, 1fr)")) : column.width);
  const grid = { "--columns": shown.map(width).join(" ") } as CSSProperties;
  return (
    <div className="table" style={grid}>
      {news ? (
        <div className="table-news">
          <button
            type="button"
            className="btn"
            data-kind="primary"
            data-size="small"
            onClick={() => {
              scroller.current?.scrollTo({ top: 0 });
              onNews?.();
            }}
          >
            {t("list.news", { n: news })}
          </button>
        </div>
      ) : null}
      <div className="table-scroll" ref={scroller} tabIndex={0} onScroll={(event) => onScrolled?.(event.currentTarget.scrollTop > 40)}>
        <div role="table" aria-label={label} aria-rowcount={more ? -1 : rows.length + 1}>
          <div role="rowgroup" className="table-top">
            <div className="table-head" role="row">
              {shown.map((column) => (
                <span key={column.key} role="columnheader" data-align={column.align}>
                  {column.head}
                </span>
              ))}
            </div>
          </div>
          <div role="rowgroup" style={{ position: "relative", height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index] as T;
            return (
              <div
                key={item.key}
                className="table-row"
                data-still={onOpen ? undefined : ""}
                role="row"
                aria-rowindex={item.index + 2}
                data-current={item.index === current ? "" : undefined}
                style={{ transform: `translateY(${item.start}px)` }}
                onClick={(event) => {
                  // Links, buttons and selected text keep their own meaning.
                  if ((event.target as HTMLElement).closest("a, button") || getSelection()?.toString()) return;
                  onOpen?.(row);
                }}
              >
                {shown.map((column) => (
                  <span key={column.key} role="cell" data-align={column.align}>
                    {column.cell(row, narrow)}
                  </span>
                ))}
              </div>
            );
          })}
          </div>
        </div>
        <div className="table-end">{loadingMore ? t("state.loading") : more ? "" : t("list.end", { n: rows.length })}</div>
      </div>
    </div>
  );
}

export function useNarrow(): boolean {
  const query = useRef(typeof matchMedia === "undefined" ? null : matchMedia("(max-width: 720px)"));
  const [narrow, setNarrow] = useState(query.current?.matches ?? false);
  useEffect(() => {
    const media = query.current;
    if (!media) return;
    const change = () => setNarrow(media.matches);
    media.addEventListener("change", change);
    return () => media.removeEventListener("change", change);
  }, []);
  return narrow;
}
