// Beside each built file that shrinks by it, its Brotli and gzip form: the server sends them as
// they are. Then the size of what the first page loads is checked, and the build takes the place
// of the one before.
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const app = new URL("../dist/new/", import.meta.url).pathname;
const final = new URL("../dist/app", import.meta.url).pathname;
const FIRST_LOAD_MAX = 250 * 1000;

const packers = {
  br: (data) => promisify(brotliCompress)(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  gz: (data) => promisify(gzip)(data, { level: 9 }),
};

async function* files(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else yield path;
  }
}

const sizes = new Map();
for await (const path of files(app)) {
  const data = await readFile(path);
  for (const [ending, pack] of Object.entries(packers)) {
    const packed = await pack(data);
    // Not worth another file below that.
    if (packed.length < data.length * 0.9) await writeFile(`${path}.${ending}`, packed);
    if (ending === "gz") sizes.set(path.slice(app.length), Math.min(packed.length, data.length));
  }
}

// What index.html names, and what that imports without being asked: the first load.
const index = await readFile(join(app, "index.html"), "utf8");
const first = new Set();
const queue = [...index.matchAll(/(?:src|href)="\/ui\/([^"]+\.js)"/g)].map((found) => found[1]);
while (queue.length > 0) {
  const name = queue.pop();
  if (first.has(name)) continue;
  first.add(name);
  const text = await readFile(join(app, name), "utf8");
  for (const [, imported] of text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) queue.push(`assets/${imported}`);
}
const total = [...first].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
const all = [...sizes.values()].reduce((sum, size) => sum + size, 0);
console.log(`first load: ${(total / 1000).toFixed(0)} kB of compressed JavaScript in ${first.size} files; all files ${(all / 1000).toFixed(0)} kB`);
if (total > FIRST_LOAD_MAX) {
  console.error(`error: the first load may have ${FIRST_LOAD_MAX / 1000} kB of compressed JavaScript`);
  process.exit(1);
}
await rm(final, { recursive: true, force: true });
await rename(app, final);
