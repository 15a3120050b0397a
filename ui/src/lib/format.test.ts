import { describe, expect, it } from "vitest";
import { absolute, ago, bytes, count, duration, moment, percent, shortId } from "./format";

describe("durations", () => {
  it.each([
    [0, "0 ms"],
    [0.04, "0.04 ms"],
    [0.8, "0.8 ms"],
    [9.96, "10 ms"],
    [340.4, "340 ms"],
    [999.6, "1 s"],
    [2400, "2.4 s"],
    [59_960, "1 min"],
    [192_000, "3 min 12 s"],
    [7_500_000, "2 h 5 min"],
    [90_000_000, "1 d 1 h"],
    [-5, "-5 ms"],
    [Number.NaN, "–"],
  ])("%s ms is %s", (ms, text) => expect(duration(ms)).toBe(text));
});

describe("sizes and counts", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1 KiB"],
    [1536, "1.5 KiB"],
    [128 * 1024 * 1024, "128 MiB"],
  ])("%s bytes are %s", (size, text) => expect(bytes(size)).toBe(text));
  it("puts thin spaces into counts", () => expect([count(12), count(1234567)]).toEqual(["12", "1\u2009234\u2009567"]));
  it("does not round a small share to nothing", () =>
    expect([percent(0, 0), percent(0, 9), percent(1, 2000), percent(1, 8)]).toEqual(["–", "0 %", "0.05 %", "13 %"]));
});

describe("times", () => {
  const noon = Date.UTC(2026, 10, 25, 12);
  it("are relative in the language", () => {
    expect(ago(noon - 180_000, noon, "en")).toBe("3 min. ago");
    expect(ago(noon - 180_000, noon, "zh")).toBe("3分钟前");
    expect(ago(noon, noon, "en")).toBe("now");
  });
  it("are absolute with the zone", () => expect(absolute(noon, "utc")).toBe("2026-11-25 12:00:00.000 UTC"));
  it("have their date on another day", () => expect([moment(noon, "utc", noon + 60_000), moment(noon, "utc", noon + 86_400_000)]).toEqual(["12:00:00", "11-25 12:00"]));
});

it("shortens ids to their end", () => expect([shortId("short"), shortId("01991f00aaaabbbb12345678")]).toEqual(["short", "…12345678"]));
