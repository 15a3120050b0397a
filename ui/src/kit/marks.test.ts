import { expect, it } from "vitest";
import { placeMarks } from "./marks";

const frame = { left: 50, top: 0, width: 100, height: 80, from: 1000, to: 1100 };
const mark = (at: number) => ({ at, label: `v${at}`, text: "" });

it("puts marks where their time is, and leaves out those of another time", () => {
  expect(placeMarks([mark(999), mark(1000), mark(1050), mark(1101)], frame).map((one) => [one.mark.at, one.left])).toEqual([
    [1050, 100],
    [1000, 50],
  ]);
  expect(placeMarks([mark(1000)], { ...frame, to: 1000 })).toEqual([]);
});

it("labels the newest of marks that stand beside each other", () => {
  expect(placeMarks([mark(1000), mark(1040), mark(1045)], frame).map((one) => [one.mark.at, one.labelled])).toEqual([
    [1045, true],
    [1040, false],
    [1000, true],
  ]);
});
