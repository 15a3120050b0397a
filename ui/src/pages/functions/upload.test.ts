import { expect, it } from "vitest";
import { guess, isArchive } from "./upload";

it("guesses runtime and entry by names", () => {
  expect(guess(["util.py", "main.py"])).toEqual({ entry: "main.py", runtime: "python" });
  expect(guess(["index.mjs", "package.json"])).toEqual({ entry: "index.mjs", runtime: "node" });
  expect(guess(["a.rb", "b.rb"])).toEqual({ entry: undefined, runtime: undefined });
  expect(guess(["only.go", "go.mod"])).toEqual({ entry: "only.go", runtime: "go" });
});

it("knows archives", () => expect(["a.zip", "a.tar.gz", "a.TGZ", "a.py"].map(isArchive)).toEqual([true, true, true, false]));
