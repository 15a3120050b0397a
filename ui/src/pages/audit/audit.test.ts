import { expect, it } from "vitest";
import { differences, pageOf } from "./audit";

it("shows values at the paths that changed, and that hidden ones changed", () => {
  const entry = { changed: ["memory_mb", "env_vars.TOKEN", "tags.team"], before: { memory_mb: 128, tags: {} }, after: { memory_mb: 256, tags: { team: "a" } } };
  expect(differences(entry)).toEqual([
    { path: "memory_mb", before: 128, after: 256 },
    { path: "env_vars.TOKEN", before: undefined, after: undefined },
    { path: "tags.team", before: undefined, after: "a" },
  ]);
  expect(differences({ changed: ["a"], before: null, after: { a: 1 } })).toEqual([{ path: "a", before: undefined, after: 1 }]);
});

it("leads to the page of what was changed", () => {
  expect(pageOf({ resource: { kind: "function", name: "a b" } })).toBe("/functions/a%20b");
  expect(pageOf({ resource: { kind: "session", name: "x" } })).toBeUndefined();
});
