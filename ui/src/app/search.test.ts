import { expect, it } from "vitest";
import { parseSearch, pick, stringifySearch } from "./search";

it("reads and writes plain text, numbers included", () => {
  expect(stringifySearch({ function: "42", since: undefined, error: "a b&c", q: "" })).toBe("?function=42&error=a+b%26c");
  expect(parseSearch("?function=42&error=a+b%26c")).toEqual({ function: "42", error: "a b&c" });
  expect(stringifySearch({})).toBe("");
});

it("keeps only what a page knows", () => expect(pick("a", "b")({ a: "1", c: "2", b: 3 })).toEqual({ a: "1" }));
