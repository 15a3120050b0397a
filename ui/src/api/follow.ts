import { noteAnswer, pause } from "./connection";
import { scopeHeaders, type Schemas } from "./client";
import { Problem } from "./problem";
import { noteStatus } from "./session";
import { events } from "./sse";

export type LogLine = Schemas["LogLineView"];

export type FollowState =
  | { kind: "connecting" }
  | { kind: "live" }
  | { kind: "lost"; nextAt: number }
  | { kind: "refused"; problem: Problem };

/** Follows a function's log until `signal` fires; a cut connection is mended where it broke. */
export async function followLogs(
  name: string,
  tail: number,
  watcher: { onLines(lines: LogLine[]): void; onState(state: FollowState): void },
  signal: AbortSignal,
): Promise<void> {
  let last: string | undefined;
  let tries = 0;
  while (!signal.aborted) {
    watcher.onState({ kind: "connecting" });
    try {
      const response = await fetch(`/functions/${encodeURIComponent(name)}/logs?follow=true&tail=${tail}`, {
        headers: { accept: "text/event-stream", ...scopeHeaders(), ...(last ? { "Last-Event-ID": last } : {}) },
        signal,
      });
      noteStatus(response);
      if (!response.ok) throw await Problem.of(response);
      noteAnswer();
      watcher.onState({ kind: "live" });
      tries = 0;
      // Lines that come at once are shown at once, not one by one.
      let waiting: LogLine[] = [];
      let timer: ReturnType<typeof setTimeout> | undefined;
      const hand = () => {
        timer = undefined;
        const lines = waiting;
        waiting = [];
        watcher.onLines(lines);
      };
      for await (const one of events(response)) {
        if (one.event === "error") break;
        const line = JSON.parse(one.data) as LogLine;
        last = line.cursor;
        waiting.push(line);
        timer ??= setTimeout(hand, 50);
      }
      if (waiting.length > 0) {
        clearTimeout(timer);
        hand();
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

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
