// Screenshots of every page, light and dark, at 1360 px, and some at 390 px and in Chinese:
// `node e2e/shots.ts`. Fails on errors of the console, serious findings of axe, and pages that
// scroll sideways.
import { join } from "node:path";
import { accessibility, ask, openPage, pause, shotFolder, startStage, type Stage } from "./harness.ts";
import { fill } from "./scene.ts";

const only = process.argv[2]?.split(",");
const complaints: string[] = [];
const folder = await shotFolder();
const looks = [
  { theme: "light" as const, name: "light" },
  { theme: "dark" as const, name: "dark" },
  { theme: "light" as const, name: "narrow", width: 390, height: 800 },
  { theme: "light" as const, name: "zh", language: "zh" as const },
];

/** Lists whose last columns are out of sight. Runs in the page. */
function cutOff(): string[] {
  return [...document.querySelectorAll(".table-scroll")].filter((box) => box.scrollWidth > box.clientWidth).map((box) => `a list is ${box.scrollWidth - box.clientWidth} px wider than its box`);
}

/** Name, path, what says that it is there, and which errors of the browser are expected. */
type Shot = [name: string, path: string, ready: string, expected?: string];

async function shoot(stage: Stage, pages: Shot[], key?: string): Promise<void> {
  for (const [name, path, ready, expected] of pages) {
    if (only && !only.some((one) => name.includes(one))) continue;
    // Beside each other: most of the time is waiting.
    const shoots = looks.map(async (look) => {
      const { page, context, errors } = await openPage(stage, path, { ...look, key });
      const complain = (text: string) => complaints.push(`${name} ${look.name}: ${text}`);
      await page.waitForSelector(ready).catch((error: Error) => complain(error.message));
      await page.waitForLoadState("networkidle").catch(() => {});
      await pause(250);
      await page.screenshot({ path: join(folder, `${name}-${look.name}.png`) });
      for (const error of errors) if (!expected || !error.includes(expected)) complain(error);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) complain(`${wide} px wider than the window`);
      for (const hidden of await page.evaluate(cutOff)) complain(hidden);
      if (look.name !== "zh") for (const one of await accessibility(page)) complain(`axe ${one}`);
      await context.close();
    });
    await Promise.all(shoots);
  }
}

const stage = await startStage();
try {
  const { failed, good, key, done, dead } = await fill(stage);
  await shoot(stage, [
    ["overview", "/", ".chart-mark"],
    ["functions", "/functions", ".table-row"],
    ["create", "/functions/new", ".cm-content"],
    ["upload", "/functions/new?from=upload", ".drop"],
    ["function-code", "/functions/resize-image", ".cm-content"],
    ["function-runs", "/functions/resize-image/runs", ".table-row"],
    ["function-jobs", "/functions/charge-card/jobs", ".table-row"],
    ["function-logs", "/functions/resize-image/logs", ".log-line"],
    ["function-metrics", "/functions/resize-image/metrics", ".chart-mark"],
    ["function-versions", "/functions/resize-image/versions?from=1&to=2", ".diff-file .cm-content"],
    ["function-configuration", "/functions/resize-image/configuration", ".form-grid"],
    ["function-builds", "/functions/compiled/builds", "pre.raw"],
    ["function-traffic", "/functions/resize-image/traffic", ".rollout"],
    ["function-access", "/functions/fetch-rates/access", ".fail-list"],
    ["secrets", "/secrets", ".table-row"],
    ["secret", "/secrets/db-url", ".chip"],
    ["people-members", "/people", ".table-row"],
    ["people-invitations", "/people/invitations", ".table-row"],
    ["people-services", "/people/services", ".table-row"],
    ["people-users", "/people/users", ".table-row"],
    ["keys", "/keys", ".table-row"],
    ["key-new", "/keys?new=key", ".role-row"],
    ["key", `/keys/${key}`, ".plain-table"],
    ["roles", "/roles", ".table-row"],
    ["role", "/roles?role=releaser", ".permissions"],
    ["role-bindings", "/roles/bindings", ".table-row"],
    ["tenants", "/tenants", ".plain-table"],
    ["audit", "/audit", ".table-row"],
    ["audit-entry", "/audit/3", ".facts"],
    ["quotas", "/quotas", ".quota-bar"],
    ["runs", "/runs", ".table-row"],
    ["run-failed", `/runs/${failed}`, ".timeline-bar"],
    ["run-good", `/runs/${good}`, ".timeline-bar"],
    ["jobs", "/jobs", ".table-row"],
    ["job-dead", `/jobs/${dead}`, ".plain-table"],
    ["job-good", `/jobs/${done}`, ".plain-table"],
    ["system", "/system", ".plain-table"],
    ["settings", "/settings", "fieldset"],
    ["missing", "/nowhere", ".empty"],
    ["function-missing", "/functions/nobody", ".empty", "404"],
  ]);
} finally {
  await stage.close();
}

// A server that asks who one is.
const guarded = await startStage({ guarded: true });
try {
  const viewer = (await ask(guarded, "POST", "/keys", { name: "viewer", roles: [{ role: "viewer" }] })) as { secret: string };
  await shoot(guarded, [
    ["sign-in", "/runs?status=failed", ".sign-in form", "401"],
    ["accept", "/accept#novai_0000", ".sign-in form"],
    ["accept-empty", "/accept", ".empty"],
  ]);
  await shoot(guarded, [["account", "/settings", "fieldset"]], guarded.key);
  await shoot(guarded, [["denied", "/system", ".empty"]], viewer.secret);
} finally {
  await guarded.close();
}
console.log(`screenshots in ${folder}`);
if (complaints.length > 0) {
  console.error(complaints.join("\n"));
  process.exit(1);
}
