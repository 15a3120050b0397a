import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ask, openPage, startStage, type Stage } from "./harness.ts";

/** A function that serves a page, shows the request as it got it, and tries to plant a session. */
const CODE = `import html
import json


def handler(event, context):
    return {
        "statusCode": 200,
        "headers": {"content-type": "text/html", "set-cookie": "nova_session=planted; Path=/"},
        "cookies": ["nova_session=planted; Path=/", "mine=1; Path=/"],
        "body": "<h1>free cats</h1><pre>" + html.escape(json.dumps(event)) + "</pre>",
    }
`;

for (const guarded of [true, false]) {
  describe(`a hostile page of a function, ${guarded ? "opened by an administrator" : "with --dev"}`, { timeout: 90_000 }, () => {
    let stage: Stage;
    before(async () => {
      stage = await startStage({ guarded });
      await ask(stage, "POST", "/functions", { name: "cats", runtime: "python", handler: "main.handler", code: CODE, http: "public" });
      await ask(stage, "POST", "/secrets", { name: "kept", value: "value-of-the-secret" });
    });
    after(() => stage.close());

    it("gets no session, plants none, and can neither read nor change anything", async () => {
      const { page, context } = await openPage(stage, "/functions", { key: stage.key });
      await page.getByRole("link", { name: "cats" }).waitFor();
      const session = async () => (await context.cookies(stage.url)).find((one) => one.name === "nova_session")?.value;
      const mine = await session();
      assert.equal(mine !== undefined, guarded);
      const { url } = (await ask(stage, "GET", "/functions/cats/url")) as { url: string };
      const lists = async () => [await ask(stage, "GET", "/tenants"), await ask(stage, "GET", "/keys"), ((await ask(stage, "GET", "/functions")) as { items: { name: string }[] }).items.map((one) => one.name)];
      const before = await lists();

      const cats = await context.newPage();
      await cats.goto(url);
      await cats.getByRole("heading", { name: "free cats" }).waitFor();
      const event = await cats.locator("pre").innerText();
      assert.equal(event.includes("nova_session"), false, "the function did not get the cookie");
      assert.equal(await session(), mine, "the page did not plant a session");

      const outcome = await cats.evaluate(async (control) => {
        const tries: Record<string, string> = { cookie: String(document.cookie.includes("nova_session")) };
        const attempt = async (name: string, path: string, init?: RequestInit) => {
          tries[name] = await fetch(control + path, { credentials: "include", ...init }).then(
            async (response) => (response.type === "opaque" ? "opaque" : `${response.status} ${(await response.text()).slice(0, 60)}`),
            () => "blocked",
          );
        };
        const body = '{"name":"planted"}';
        await attempt("read", "/functions");
        await attempt("me", "/auth/me");
        await attempt("secrets", "/secrets");
        await attempt("console", "/functions", { headers: { "x-nova-console": "1" } });
        await attempt("json", "/tenants", { method: "POST", headers: { "content-type": "application/json" }, body });
        await attempt("delete", "/functions/cats", { method: "DELETE" });
        // These are sent; what they do is looked at below.
        await attempt("simple", "/tenants", { method: "POST", mode: "no-cors", headers: { "content-type": "text/plain" }, body });
        await attempt("sign-out", "/auth/sign-out", { method: "POST", mode: "no-cors" });
        const frame = document.createElement("iframe");
        frame.src = `${control}/ui/`;
        document.body.append(frame);
        await new Promise((resolve) => {
          frame.onload = resolve;
          setTimeout(resolve, 3000);
        });
        let inside = "closed";
        try {
          inside = frame.contentDocument?.body.innerText ?? "closed";
        } catch {
          // Another origin.
        }
        tries.frame = inside.includes("Nova") ? "read" : "closed";
        return tries;
      }, stage.url);
      assert.deepEqual(outcome, { cookie: "false", read: "blocked", me: "blocked", secrets: "blocked", console: "blocked", json: "blocked", delete: "blocked", simple: "opaque", "sign-out": "opaque", frame: "closed" });

      const submitted = cats.waitForNavigation();
      await cats.evaluate((control) => {
        const form = document.createElement("form");
        form.action = `${control}/tenants`;
        form.method = "post";
        form.enctype = "text/plain";
        form.innerHTML = `<input name='{"name":"planted","description":"' value='"}'>`;
        document.body.append(form);
        form.submit();
      }, stage.url);
      assert.equal((await submitted)?.status(), guarded ? 401 : 403);

      assert.deepEqual(await lists(), before, "nothing was changed");
      assert.equal(await session(), mine);
      await page.reload();
      await page.getByRole("link", { name: "cats" }).waitFor();
      await context.close();
    });
  });
}
