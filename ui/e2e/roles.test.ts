import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { accessibility, ask, openPage, startStage, type Stage } from "./harness.ts";

let stage: Stage;
let page: Page;
let errors: string[];
before(async () => {
  stage = await startStage({ guarded: true });
  ({ page, errors } = await openPage(stage, "/tenants", { key: stage.key }));
});
after(async () => {
  await page.context().close();
  await stage.close();
});

const visible = (text: string | RegExp, on: Page = page) => on.getByText(text).first().waitFor();
const go = (path: string) => page.goto(`${stage.url}/ui${path}`);
const code = "def handler(event, context):\n    return 1\n";

describe("tenants and namespaces", { timeout: 120_000 }, () => {
  it("they are made, and the console goes there", async () => {
    await page.getByRole("button", { name: "Create tenant" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill("Not A Name");
    assert.equal(await dialog.getByRole("button", { name: "Create tenant" }).isDisabled(), true);
    await dialog.getByLabel("Name", { exact: true }).fill("acme");
    await dialog.getByRole("button", { name: "Create tenant" }).click();
    await page.getByRole("button", { name: "Switch to acme" }).click();
    await page.getByRole("button", { name: "Tenant and namespace: acme / default" }).waitFor();
    await page.getByRole("region", { name: "Namespaces of acme" }).getByRole("button", { name: "Create namespace" }).click();
    await dialog.getByLabel("Name", { exact: true }).fill("staging");
    await dialog.getByRole("button", { name: "Create namespace" }).click();
    await page.getByRole("button", { name: "Switch to staging" }).waitFor();
    assert.deepEqual(await accessibility(page), []);
  });

  it("the switch leads to another tenant, whose functions are others, and the choice stays", async () => {
    await ask(stage, "POST", "/functions", { name: "of-acme", runtime: "python", handler: "main.handler", code }, { tenant: "acme", namespace: "staging" });
    await ask(stage, "POST", "/functions", { name: "of-default", runtime: "python", handler: "main.handler", code });
    await go("/functions");
    await visible("No functions yet");
    await page.getByRole("button", { name: /^Tenant and namespace/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Namespace").selectOption("staging");
    await dialog.getByRole("button", { name: "Switch" }).click();
    await visible("of-acme");
    await page.reload();
    await visible("of-acme");
    assert.equal(await page.getByText("of-default").count(), 0);
    await page.getByRole("button", { name: /^Tenant and namespace/ }).click();
    await dialog.getByLabel("Tenant").selectOption("default");
    assert.equal(await dialog.getByLabel("Namespace").inputValue(), "default", "a namespace that is not there is not kept");
    await dialog.getByRole("button", { name: "Switch" }).click();
    await visible("of-default");
  });

  it("a tenant with functions is not deleted, and why is said; an empty one is, by its name", async () => {
    await go("/tenants");
    const remove = async () => {
      await page.getByRole("button", { name: "Delete acme" }).click();
      await page.getByRole("dialog").getByRole("textbox").fill("acme");
      await page.getByRole("dialog").getByRole("button", { name: "Delete acme" }).click();
    };
    await remove();
    await page.getByRole("dialog").getByRole("alert").waitFor();
    await page.keyboard.press("Escape");
    await ask(stage, "DELETE", "/functions/of-acme", undefined, { tenant: "acme", namespace: "staging" });
    await remove();
    await visible("acme is deleted.");
    await page.getByRole("button", { name: "Switch to acme" }).waitFor({ state: "detached" });
  });

  it("no page logged an error of its own", () => {
    assert.deepEqual(errors.filter((error) => !/409 \(Conflict\)/.test(error)), []);
    errors.length = 0;
  });
});

describe("roles", { timeout: 120_000 }, () => {
  it("a role of the tenant is made of permissions, and changed", async () => {
    await go("/roles");
    await page.getByRole("cell", { name: "operator built in" }).click();
    await page.getByRole("dialog").getByRole("checkbox", { name: "invoke" }).waitFor();
    assert.equal(await page.getByRole("dialog").getByRole("checkbox", { name: "invoke" }).isDisabled(), true);
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "Create role" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill("reader");
    assert.equal(await dialog.getByRole("button", { name: "Create role" }).isDisabled(), true, "a role without permissions is none");
    const functions = dialog.getByRole("group", { name: "function", exact: true });
    await functions.getByRole("checkbox", { name: "read" }).check();
    assert.deepEqual(await accessibility(page), []);
    await dialog.getByRole("button", { name: "Create role" }).click();
    await visible("Role reader is saved.");
    await page.getByRole("cell", { name: "reader", exact: true }).click();
    await page.waitForURL("**/ui/roles?role=reader");
    await functions.getByRole("checkbox", { name: "invoke" }).check();
    await dialog.getByRole("button", { name: "Save role" }).click();
    await page.getByText("function: read, invoke").first().waitFor();
    assert.deepEqual(((await ask(stage, "GET", "/roles/reader")) as { permissions: string[] }).permissions.sort(), ["function:invoke", "function:read"]);
  });

  it("it is given to a key for some functions, holds for these, and is taken back", async () => {
    const made = (await ask(stage, "POST", "/keys", { name: "narrow", roles: [{ role: "reader", resources: "report-*" }] })) as { secret: string };
    const sees = async () => (await fetch(`${stage.url}/functions/of-default`, { headers: { authorization: `Bearer ${made.secret}` } })).status;
    assert.equal(await sees(), 403);
    await go("/roles/bindings");
    await page.getByRole("button", { name: "Give a role" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("To whom").selectOption({ label: "narrow (API key)" });
    await dialog.getByLabel("Role 1", { exact: true }).selectOption("reader");
    await dialog.getByLabel("Functions of role 1").fill("of-*");
    assert.deepEqual(await accessibility(page), []);
    await dialog.getByRole("button", { name: "Give a role" }).click();
    await visible("narrow has it now.");
    await page.getByRole("cell", { name: "of-*" }).waitFor();
    assert.equal(await sees(), 200);
    await page.locator(".table-row", { hasText: "of-*" }).getByRole("button", { name: "Take reader from narrow" }).click();
    await dialog.getByText("What it allowed ends at once (namespaces *, resources of-*).").waitFor();
    assert.equal(await dialog.getByRole("button", { name: "Take reader from narrow" }).isDisabled(), true);
    await dialog.getByRole("textbox").fill("narrow");
    await dialog.getByRole("button", { name: "Take reader from narrow" }).click();
    await visible("The role reader is taken back.");
    assert.equal(await sees(), 403);
  });

  it("a role is deleted by its name", async () => {
    for (const key of ((await ask(stage, "GET", "/keys")) as { items: { id: string; name: string }[] }).items) if (key.name === "narrow") await ask(stage, "DELETE", `/keys/${key.id}`);
    await go("/roles");
    await page.getByRole("button", { name: "Delete reader" }).click();
    await page.getByRole("dialog").getByText("While somebody has it, it is not deleted").waitFor();
    await page.getByRole("dialog").getByRole("textbox").fill("reader");
    await page.getByRole("dialog").getByRole("button", { name: "Delete reader" }).click();
    await page.getByRole("button", { name: "Delete reader" }).waitFor({ state: "detached" });
  });

  it("no page logged an error", () => assert.deepEqual(errors, []));
});

describe("somebody who may see less", { timeout: 60_000 }, () => {
  it("begins with the first page that they may see", async () => {
    await ask(stage, "POST", "/roles", { name: "reader", permissions: ["function:read"] });
    const reader = (await ask(stage, "POST", "/keys", { name: "reader", roles: [{ role: "reader" }] })) as { secret: string };
    const { page, context, errors } = await openPage(stage, "/", { key: reader.secret });
    await page.waitForURL("**/ui/functions");
    await page.getByRole("heading", { name: "Functions" }).waitFor();
    await page.goto(`${stage.url}/ui/runs`);
    await page.getByText("You may not see this page").waitFor();
    assert.deepEqual(errors, []);
    await context.close();
  });

  it("sees the runs of a function that a role for it reaches", async () => {
    await ask(stage, "POST", "/functions", { name: "reached", runtime: "python", handler: "main.handler", code: 'def handler(event, context):\n    return 1\n' });
    await ask(stage, "POST", "/functions/reached/invoke", {});
    const narrow = (await ask(stage, "POST", "/keys", { name: "narrow", roles: [{ role: "viewer", resources: "reached" }] })) as { secret: string };
    const { page, context, errors } = await openPage(stage, "/functions/reached/runs", { key: narrow.secret });
    await page.locator(".table-row", { hasText: "Succeeded" }).waitFor();
    assert.deepEqual(errors, []);
    await context.close();
  });
});
