import { expect, it } from "vitest";
import { newOnes, withNew, type Row } from "./live";

const row = (id: string, at: string) => ({ id, started_at: at }) as Row;

it("tells what is new above a list, and never what is below it", () => {
  const shown = [row("b", "2"), row("a", "1")];
  expect(newOnes(shown, [row("c", "3"), row("b", "2")]).map((one) => one.id)).toEqual(["c"]);
  expect(newOnes(shown, [row("b", "2"), row("old", "0")]).map((one) => one.id)).toEqual([]);
  expect(newOnes([], [row("a", "1")]).map((one) => one.id)).toEqual(["a"]);
});

it("puts new ones on top of the first page", () => {
  const pages = { pageParams: [undefined], pages: [{ items: [row("a", "1")], next_cursor: "x" }] };
  expect(withNew(pages, [row("b", "2")]).pages[0]?.items.map((one) => one.id)).toEqual(["b", "a"]);
});
