import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { accessibility, ask, openPage, startStage, type Stage } from "./harness.ts";

let stage: Stage;
before(async () => {
  stage = await startStage({ guarded: true });
});
after(() => stage.close());

const visible = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();

/** What a browser itself logs of the first answer 401 is no fault of the page. */
const own = (errors: string[]) => errors.filter((error) => !/401 \(Unauthorized\)/.test(error));

/** A page of somebody who has signed in with a key. */
async function signedIn(path: string, key = stage.key ?? "") {
  const opened = await openPage(stage, path);
  await opened.page.getByRole("tab", { name: "API key" }).click();
  await opened.page.getByLabel("API key", { exact: true }).last().fill(key);
  await opened.page.getByRole("button", { name: "Sign in" }).click();
  await opened.page.getByRole("button", { name: /^Signed in as/ }).waitFor();
  return opened;
}

describe("a role for some names", { timeout: 120_000 }, () => {
  it("shows what bears them, and offers nothing that would be refused", async () => {
    const admin = { authorization: `Bearer ${stage.key}`, "content-type": "application/json" };
    const post = async (path: string, body: unknown) => {
      const answer = await fetch(`${stage.url}${path}`, { method: "POST", headers: admin, body: JSON.stringify(body) });
      assert.ok(answer.ok, `${path}: ${answer.status}`);
      return (await answer.json()) as { secret?: string };
    };
    const code = "def handler(event, context):\n    return event\n";
    for (const name of ["bill-a", "mail-a"]) await post("/functions", { name, runtime: "python", handler: "main.handler", code });
    const roles = [
      { role: "operator", namespaces: "default", resources: "bill-*" },
      { role: "viewer", namespaces: "default", resources: "mail-a" },
    ];
    const key = await post("/keys", { name: "narrow", roles });
    const { page, context, errors } = await signedIn("/functions", key.secret);
    await page.getByRole("link", { name: "bill-a" }).waitFor();
    const rail = page.getByRole("navigation").first();
    assert.equal(await rail.getByRole("link", { name: "People" }).count(), 0);
    await page.getByRole("link", { name: "Create function" }).click();
    await visible(page, "You may create: bill-*");
    await page.goto(`${stage.url}/ui/functions/bill-a/configuration`);
    await page.getByRole("button", { name: "Delete bill-a" }).waitFor();
    await page.goto(`${stage.url}/ui/functions/mail-a/configuration`);
    await page.getByLabel("Description").first().waitFor();
    assert.equal(await page.getByRole("button", { name: "Delete mail-a" }).count(), 0);
    await page.goto(`${stage.url}/ui/`);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    assert.deepEqual(own(errors), []);
    await context.close();
    for (const name of ["bill-a", "mail-a"]) await fetch(`${stage.url}/functions/${name}`, { method: "DELETE", headers: admin });
  });
});

