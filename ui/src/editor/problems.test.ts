import { expect, it } from "vitest";
import { problemsIn } from "./problems";

const places = (text: string, paths: string[]) => problemsIn(text, paths, (line) => line).map((one) => [one.path, one.line, one.column, one.message]);

it("finds lines of Python's stack", () => {
  expect(places('File "/code/main.py", line 3, in handler', ["main.py"])).toEqual([["main.py", 3, undefined, 'File "/code/main.py", line 3, in handler']]);
});

it("finds what Go's compiler says, once a line", () => {
  const text = "# hello\n./main.go:5:2: undefined: x\n./main.go:5:9: undefined: y\n./other.go:1:1: no";
  expect(places(text, ["main.go"])).toEqual([["main.go", 5, 2, "./main.go:5:2: undefined: x"]]);
});

it("finds what rustc says, with the sentence above the place", () => {
  const text = "error[E0425]: cannot find value `x`\n --> main.rs:4:13\n  |";
  expect(places(text, ["main.rs"])).toEqual([["main.rs", 4, 13, "error[E0425]: cannot find value `x`"]]);
});

it("finds stacks of Node.js and Ruby, and no files that are not ours", () => {
  const node = "at exports.handler (/code/main.js:2:9)\nat node:internal/x.js:1:1\nat /usr/lib/main.js:9:9";
  expect(places(node, ["main.js", "lib/a.rb"]).map((one) => one.slice(0, 3))).toEqual([["main.js", 2, 9]]);
  expect(places("/code/lib/a.rb:7:in `handler'", ["main.js", "lib/a.rb"]).map((one) => one.slice(0, 2))).toEqual([["lib/a.rb", 7]]);
});
