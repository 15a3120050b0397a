import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { connection } from "./connection";
import { follow, type FollowState } from "./follow";
import type { ServerEvent } from "./sse";

/** An answer of these events, after which the connection is cut. */
const answer = (text: string) => new Response(text, { headers: { "content-type": "text/event-stream" } });

function watch() {
  const events: ServerEvent[] = [];
  const states: FollowState["kind"][] = [];
  return { events, states, onEvents: (more: ServerEvent[]) => events.push(...more), onState: (state: FollowState) => states.push(state.kind) };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("goes on after the event that was seen last, until the last of all", async () => {
  const fetched = vi
    .fn()
    .mockResolvedValueOnce(answer("id: 7-1\ndata: a\n\nid: 7-2\ndata: b\n\n"))
    .mockResolvedValueOnce(answer("id: 7-3\ndata: c\n\nevent: done\ndata: {}\n\n"));
  vi.stubGlobal("fetch", fetched);
  const watcher = watch();
  const ended = follow("/log", watcher, new AbortController().signal, (event) => event.event === "done");
  await vi.advanceTimersByTimeAsync(1000);
  await ended;
  expect(watcher.events.map((event) => event.data)).toEqual(["a", "b", "c", "{}"]);
  expect(watcher.states).toEqual(["connecting", "live", "lost", "connecting", "live", "ended"]);
  expect(fetched.mock.calls.map(([, init]) => init.headers["Last-Event-ID"])).toEqual([undefined, "7-2"]);
});

it("tells everybody that the server is gone, and tries at once when it is back", async () => {
  const fetched = vi
    .fn()
    .mockRejectedValueOnce(new TypeError("no connection"))
    .mockResolvedValueOnce(new Response("ok"))
    .mockResolvedValueOnce(answer("event: done\ndata: {}\n\n"));
  vi.stubGlobal("fetch", fetched);
  const watcher = watch();
  const ended = follow("/log", watcher, new AbortController().signal, (event) => event.event === "done");
  await vi.advanceTimersByTimeAsync(0);
  expect(connection.get().lostAt).not.toBeNull();
  await vi.advanceTimersByTimeAsync(1000);
  await ended;
  expect(connection.get().lostAt).toBeNull();
  expect(watcher.states).toEqual(["connecting", "lost", "connecting", "live", "ended"]);
});

it("does not ask again for what is refused", async () => {
  const fetched = vi.fn().mockResolvedValueOnce(Response.json({ detail: "no such version" }, { status: 404 }));
  vi.stubGlobal("fetch", fetched);
  const watcher = watch();
  await follow("/log", watcher, new AbortController().signal);
  expect(watcher.states).toEqual(["connecting", "refused"]);
  expect(fetched).toHaveBeenCalledOnce();
});
