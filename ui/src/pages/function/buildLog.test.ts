import { expect, it } from "vitest";
import { NO_LOG, withEvents } from "./buildLog";

const line = (id: string, text: string) => ({ event: "message", id, data: JSON.stringify({ at: "2026-01-01T00:00:00Z", text }) });

it("adds lines, counts those that are gone, and ends with what is stored", () => {
  const log = withEvents(NO_LOG, [{ event: "missed", id: "7-3", data: '{"lines":3}' }, line("7-4", "d")]);
  expect(log).toEqual({ build: "7", lines: ["d"], missed: 3, ended: null });
  const more = withEvents(log, [line("7-5", "e"), { event: "done", id: "7-5", data: '{"compile_status":"success","output":"d\\ne"}' }]);
  expect(more.lines).toEqual(["d", "e"]);
  expect(more.ended).toEqual({ compile_status: "success", output: "d\ne" });
});

it("begins anew with a build that was taken up again", () => {
  const log = withEvents(NO_LOG, [line("7-1", "first try")]);
  expect(withEvents(log, [line("9-1", "second try")])).toEqual({ build: "9", lines: ["second try"], missed: 0, ended: null });
});

it("keeps so many lines and says that there were more", () => {
  const log = withEvents(NO_LOG, Array.from({ length: 10_002 }, (_, index) => line(`7-${index + 1}`, `line ${index}`)));
  expect([log.lines.length, log.missed, log.lines[0]]).toEqual([10_000, 2, "line 2"]);
});
