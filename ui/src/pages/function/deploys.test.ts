import { expect, it } from "vitest";
import { deploysIn, versionsMade } from "./deploys";

const actor = { kind: "user", id: "u", name: "ada@example.com", credential: null };
const entry = (at: string, before: object | null, after: object | null, rest = {}) => ({ at, namespace: "default", outcome: "done", before, after, actor, resource: { kind: "function", name: "shop" }, ...rest });

it("finds where another version was made active, going back included", () => {
  const found = deploysIn(
    [
      entry("2026-01-01T10:04:00Z", { active_version: 3 }, { active_version: 2 }),
      entry("2026-01-01T10:03:00Z", { active_version: 3, description: "a" }, { active_version: 3, description: "b" }),
      entry("2026-01-01T10:02:00Z", { active_version: 1 }, { active_version: 3 }),
      entry("2026-01-01T10:01:00Z", null, { active_version: 1 }),
      entry("2026-01-01T10:00:00Z", { active_version: 9 }, null),
    ],
    "default",
  );
  expect(found.map((one) => [one.function, one.version, one.before])).toEqual([
    ["shop", 1, null],
    ["shop", 3, 1],
    ["shop", 2, 3],
  ]);
  expect(found[0]?.entry?.actor.name).toBe("ada@example.com");
});

it("leaves out what was refused, and functions of the same name elsewhere", () => {
  const change = [{ active_version: 1 }, { active_version: 2 }] as const;
  expect(deploysIn([entry("2026-01-01T10:00:00Z", ...change, { outcome: "refused" }), entry("2026-01-01T10:00:00Z", ...change, { namespace: "staging" })], "default")).toEqual([]);
});

it("falls back to when versions were made, within the range", () => {
  const version = (number: number, created_at: string, compile_status: "success" | "failed" = "success") => ({ function: "shop", version: number, created_at, compile_status });
  const found = versionsMade([version(3, "2026-01-01T10:30:00Z"), version(2, "2026-01-01T10:20:00Z", "failed"), version(1, "2026-01-01T09:00:00Z")], Date.parse("2026-01-01T10:00:00Z"), Date.parse("2026-01-01T11:00:00Z"));
  expect(found.map((one) => one.version)).toEqual([3]);
});
