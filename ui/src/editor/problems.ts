import type { CodeProblem } from "./Editor";

export interface FileProblem extends CodeProblem {
  path: string;
}

/** Places in user code that compilers and stack traces name. */
const PLACES: RegExp[] = [
  // Python: File "/code/main.py", line 3, in handler
  /File "(?:\/code\/)?(?<path>[^"]+)", line (?<line>\d+)/g,
  // rustc:  --> src/main.rs:4:13
  /--> (?:\/\S*?\/(?=src\/))?(?<path>[\w./-]+\.rs):(?<line>\d+):(?<column>\d+)/g,
  // Go: ./main.go:5:2: undefined: x; also stack traces of Node.js and Ruby: /code/main.js:3:9
  /(?:^|[\s("'`])(?:file:\/\/)?(?:\/code\/|\.\/)?(?<path>[\w./-]+\.(?:go|js|mjs|cjs|rb|py)):(?<line>\d+)(?::(?<column>\d+))?/gm,
];

/** What `text` says about lines of the files `paths`, each place once, with `message`. */
export function problemsIn(text: string, paths: string[], message: (place: string) => string): FileProblem[] {
  const found = new Map<string, FileProblem>();
  for (const pattern of PLACES) {
    for (const match of text.matchAll(pattern)) {
      const { path: named = "", line = "0", column } = match.groups ?? {};
      const path = paths.find((one) => one === named) ?? (named.startsWith("/") ? undefined : paths.find((one) => named.endsWith(`/${one}`)));
      if (!path) continue;
      const key = `${path}:${line}`;
      if (!found.has(key)) {
        found.set(key, { path, line: Number(line), column: column ? Number(column) : undefined, message: message(lineAt(text, match.index)) });
      }
    }
  }
  return [...found.values()];
}

/** The line of `text` at `index`, and for a bare place the line before, which says what it is. */
function lineAt(text: string, index: number): string {
  const begin = text.lastIndexOf("\n", text[index] === "\n" ? index : index - 1) + 1;
  const from = text[index] === "\n" ? index + 1 : begin;
  const end = text.indexOf("\n", from);
  const line = text.slice(from, end < 0 ? undefined : end).trim();
  if (!line.startsWith("-->")) return line;
  const before = text.slice(0, Math.max(0, from - 1));
  return before.slice(before.lastIndexOf("\n") + 1).trim() || line;
}
