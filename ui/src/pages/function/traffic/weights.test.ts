import { expect, it } from "vitest";
import { bodyOf, othersOf, restOf, sharesOf, stepsOf } from "./weights";

it("splits weights into the main version and others, and back", () => {
  expect(othersOf({ version: 3, weights: [{ version: 2, weight: 10 }, { version: 3, weight: 90 }] })).toEqual({ 2: "10" });
  expect(restOf({ 2: "10", 4: "5" })).toBe(85);
  expect(restOf({ 2: "101" })).toBe(-1);
  expect(restOf({ 2: "x" })).toBeNaN();
  expect(bodyOf({ 2: "10", 4: "0" })).toEqual({ 2: 10 });
});

it("reads the steps of a rollout", () => {
  expect(stepsOf("5, 25 100")).toEqual([5, 25, 100]);
  expect(["", "5, 50", "50, 25, 100", "0, 100", "5.5, 100", "x"].map(stepsOf)).toEqual([null, null, null, null, null, null]);
});

it("tells which aliases lead to a version", () => {
  const aliases = [{ name: "live", weights: [{ version: 1, weight: 80 }, { version: 2, weight: 20 }] }, { name: "old", weights: [{ version: 1, weight: 100 }, { version: 2, weight: 0 }] }];
  expect(sharesOf(aliases, 2)).toEqual([{ alias: "live", weight: 20 }]);
  expect(sharesOf(aliases, 3)).toEqual([]);
});