describe("signing in", { timeout: 120_000 }, () => {
  it("a page leads there and back, and the session is in no script's reach", async () => {
    const { page, context, errors } = await openPage(stage, "/runs?status=failed");
    await page.waitForURL("**/ui/sign-in?to=*");
    await visible(page, "Sign in to see that page.");
    assert.deepEqual(await accessibility(page), []);
    await page.getByRole("tab", { name: "API key" }).click();
    const field = page.getByLabel("API key", { exact: true }).last();
    await field.fill("nova_wrong");
    await field.press("Enter");
    await visible(page, "This key opens nothing.");
    await field.fill(stage.key ?? "");
    await field.press("Enter");
    await page.waitForURL("**/ui/runs?status=failed");
    await visible(page, "No such runs");
    const [cookie] = (await context.cookies()).filter((one) => one.name === "nova_session");
    assert.deepEqual([cookie?.httpOnly, cookie?.sameSite, cookie?.path], [true, "Strict", "/"]);
    assert.equal(await page.evaluate(() => document.cookie), "");
    assert.equal(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }).includes("nova_")), false, "nothing of the key is kept");
    await page.getByRole("button", { name: /^Signed in as/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.waitForURL("**/ui/sign-in*");
    await page.goto(`${stage.url}/ui/functions`);
    await page.waitForURL("**/ui/sign-in?to=%2Ffunctions");
    assert.deepEqual(own(errors), []);
    await context.close();
  });

  it("a session that ends in the middle leads to the sign-in page and back to where one was", async () => {
    const { page, context, errors } = await signedIn("/functions");
    await page.goto(`${stage.url}/ui/settings`);
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    const sessions = (await page.evaluate(async () => (await fetch("/auth/sessions")).json())) as { items: { id: string; current: boolean }[] };
    const id = sessions.items.find((one) => one.current)?.id ?? "";
    await page.evaluate(async (one) => fetch(`/auth/sessions/${one}`, { method: "DELETE" }), id);
    await page.getByRole("link", { name: "Functions" }).click();
    await page.waitForURL("**/ui/sign-in?to=%2Ffunctions");
    await page.getByRole("tab", { name: "API key" }).click();
    await page.getByLabel("API key", { exact: true }).last().fill(stage.key ?? "");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/ui/functions");
    assert.deepEqual(own(errors), []);
    await context.close();
  });

  it("identity providers that the server knows are offered, with the way back", async () => {
    const { page, context } = await openPage(stage, "/settings");
    await page.waitForURL("**/ui/sign-in*");
    await page.route("**/auth/providers", (route) => route.fulfill({ contentType: "application/json", body: JSON.stringify({ items: [{ name: "corp", title: "Example Corp", start: "/auth/oidc/corp/start" }], next_cursor: null }) }));
    await page.goto(`${stage.url}/ui/sign-in?to=%2Fruns%3Fstatus%3Dfailed`);
    const link = page.getByRole("link", { name: "Sign in with Example Corp" });
    assert.equal(await link.getAttribute("href"), "/auth/oidc/corp/start?return=%2Fui%2Fruns%3Fstatus%3Dfailed");
    assert.deepEqual(await accessibility(page), []);
    await page.goto(`${stage.url}/ui/accept#secret-of-it`);
    assert.equal(await page.getByRole("link", { name: "Accept with Example Corp" }).getAttribute("href"), "/auth/oidc/corp/start?return=%2Fui%2F&invitation=secret-of-it");
    await context.close();
  });

  it("an address of elsewhere is no way back", async () => {
    const { page, context } = await openPage(stage, "/sign-in?to=https%3A%2F%2Fevil.example%2F");
    await page.getByRole("tab", { name: "API key" }).click();
    await page.getByLabel("API key", { exact: true }).last().fill(stage.key ?? "");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    assert.equal(page.url(), `${stage.url}/ui/`);
    await context.close();
  });

  it("an invitation makes an account that sees what it may, and is told what it may not", async () => {
    await ask(stage, "POST", "/tenants", { name: "acme" });
    const invited = (await ask(stage, "POST", "/invitations", { email: "ada@example.com" }, { tenant: "acme" })) as { path: string };
    const { page, context, errors } = await openPage(stage, invited.path.replace(/^\/ui/, ""));
    await page.getByLabel("Your name").fill("Ada");
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await page.getByLabel("The password again").fill("correct horse");
    await visible(page, "The two are not the same.");
    assert.equal(await page.getByRole("button", { name: "Accept" }).isDisabled(), true);
    await page.getByLabel("The password again").fill("correct horse battery");
    assert.deepEqual(await accessibility(page), []);
    await page.getByRole("button", { name: "Accept" }).click();
    await visible(page, "Welcome. Sign in as ada@example.com.");
    assert.equal(new URL(page.url()).hash, "");
    await page.getByRole("link", { name: "To the sign-in page" }).click();
    await page.getByLabel("Email").fill("ada@example.com");
    await page.getByLabel("Password", { exact: true }).fill("wrong horse battery");
    await page.getByRole("button", { name: "Sign in" }).click();
    await visible(page, "Address or password is not right.");
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("button", { name: "Tenant and namespace: acme / default" }).waitFor();
    const rail = page.getByRole("navigation", { name: "Menu" });
    await rail.getByRole("link", { name: "Functions" }).waitFor();
    assert.equal(await rail.getByRole("link", { name: "System" }).count(), 0, "what may not be read is not in the menu");
    await page.goto(`${stage.url}/ui/system`);
    await visible(page, "You may not see this page");
    await visible(page, /ada@example\.com has no permission system:read in acme/);
    assert.deepEqual(await accessibility(page), []);
    assert.deepEqual(own(errors), []);
    // Used once.
    await page.goto(`${stage.url}${invited.path}`);
    await page.getByLabel("Your name").fill("Eve");
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await page.getByLabel("The password again").fill("correct horse battery");
    await page.getByRole("button", { name: "Accept" }).click();
    await visible(page, "This invitation was used, withdrawn or has ended.");
    await context.close();
  });
});

