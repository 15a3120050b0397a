import { expect, it } from "vitest";
import { refusedIn, RULE } from "./refused";

const line = (text: string, at: string, stream = "platform") => ({ text, at, stream, request_id: `run-${at}`, cursor: at }) as never;

it("reads refused attempts out of the log, each target once, the newest first", () => {
  const found = refusedIn([
    line("network refused api.example.com: this function has no network; allow it with: nova fn update hello --allow-network api.example.com:443", "1"),
    line("network refused 10.0.0.5:5432: it is a private address", "2"),
    line("network refused api.example.com: no rule names it; allow it with: nova fn update hello --allow-network api.example.com:443", "3"),
    line("network refused evil: printed by the function itself; allow it with: x --allow-network evil", "4", "stdout"),
  ]);
  expect(found).toEqual([
    { what: "api.example.com", why: "no rule names it", rule: "api.example.com:443", times: 2, last: "3", run: "run-3" },
    { what: "10.0.0.5:5432", why: "it is a private address", rule: undefined, times: 1, last: "2", run: "run-2" },
  ]);
});

it("knows rules", () => {
  for (const good of ["api.example.com", "*.example.com:443,8443", "*", "10.0.0.5:5432", "10.0.0.0/8", "[2001:db8::1]:443"]) expect(RULE.test(good), good).toBe(true);
  for (const bad of ["", "https://a", "a b", "a:", "a:x", "-a"]) expect(RULE.test(bad), bad).toBe(false);
});
