import { expect, it } from "vitest";
import { inUnits, parseLimit, share, toBytes } from "./quota";

it("reads and shows sizes", () => {
  expect(["512", "10 MiB", "1.5GiB", "x", "-1"].map(toBytes)).toEqual([512, 10_485_760, 1_610_612_736, null, null]);
  expect(inUnits("storage_bytes", 10_485_760)).toBe("10 MiB");
  expect(inUnits("memory_mb", 2048)).toBe("2 GiB");
});

it("knows a limit, none, and what is no limit", () => {
  expect(["5", "", "five", "1.5", "9999999999999999999"].map((text) => parseLimit("functions", text))).toEqual([5, null, undefined, undefined, undefined]);
});

it("fills the bar", () => expect([share(1, 4), share(9, 4), share(0, 0)]).toEqual([25, 100, 100]));
