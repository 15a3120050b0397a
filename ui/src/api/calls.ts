import { noteLost } from "./connection";
import { scopeHeaders, send, type Schemas } from "./client";
import { Problem, type ProblemBody, Unreachable } from "./problem";
import { events, fromBase64 } from "./sse";

export type StreamDone = Schemas["StreamDone"];

export interface StreamWatcher {
  onText(text: string, bytes: number): void;
}

/** Calls a function and passes on its output as it comes; ends with what the server says at the end. */
export async function callStreaming(
  name: string,
  event: string,
  qualifier: string | undefined,
  watcher: StreamWatcher,
  signal: AbortSignal,
): Promise<StreamDone> {
  const query = qualifier ? `?qualifier=${encodeURIComponent(qualifier)}` : "";
  const response = await send(`/functions/${encodeURIComponent(name)}/invoke-stream${query}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...scopeHeaders() },
    body: event,
    signal,
  });
  if (!response.ok) throw await Problem.of(response);
  // A character may be cut between two chunks.
  const decoder = new TextDecoder();
  for await (const one of events(response)) {
    if (one.event === "done") {
      const rest = decoder.decode();
      if (rest) watcher.onText(rest, 0);
      return JSON.parse(one.data) as StreamDone;
    }
    if (one.event === "error") {
      const body = JSON.parse(one.data) as ProblemBody;
      throw new Problem(body.status, body, body.request_id ?? "");
    }
    const bytes = fromBase64(one.data);
    watcher.onText(decoder.decode(bytes, { stream: true }), bytes.length);
  }
  signal.throwIfAborted();
  noteLost();
  throw new Unreachable(new Error("the stream ended in the middle"));
}
