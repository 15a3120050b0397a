import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDownToLine, Download, WrapText } from "lucide-react";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import type { LogLine } from "../../api/follow";
import { useT } from "../../i18n";
import { Button } from "../../kit/Button";
import { Search, Select } from "../../kit/Field";
import { Marked } from "../../kit/JsonView";
import { clock, shortId } from "../../lib/format";
import { preferences } from "../../lib/preferences";
import { useStore } from "../../lib/store";

interface Props {
  lines: LogLine[];
  /** Of the file that is downloaded. */
  name: string;
  empty: string;
  /** Lines come at the end: the view stays there until one scrolls up. */
  live?: boolean;
  tools?: ReactNode;
  note?: ReactNode;
  more?: boolean;
  onMore?: () => void;
  runs?: boolean;
  needle?: string;
  onNeedle?: (needle: string) => void;
  stream?: string;
  onStream?: (stream: string) => void;
  /** Told when one scrolls up, and when the view is at the end again. */
  onHeld?: (held: boolean) => void;
}

/** Log lines, any number: search, which stream, wrap, download. */
export function LogView(props: Props) {
  const { lines, name, empty, live, tools, note, more, onMore, runs, onHeld } = props;
  const t = useT();
  const { zone } = useStore(preferences);
  const [ownNeedle, setOwnNeedle] = useState("");
  const [ownStream, setOwnStream] = useState("");
  const [wrap, setWrap] = useState(false);
  const needle = props.needle ?? ownNeedle;
  const stream = props.stream ?? ownStream;
  const [held, setHeld] = useState(false);
  const scroller = useRef<HTMLDivElement>(null);
  const seen = useRef({ scrollHeight: 0, scrollTop: 0 });
  const low = needle.toLowerCase();
  const shown = useMemo(() => lines.filter((line) => (!stream || line.stream === stream) && (!low || line.text.toLowerCase().includes(low))), [lines, low, stream]);
  const virtual = useVirtualizer({ count: shown.length, getScrollElement: () => scroller.current, estimateSize: () => 20, overscan: 30, getItemKey: (index) => shown[index]?.cursor ?? index });
  useEffect(() => virtual.measure(), [wrap, virtual]);
  useEffect(() => {
    if (live && !held && shown.length > 0) virtual.scrollToIndex(shown.length - 1, { align: "end" });
  }, [live, held, shown.length, virtual]);
  const hold = (next: boolean) => {
    if (next === held) return;
    setHeld(next);
    onHeld?.(next);
  };
  const download = () => {
    const text = shown.map((line) => `${line.at} ${line.stream} ${line.request_id} ${line.text}`).join("\n");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/plain" }));
    link.download = `${name}.log`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (more && last >= shown.length - 30) onMore?.();
  }, [last, shown.length, more, onMore]);
  return (
    <>
      <div className="tools">
        <Search value={needle} onChange={props.onNeedle ?? setOwnNeedle} label={t("logs.search")} />
        <Select
          label={t("logs.stream")}
          value={stream}
          options={[
            ["", t("logs.all_streams")],
            ["stdout", "stdout"],
            ["stderr", "stderr"],
            ["platform", t("logs.platform")],
          ]}
          onChange={props.onStream ?? setOwnStream}
        />
        <Button aria-pressed={wrap} onClick={() => setWrap(!wrap)}>
          <WrapText size={14} aria-hidden />
          {t("logs.wrap")}
        </Button>
        <Button onClick={download} disabled={shown.length === 0}>
          <Download size={14} aria-hidden />
          {t("logs.download")}
        </Button>
        {tools}
      </div>
      <div className="logs" data-wrap={wrap ? "" : undefined}>
        <div
          className="logs-scroll"
          ref={scroller}
          tabIndex={0}
          role="log"
          aria-label={t("tab.logs")}
          aria-live="off"
          onScroll={(event) => {
            if (!live) return;
            const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
            const before = seen.current;
            seen.current = { scrollHeight, scrollTop };
            if (scrollHeight - scrollTop - clientHeight <= 60) hold(false);
            // Only a person scrolls up; lines that come or go move the view too.
            else if (scrollTop < before.scrollTop && scrollHeight === before.scrollHeight) hold(true);
          }}
        >
          {shown.length === 0 ? (
            <p className="muted" style={{ padding: 16, fontFamily: "var(--font)" }}>
              {lines.length > 0 ? t("logs.none") : empty}
            </p>
          ) : null}
          <div style={{ position: "relative", height: virtual.getTotalSize() }}>
            {items.map((item) => {
              const line = shown[item.index] as LogLine;
              return (
                <div key={item.key} ref={virtual.measureElement} data-index={item.index} className="log-line" data-stream={line.stream} style={{ position: "absolute", top: 0, left: 0, right: 0, transform: `translateY(${item.start}px)` }}>
                  <time className="when" dateTime={line.at} title={line.at}>
                    {clock(Date.parse(line.at), zone, true)}
                  </time>
                  <span className="what">{line.stream}</span>
                  <span className="text" title={wrap ? undefined : line.text}>
                    <Marked text={line.text} needle={low} />
                  </span>
                  {runs ? (
                    <Link className="run" to="/runs/$id" params={{ id: line.request_id }} title={line.request_id}>
                      {shortId(line.request_id)}
                    </Link>
                  ) : null}
                </div>
              );
            })}
          </div>
        </div>
        <div className="logs-foot">
          {note}
          <span>{t("logs.count", { n: shown.length })}</span>
          {live && held ? (
            <Button
              size="small"
              kind="primary"
              style={{ marginLeft: "auto" }}
              onClick={() => {
                hold(false);
                virtual.scrollToIndex(shown.length - 1, { align: "end" });
              }}
            >
              <ArrowDownToLine size={13} aria-hidden />
              {t("logs.to_end")}
            </Button>
          ) : null}
        </div>
      </div>
    </>
  );
}