describe("somebody who may only look", { timeout: 60_000 }, () => {
  it("sees a function and finds nothing to change it by", async () => {
    const code = 'def handler(event, context):\n    return "as it was"\n';
    await ask(stage, "POST", "/functions", { name: "looked-at", runtime: "python", handler: "main.handler", code });
    const viewer = (await ask(stage, "POST", "/keys", { name: "viewer", roles: [{ role: "viewer" }] })) as { secret: string };
    const { page, context, errors } = await openPage(stage, "/functions", { key: viewer.secret });
    await page.getByRole("link", { name: "looked-at" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Create function" }).count(), 0);
    await page.getByRole("link", { name: "looked-at" }).click();
    await visible(page, "as it was");
    await visible(page, "You may look at the code, not change it.");
    assert.equal(await page.getByRole("button", { name: "Save", exact: true }).count(), 0);
    assert.equal(await page.getByRole("button", { name: "Invoke" }).isDisabled(), true);
    await page.getByRole("link", { name: "Configuration" }).click();
    await page.getByLabel("Memory").waitFor();
    assert.equal(await page.getByLabel("Memory").isDisabled(), true);
    assert.equal(await page.getByRole("button", { name: /^Delete/ }).count(), 0);
    await page.getByRole("link", { name: "Secrets and network" }).click();
    await visible(page, "It reaches nothing outside its sandbox.");
    assert.equal(await page.getByLabel("Allow a host").count(), 0);
    await page.getByRole("link", { name: "Traffic" }).click();
    await page.getByRole("radio", { name: /^Public/ }).waitFor();
    assert.equal(await page.getByRole("radio", { name: /^Public/ }).isDisabled(), true);
    await page.goto(`${stage.url}/ui/`);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    assert.deepEqual(errors, []);
    await context.close();
  });
});

describe("a page of elsewhere", { timeout: 60_000 }, () => {
  it("can neither read nor change anything with the session of its visitor", async (test) => {
    const { page, context } = await signedIn("/");
    const before = (await ask(stage, "GET", "/tenants")) as { items: unknown[] };
    // Another origin on the very same host: the browser takes it for the same site.
    const evil = await context.newPage();
    const cats = createServer((_, response) => response.setHeader("content-type", "text/html").end("<h1>free cats</h1>"));
    test.after(() => cats.close());
    await new Promise<void>((resolve) => cats.listen(0, "127.0.0.1", resolve));
    await evil.goto(`http://127.0.0.1:${(cats.address() as AddressInfo).port}/cats`);
    const outcome = await evil.evaluate(async (url) => {
      const tries: Record<string, string> = {};
      const attempt = async (name: string, run: () => Promise<Response>) => {
        tries[name] = await run().then(
          async (response) => (response.type === "opaque" ? "opaque" : `${response.status} ${(await response.text()).slice(0, 80)}`),
          () => "blocked",
        );
      };
      await attempt("read", () => fetch(`${url}/functions`, { credentials: "include" }));
      await attempt("simple", () => fetch(`${url}/tenants`, { method: "POST", credentials: "include", mode: "no-cors", headers: { "content-type": "text/plain" }, body: '{"name":"planted"}' }));
      await attempt("json", () => fetch(`${url}/tenants`, { method: "POST", credentials: "include", headers: { "content-type": "application/json", "x-nova-console": "1" }, body: '{"name":"planted"}' }));
      await attempt("sign-in", () => fetch(`${url}/auth/sign-in`, { method: "POST", credentials: "include", mode: "no-cors", body: '{"key":"x"}' }));
      return tries;
    }, stage.url);
    assert.deepEqual(outcome, { read: "blocked", simple: "blocked", json: "blocked", "sign-in": "blocked" });
    const submitted = evil.waitForNavigation();
    await evil.evaluate((url) => {
      const form = document.createElement("form");
      form.action = `${url}/tenants`;
      form.method = "post";
      form.enctype = "text/plain";
      form.innerHTML = `<input name='{"name":"planted","description":"' value='"}'>`;
      document.body.append(form);
      form.submit();
    }, stage.url);
    assert.equal((await submitted)?.status(), 401);
    assert.deepEqual(await ask(stage, "GET", "/tenants"), before);
    // The visitor is still signed in.
    await page.reload();
    await page.getByRole("button", { name: /^Signed in as/ }).waitFor();
    await context.close();
  });
});
