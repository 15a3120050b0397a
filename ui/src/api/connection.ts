import { createStore } from "../lib/store";

/** Whether the server answers. */
export interface Connection {
  /** Since when it does not; null while it does. */
  lostAt: number | null;
  /** When the next try is made. */
  nextAt: number;
}

export const connection = createStore<Connection>({ lostAt: null, nextAt: 0 });

const recovered = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;
let tries = 0;

/** Calls `listener` when the server answers again. */
export function onRecovered(listener: () => void): () => void {
  recovered.add(listener);
  return () => recovered.delete(listener);
}

/** Waits before try number `tries`: 1, 2, 4, 8, then 15 s. */
export function pause(tries: number): number {
  return Math.min(15_000, 1000 * 2 ** tries);
}

/** A request got no answer. */
export function noteLost(): void {
  if (connection.get().lostAt === null) {
    tries = 0;
    connection.set({ lostAt: Date.now(), nextAt: 0 });
    plan();
  }
}

/** A request got an answer, whatever it says. */
export function noteAnswer(): void {
  if (connection.get().lostAt === null) return;
  clearTimeout(timer);
  connection.set({ lostAt: null, nextAt: 0 });
  for (const listener of [...recovered]) listener();
}

function plan(): void {
  const wait = pause(tries);
  tries += 1;
  connection.set((now) => ({ ...now, nextAt: Date.now() + wait }));
  clearTimeout(timer);
  timer = setTimeout(() => void tryNow(), wait);
}

export async function tryNow(): Promise<void> {
  clearTimeout(timer);
  try {
    const response = await fetch("/health/live", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    // A proxy in front of a server that is gone answers too.
    if (response.status === 502 || response.status === 504) throw new Error("gateway");
    noteAnswer();
  } catch {
    if (connection.get().lostAt !== null) plan();
  }
}
