// The types of the API, made from the OpenAPI document that is checked in beside the server's
// code: `node scripts/types.mjs` fails when src/api/schema.d.ts is old, `--write` writes it.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const document = new URL("../../crates/api/openapi/v1.json", import.meta.url);
const target = new URL("../src/api/schema.d.ts", import.meta.url);

const head = "// Made from crates/api/openapi/v1.json by `npm run types`. Do not edit.\n\n";
const text = head + astToString(await openapiTS(document, { alphabetize: true, emptyObjectsUnknown: true, defaultNonNullable: false }));
if (process.argv.includes("--write")) {
  await writeFile(target, text);
} else if ((await readFile(target, "utf8").catch(() => "")) !== text) {
  console.error("ui/src/api/schema.d.ts is old: run `scripts/node npm --prefix ui run types`, look at the change, commit it");
  process.exit(1);
}
