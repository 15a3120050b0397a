import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { accessibility, ask, openPage, startStage, type Stage } from "./harness.ts";

let stage: Stage;
let page: Page;
let errors: string[];
before(async () => {
  stage = await startStage({ guarded: true });
  await ask(stage, "POST", "/functions", { name: "watched", runtime: "python", handler: "main.handler", code: "def handler(event, context):\n    return 1\n" });
  await ask(stage, "PATCH", "/functions/watched", { memory_mb: 192 });
  await ask(stage, "POST", "/secrets", { name: "hidden", value: "value-of-the-secret" });
  ({ page, errors } = await openPage(stage, "/audit", { key: stage.key }));
});
after(async () => {
  await page.context().close();
  await stage.close();
});

const visible = (text: string | RegExp) => page.getByText(text).first().waitFor();
const go = (path: string) => page.goto(`${stage.url}/ui${path}`);

describe("the audit log", { timeout: 120_000 }, () => {
  it("lists changes and filters them by the address", async () => {
    await page.getByRole("link", { name: "update_function" }).first().waitFor();
    await page.getByRole("link", { name: "create_secret" }).waitFor();
    assert.deepEqual(await accessibility(page), []);
    await page.getByLabel("Of what").selectOption("secret");
    await page.waitForURL("**resource=secret*");
    await page.getByRole("link", { name: "update_function" }).waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("link", { name: "create_secret" }).waitFor();
    assert.equal((await page.content()).includes("value-of-the-secret"), false);
    await page.getByLabel("What: endpoint or permission").fill("no_such_thing");
    await visible("No such entries");
    await page.getByRole("button", { name: "Clear filters" }).click();
    await page.getByRole("link", { name: "update_function" }).first().waitFor();
  });

  it("an entry shows what was before and after, and leads to what was changed", async () => {
    await page.getByRole("link", { name: "update_function" }).first().click();
    await page.waitForURL("**/ui/audit/*");
    const changed = page.getByRole("region", { name: "What changed" });
    await changed.getByText("128", { exact: true }).waitFor();
    await changed.getByText("192", { exact: true }).waitFor();
    assert.deepEqual(await accessibility(page), []);
    await page.getByRole("link", { name: "function watched" }).click();
    await page.waitForURL("**/ui/functions/watched");
  });

  it("is verified", async () => {
    await go("/audit");
    await page.getByRole("button", { name: "Verify" }).click();
    await visible(/entries are as they were written|entry is as it was written/);
  });

  it("no page logged an error", () => assert.deepEqual(errors, []));
});

describe("quotas", { timeout: 120_000 }, () => {
  it("a limit is set, shown with what is used, refuses, and is removed", async () => {
    await go("/quotas");
    await page.getByRole("button", { name: "Set limit" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Of what").selectOption("functions");
    await dialog.getByLabel("Hard limit").fill("one");
    assert.equal(await dialog.getByRole("button", { name: "Set limit" }).isDisabled(), true);
    await dialog.getByLabel("Hard limit").fill("1");
    await dialog.getByLabel("Soft limit").fill("2");
    await dialog.getByText("At most the hard limit.").waitFor();
    await dialog.getByLabel("Soft limit").fill("1");
    assert.deepEqual(await accessibility(page), []);
    await dialog.getByRole("button", { name: "Set limit" }).click();
    await visible("The limit is set.");
    await visible("Limit reached: more is refused");
    assert.deepEqual(await accessibility(page), []);
    const refused = await ask(stage, "POST", "/functions", { name: "more", runtime: "python", handler: "main.handler", code: "x" }).then(
      () => "made",
      (error: Error) => error.message,
    );
    assert.match(refused, /quota/);
    await page.getByRole("button", { name: "Change the limit of: Functions" }).click();
    await dialog.getByRole("button", { name: "Remove limits" }).click();
    await visible("The limits are removed.");
    await page.getByText("Limit reached: more is refused").waitFor({ state: "detached" });
  });

  it("no page logged an error", () => assert.deepEqual(errors, []));
});
