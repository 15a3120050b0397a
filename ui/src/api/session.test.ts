import { beforeEach, describe, expect, it } from "vitest";
import { noteStatus, signedOut, wayBack } from "./session";

describe("the way back after signing in", () => {
  it.each([
    ["/functions/a/logs?q=x", "/functions/a/logs?q=x"],
    [undefined, "/"],
    ["https://evil.example/", "/"],
    ["//evil.example/", "/"],
    ["/\\evil.example", "/"],
    ["javascript:alert(1)", "/"],
    ["/sign-in?to=/runs", "/"],
  ])("%s leads to %s", (to, path) => expect(wayBack(to)).toBe(path));
});

describe("an answer 401", () => {
  const answer = (path: string, status: number) => ({ url: `http://nova.example${path}`, status }) as Response;
  beforeEach(() => signedOut.set(false));
  it("ends the session", () => {
    noteStatus(answer("/functions?limit=1", 200));
    expect(signedOut.get()).toBe(false);
    noteStatus(answer("/functions?limit=1", 401));
    expect(signedOut.get()).toBe(true);
  });
  it("to a wrong password does not", () => {
    noteStatus(answer("/auth/sign-in", 401));
    noteStatus(answer("/auth/password", 401));
    expect(signedOut.get()).toBe(false);
  });
});
