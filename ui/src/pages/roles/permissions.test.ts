import { expect, it } from "vitest";
import { groupsOf, inShort } from "./permissions";

it("says permissions in short", () => expect(inShort(["log:read", "function:read", "function:invoke"])).toBe("function: read, invoke; log: read"));

it("shows a permission that only a newer server knows", () => {
  expect(groupsOf(["function:fly"])[0]?.permissions).toContain("function:fly");
  expect(groupsOf(["moon:land"]).at(-1)).toEqual({ noun: "moon", permissions: ["moon:land"] });
});
