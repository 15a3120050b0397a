// Screenshots of every page, light and dark, at 1360 px, and some at 390 px and in Chinese:
// `node e2e/shots.ts`. Fails on errors of the console, serious findings of axe, and pages that
// scroll sideways.
import { join } from "node:path";
import { accessibility, openPage, pause, shotFolder, startStage } from "./harness.ts";
import { fill } from "./scene.ts";

const only = process.argv[2];
const stage = await startStage();
const complaints: string[] = [];
try {
  const { failed, good } = await fill(stage);
  const pages: [string, string, string][] = [
    ["overview", "/", "h1"],
    ["functions", "/functions", ".table-row"],
    ["create", "/functions/new", ".cm-content"],
    ["upload", "/functions/new?from=upload", ".drop"],
    ["function-code", "/functions/resize-image", ".cm-content"],
    ["function-runs", "/functions/resize-image/runs", ".table-row"],
    ["function-logs", "/functions/resize-image/logs", ".log-line"],
    ["function-metrics", "/functions/resize-image/metrics", ".chart canvas"],
    ["function-versions", "/functions/resize-image/versions?from=1&to=2", ".diff-file .cm-content"],
    ["function-configuration", "/functions/resize-image/configuration", ".form-grid"],
    ["runs", "/runs", ".table-row"],
    ["run-failed", `/runs/${failed}`, ".timeline-bar"],
    ["run-good", `/runs/${good}`, ".timeline-bar"],
    ["system", "/system", ".plain-table"],
    ["settings", "/settings", "fieldset"],
    ["missing", "/nowhere", ".empty"],
    ["function-missing", "/functions/nobody", ".empty"],
  ];
  const looks = [
    { theme: "light" as const, name: "light" },
    { theme: "dark" as const, name: "dark" },
    { theme: "light" as const, name: "narrow", width: 390, height: 800 },
    { theme: "light" as const, name: "zh", language: "zh" as const },
  ];
  const folder = await shotFolder();
  for (const [name, path, ready] of pages) {
    if (only && !name.includes(only)) continue;
    for (const look of looks) {
      const { page, context, errors } = await openPage(stage, path, look);
      await page.waitForSelector(ready).catch((error: Error) => complaints.push(`${name} ${look.name}: ${error.message}`));
      await page.waitForLoadState("networkidle").catch(() => {});
      await pause(250);
      await page.screenshot({ path: join(folder, `${name}-${look.name}.png`) });
      const expected = name === "function-missing" ? errors.filter((error) => !error.includes("404")) : errors;
      complaints.push(...expected.map((error) => `${name} ${look.name}: ${error}`));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) complaints.push(`${name} ${look.name}: ${wide} px wider than the window`);
      if (look.name !== "zh") complaints.push(...(await accessibility(page)).map((one) => `${name} ${look.name}: axe ${one}`));
      await context.close();
    }
  }
  console.log(`screenshots in ${folder}`);
} finally {
  await stage.close();
}
if (complaints.length > 0) {
  console.error(complaints.join("\n"));
  process.exit(1);
}
