import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { accessibility, ask, openPage, startStage, type Stage } from "./harness.ts";

let stage: Stage;
let page: Page;
let errors: string[];
const PASSWORD = "correct horse battery";
before(async () => {
  stage = await startStage({ guarded: true });
  ({ page, errors } = await openPage(stage, "/people", { key: stage.key }));
});
after(async () => {
  await page.context().close();
  await stage.close();
});

const visible = (text: string | RegExp, on: Page = page) => on.getByText(text).first().waitFor();
const go = (path: string) => page.goto(`${stage.url}/ui${path}`);

/** Whether a key opens the list of functions. */
const opens = async (key: string) => (await fetch(`${stage.url}/functions`, { headers: { authorization: `Bearer ${key}` } })).status;

describe("people", { timeout: 120_000 }, () => {
  it("somebody is invited by a link that is shown once, and becomes a member", async () => {
    await go("/people");
    await visible("No members yet");
    await page.getByRole("button", { name: "Invite somebody" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Email").fill("ada@example.com");
    await dialog.getByLabel("Role").selectOption("admin");
    await dialog.getByRole("button", { name: "Make the link" }).click();
    await dialog.getByText("Pass this link on to ada@example.com").waitFor();
    const link = await dialog.locator("code").innerText();
    assert.match(link, /\/ui\/accept#/);
    assert.deepEqual(await accessibility(page), []);
    await dialog.getByRole("button", { name: "I have kept it" }).click();
    await page.getByRole("navigation", { name: "Parts of this page" }).getByRole("link", { name: "Invitations" }).click();
    await page.getByRole("cell", { name: "ada@example.com", exact: true }).waitFor();
    assert.equal((await page.content()).includes(link.split("#")[1] ?? "?"), false, "the link is shown no more");
    const accepted = await fetch(`${stage.url}/auth/accept`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ secret: link.split("#")[1], name: "Ada", password: PASSWORD }) });
    assert.equal(accepted.status, 200);
    await go("/people");
    await page.getByRole("cell", { name: "ada@example.com", exact: true }).waitFor();
    await page.getByRole("cell", { name: "Admin", exact: true }).waitFor();
  });

  it("a member's role is changed", async () => {
    await page.getByRole("button", { name: "Actions for ada@example.com" }).click();
    await page.getByRole("menuitemradio", { name: "Member" }).click();
    await visible("ada@example.com is Member now.");
    const members = (await ask(stage, "GET", "/members")) as { items: { role: string }[] };
    assert.deepEqual(members.items.map((one) => one.role), ["member"]);
  });

  it("an invitation is withdrawn", async () => {
    await ask(stage, "POST", "/invitations", { email: "eve@example.com" });
    await go("/people/invitations");
    await page.getByRole("button", { name: "Withdraw" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("The link that was made for it opens nothing any more.").waitFor();
    await dialog.getByRole("textbox").fill("eve@example.com");
    await dialog.getByRole("button", { name: "Withdraw" }).click();
    await visible("The invitation of eve@example.com is withdrawn.");
    await visible("No open invitations");
  });

  it("an account is closed and opened again, and deleted by its name", async () => {
    await go("/people/users");
    const signIn = async () => (await fetch(`${stage.url}/auth/sign-in`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ email: "ada@example.com", password: PASSWORD }) })).status;
    assert.equal(await signIn(), 200);
    assert.deepEqual(await accessibility(page), []);
    await page.getByRole("button", { name: "Actions for ada@example.com" }).click();
    await page.getByRole("menuitem", { name: "Disable the account" }).click();
    await page.getByRole("cell", { name: "Disabled" }).waitFor();
    assert.equal(await signIn(), 401);
    await page.getByRole("button", { name: "Actions for ada@example.com" }).click();
    await page.getByRole("menuitem", { name: "Enable the account" }).click();
    await page.getByRole("cell", { name: "Active" }).waitFor();
    assert.equal(await signIn(), 200);
    await page.getByRole("button", { name: "Actions for ada@example.com" }).click();
    await page.getByRole("menuitem", { name: "Delete the account" }).click();
    await page.getByRole("dialog").getByRole("textbox").fill("ada@example.com");
    await page.getByRole("dialog").getByRole("button", { name: "Delete ada@example.com" }).click();
    await visible("No users yet");
    assert.equal(await signIn(), 401);
  });

  it("no page logged an error", () => assert.deepEqual(errors, []));
});

