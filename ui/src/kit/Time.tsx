import { useSyncExternalStore } from "react";
import { useLanguage } from "../i18n";
import { absolute, ago } from "../lib/format";
import { preferences } from "../lib/preferences";
import { useStore } from "../lib/store";

/** One clock for all relative times on the page. */
let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const one of [...listeners]) one();
  }, 5000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The time, renewed every 5 s. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** When, as on the page of one thing: the absolute time below the relative one. */
export function Stamp({ at, future }: { at: string; future?: boolean }) {
  const { zone } = useStore(preferences);
  return (
    <>
      <Time at={at} future={future} />
      <span className="small" style={{ display: "block" }}>
        {absolute(Date.parse(at), zone)}
      </span>
    </>
  );
}

/** When: relative, with the absolute time on hover. What has happened is never in the future, whatever the clocks say. */
export function Time({ at, future }: { at: string; future?: boolean }) {
  const language = useLanguage();
  const { zone } = useStore(preferences);
  const ticking = useNow();
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={absolute(ms, zone)}>
      {ago(future ? ms : Math.min(ms, ticking), ticking, language)}
    </time>
  );
}
