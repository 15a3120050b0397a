import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fill } from ".";
import { en, type Key } from "./en";
import { zh } from "./zh";

const keys = Object.keys(en) as Key[];
const names = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]))].sort();

describe("catalogues", () => {
  it("have the same texts, none of them empty", () => {
    expect(Object.keys(zh).sort()).toEqual([...keys].sort());
    for (const key of keys) expect(zh[key].trim(), key).not.toBe("");
  });

  it("fill in the same values", () => {
    for (const key of keys) {
      // A count may be left out where it is one, or where a language says it otherwise.
      const without = (text: string) => names(text).filter((name) => name !== "n");
      expect(without(zh[key]), key).toEqual(without(en[key]));
    }
  });

  it("have no text that is the other language's", () => {
    const same = keys.filter((key) => zh[key] === en[key]);
    expect(same).toEqual(["config.cpu"]);
  });
});

it("chooses by number and fills in", () => {
  expect(fill("{n} run|{n} runs", "en", { n: 1 })).toBe("1 run");
  expect(fill("{n} run|{n} runs", "en", { n: 0 })).toBe("0 runs");
  expect(fill("{n} 次", "zh", { n: 1 })).toBe("1 次");
  expect(fill("{a} {b}", "en", { a: 1 })).toBe("1 {b}");
});

function* sources(folder: string, ending = /\.tsx$/): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path, ending);
    else if (ending.test(path)) yield path;
  }
}

it("hold every text: none is written into a component", () => {
  const allowed = new Set(["Nova", "English", "keeper", "stdout", "stderr", "JSON", "NAME", "api.example.com:443", "api-*", "role:operator"]);
  const found: string[] = [];
  for (const path of sources(join(import.meta.dirname, ".."))) {
    const text = readFileSync(path, "utf8");
    for (const match of text.matchAll(/(?:<[\w.]+(?:\s[^<>]*)?>|^\s*)([A-Z][a-z]+(?: [a-z]+)+[.!?]?)(?:<\/|\s*$)/gm)) found.push(`${path}: ${match[1]}`);
    for (const match of text.matchAll(/(?:aria-label|title|placeholder|label|alt)="([^"]*[A-Za-z]{2}[^"]*)"/g)) {
      if (!allowed.has(match[1] ?? "") && !keys.includes(match[1] as Key) && !/^(hello|Ctrl |Meta)/.test(match[1] ?? "")) found.push(`${path}: ${match[1]}`);
    }
  }
  expect(found).toEqual([]);
});

it("have no texts that nothing shows", () => {
  const everything = [...sources(join(import.meta.dirname, ".."), /(?<!\.test)\.tsx?$/)]
    .filter((path) => !/i18n.(en|zh)\.ts$/.test(path))
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");
  const built = /^(state|source|range|scope|tab|template|member|role|web|callers)\./;
  const unused = keys.filter((key) => !built.test(key) && !everything.includes(`"${key}"`));
  expect(unused).toEqual([]);
});