describe("keys and service accounts", { timeout: 120_000 }, () => {
  let secret = "";

  it("a service account gets a key that is shown once and may what it was given", async () => {
    await go("/people/services");
    await page.getByRole("button", { name: "Create service account" }).first().click();
    await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("deployer");
    await page.getByRole("dialog").getByRole("button", { name: "Create service account" }).click();
    await page.getByRole("cell", { name: "deployer", exact: true }).waitFor();
    const account = (await ask(stage, "GET", "/service-accounts/deployer")) as { subject: string };
    await ask(stage, "POST", "/bindings", { subject: account.subject, role: "operator" });
    await page.getByRole("link", { name: "New key" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill("deploy from CI");
    assert.equal(await dialog.getByLabel("Acts as").inputValue(), "deployer");
    assert.deepEqual(await accessibility(page), []);
    await dialog.getByRole("button", { name: "Create key" }).click();
    await dialog.getByText("Copy the key now.").waitFor();
    secret = await dialog.locator("code").innerText();
    await dialog.getByRole("button", { name: "I have kept it" }).click();
    await page.getByRole("link", { name: "deploy from CI" }).waitFor();
    assert.equal((await page.content()).includes(secret), false);
    assert.equal(await opens(secret), 200);
  });

  it("a key of its own has roles for namespaces and names", async () => {
    await page.getByRole("link", { name: "Create key" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill("reports");
    await dialog.getByLabel("Functions of role 1").fill("no such");
    assert.equal(await dialog.getByRole("button", { name: "Create key" }).isDisabled(), true);
    await dialog.getByLabel("Functions of role 1").fill("report-*");
    await dialog.getByLabel("Ends").selectOption("");
    await dialog.getByRole("button", { name: "Create key" }).click();
    const key = await dialog.locator("code").innerText();
    await dialog.getByRole("button", { name: "I have kept it" }).click();
    await page.getByRole("link", { name: "reports" }).click();
    await page.waitForURL("**/ui/keys/*");
    await page.getByRole("cell", { name: "report-*" }).waitFor();
    assert.deepEqual(await accessibility(page), []);
    assert.equal(await opens(key), 200, "it lists what bears those names");
    assert.equal((await fetch(`${stage.url}/functions/other`, { headers: { authorization: `Bearer ${key}` } })).status, 403);
  });

  it("an access key pair shows its id and its secret, once", async () => {
    await go("/keys?new=key");
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill("aws client");
    await dialog.getByRole("checkbox", { name: /^Access key id and secret/ }).check();
    await dialog.getByRole("button", { name: "Create key" }).click();
    await dialog.getByText("Secret access key", { exact: true }).waitFor();
    assert.equal(await dialog.locator("code").count(), 2);
    assert.deepEqual(await accessibility(page), []);
    await dialog.getByRole("button", { name: "I have kept it" }).click();
    await page.getByText("access key pair").first().waitFor();
  });

  it("a revoked key opens nothing any more", async () => {
    await go("/keys");
    await page.getByRole("link", { name: "deploy from CI" }).click();
    await page.getByRole("button", { name: "Revoke deploy from CI" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Programs that use it are refused at once.").waitFor();
    await dialog.getByRole("textbox").fill("deploy from CI");
    await dialog.getByRole("button", { name: "Revoke deploy from CI" }).click();
    await page.waitForURL("**/ui/keys");
    assert.equal(await opens(secret), 401);
  });

  it("one's sessions are listed, and another one is ended", async () => {
    const other = await openPage(stage, "/settings", { key: stage.key });
    await visible("Your sessions", other.page);
    await go("/settings");
    const sessions = page.getByRole("region", { name: "Your sessions" });
    await sessions.getByText("this one").waitFor();
    await sessions.getByRole("button", { name: "End" }).first().click();
    await visible("The session has ended.");
    await other.page.goto(`${stage.url}/ui/settings`);
    await other.page.waitForURL("**/ui/sign-in*");
    await other.context.close();
  });

  it("no page logged an error", () => assert.deepEqual(errors, []));
});
