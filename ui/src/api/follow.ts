import { noteAnswer, noteLost, onRecovered, pause } from "./connection";
import { scopeHeaders, type Schemas } from "./client";
import { Problem } from "./problem";
import { noteStatus } from "./session";
import { events, type ServerEvent } from "./sse";

export type LogLine = Schemas["LogLineView"];

export type FollowState =
  | { kind: "connecting" }
  | { kind: "live" }
  | { kind: "lost"; nextAt: number }
  | { kind: "refused"; problem: Problem }
  | { kind: "ended" };

export interface Watcher {
  /** What came together. */
  onEvents(events: ServerEvent[]): void;
  onState(state: FollowState): void;
}

/**
 * Follows events of the server until the last one or until `signal` fires; a cut connection is
 * mended where it broke. An event `error` ends the connection, not the whole.
 */
export async function follow(path: string, watcher: Watcher, signal: AbortSignal, isLast: (event: ServerEvent) => boolean = () => false): Promise<void> {
  let last: string | undefined;
  let tries = 0;
  while (!signal.aborted) {
    watcher.onState({ kind: "connecting" });
    try {
      const response = await ask(path, last, signal);
      watcher.onState({ kind: "live" });
      tries = 0;
      const together = gather(watcher);
      try {
        for await (const one of events(response)) {
          if (one.event === "error") break;
          last = one.id ?? last;
          together.add(one);
          if (!isLast(one)) continue;
          together.hand();
          watcher.onState({ kind: "ended" });
          return;
        }
      } finally {
        if (!signal.aborted) together.hand();
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.status < 500) {
        watcher.onState({ kind: "refused", problem: error });
        return;
      }
    }
    if (signal.aborted) return;
    const wait = pause(tries);
    tries += 1;
    watcher.onState({ kind: "lost", nextAt: Date.now() + wait });
    await sleep(wait, signal);
  }
}

async function ask(path: string, last: string | undefined, signal: AbortSignal): Promise<Response> {
  const response = await fetch(path, {
    headers: { accept: "text/event-stream", ...scopeHeaders(), ...(last ? { "Last-Event-ID": last } : {}) },
    signal,
  }).catch((error: unknown) => {
    if (!signal.aborted) noteLost();
    throw error;
  });
  noteStatus(response);
  if (!response.ok) throw await Problem.of(response);
  noteAnswer();
  return response;
}

/** Events that come at once are shown at once, not one by one. */
function gather(watcher: Watcher) {
  let waiting: ServerEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hand = () => {
    clearTimeout(timer);
    timer = undefined;
    const now = waiting;
    waiting = [];
    if (now.length > 0) watcher.onEvents(now);
  };
  return {
    hand,
    add(event: ServerEvent) {
      waiting.push(event);
      timer ??= setTimeout(hand, 50);
    },
  };
}

/** Until then, or until the server is known to answer again. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    const off = onRecovered(done);
    function done() {
      clearTimeout(timer);
      off();
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
