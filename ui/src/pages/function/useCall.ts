import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { api, data, type Schemas } from "../../api/client";
import { callStreaming } from "../../api/calls";

export interface CallState {
  running: boolean;
  startedAt: number;
  /** What was streamed so far. */
  text: string;
  bytes: number;
  chunks: number;
  streamed: boolean;
  answer: Schemas["InvokeAnswer"] | Schemas["StreamDone"] | null;
  /** The event was queued as this. */
  job: Schemas["JobView"] | null;
  error: unknown;
  cancelled: boolean;
  endedAt: number;
}

const NONE: CallState = { running: false, startedAt: 0, text: "", bytes: 0, chunks: 0, streamed: false, answer: null, job: null, error: null, cancelled: false, endedAt: 0 };
/** More text than that is not shown whole. */
const SHOWN_MAX = 512 * 1024;

/** One call or order at a time, with its output as it comes. */
export function useCall(name: string, onDone: (answer: NonNullable<CallState["answer"]>) => void) {
  const queries = useQueryClient();
  const [state, setState] = useState<CallState>(NONE);
  const abort = useRef<AbortController | null>(null);
  const done = useRef(onDone);
  done.current = onDone;

  const call = useCallback(
    async (event: string, stream: boolean, qualifier?: string) => {
      if (abort.current) return;
      const controller = new AbortController();
      abort.current = controller;
      setState({ ...NONE, running: true, startedAt: Date.now(), streamed: stream });
      // Chunks may come faster than the screen is drawn.
      let waiting = "";
      let bytes = 0;
      let chunks = 0;
      let frame = 0;
      const show = () => {
        frame = 0;
        const more = waiting;
        waiting = "";
        setState((now) => ({ ...now, text: (now.text + more).slice(-SHOWN_MAX), bytes, chunks }));
      };
      try {
        const onText = (text: string, size: number) => {
          waiting += text;
          bytes += size;
          chunks += size > 0 ? 1 : 0;
          frame ||= requestAnimationFrame(show);
        };
        const answer = stream
          ? await callStreaming(name, event, qualifier, { onText }, controller.signal)
          : await data(
              api.POST("/functions/{name}/invoke", {
                params: { path: { name }, query: { qualifier } },
                body: event as unknown as Record<string, never>,
                // The event goes as it was written: numbers keep their digits.
                bodySerializer: (body: unknown) => String(body),
                headers: { "content-type": "application/json" },
                signal: controller.signal,
              }),
            );
        cancelAnimationFrame(frame);
        show();
        setState((now) => ({ ...now, running: false, answer, endedAt: Date.now() }));
        done.current(answer);
      } catch (error) {
        cancelAnimationFrame(frame);
        show();
        setState((now) => ({ ...now, running: false, cancelled: controller.signal.aborted, error: controller.signal.aborted ? null : error, endedAt: Date.now() }));
      } finally {
        abort.current = null;
        void queries.invalidateQueries({ queryKey: ["runs"] });
        void queries.invalidateQueries({ queryKey: ["stats"] });
      }
    },
    [name, queries],
  );
  const queue = useCallback(
    async (event: string, qualifier?: string) => {
      if (abort.current) return;
      const controller = new AbortController();
      abort.current = controller;
      const began = { ...NONE, startedAt: Date.now() };
      try {
        const job = await data(
          api.POST("/functions/{name}/invoke-async", {
            params: { path: { name }, query: { qualifier } },
            body: {},
            bodySerializer: () => `{"payload":${event}}`,
            headers: { "content-type": "application/json" },
            signal: controller.signal,
          }),
        );
        setState({ ...began, job });
        void queries.invalidateQueries({ queryKey: ["jobs"] });
      } catch (error) {
        setState({ ...began, error });
      } finally {
        abort.current = null;
      }
    },
    [name, queries],
  );
  const cancel = useCallback(() => abort.current?.abort(), []);
  return { state, call, queue, cancel };
}
