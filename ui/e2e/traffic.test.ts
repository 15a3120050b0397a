import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { accessibility, ask, openPage, pause, startStage, type Stage } from "./harness.ts";

let stage: Stage;
let page: Page;
let errors: string[];
const code = (answer: string) => `def handler(event, context):\n    return "${answer}"\n`;
before(async () => {
  stage = await startStage();
  await ask(stage, "POST", "/functions", { name: "shop", runtime: "python", handler: "main.handler", code: code("one") });
  await ask(stage, "PATCH", "/functions/shop", { code: code("two") });
  await ask(stage, "POST", "/functions/shop/versions/1/activate");
  ({ page, errors } = await openPage(stage, "/functions/shop/traffic"));
});
after(async () => {
  await page.context().close();
  await stage.close();
});

const visible = (text: string | RegExp) => page.getByText(text).first().waitFor();
const answers = async (times: number) => {
  const seen = new Set<unknown>();
  for (let index = 0; index < times; index += 1) seen.add(((await ask(stage, "POST", "/functions/shop/invoke?qualifier=live", {})) as { output: unknown }).output);
  return [...seen].sort();
};

describe("aliases", { timeout: 120_000 }, () => {
  it("one is made, shares its calls, and goes back", async () => {
    await visible(/Calls that name no version run v1/);
    await page.getByRole("button", { name: "Create alias" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill("latest");
    assert.equal(await dialog.getByRole("button", { name: "Create alias" }).isDisabled(), true);
    await dialog.getByLabel("Name", { exact: true }).fill("live");
    await dialog.getByRole("button", { name: "Create alias" }).click();
    await visible("v1 · 100 %");
    assert.deepEqual(await answers(3), ["one"]);
    await page.getByRole("button", { name: "Actions for live" }).click();
    await page.getByRole("menuitem", { name: "Change versions" }).click();
    await dialog.getByRole("button", { name: "Share with v2" }).click();
    await dialog.getByLabel("Share of v2").fill("120");
    await dialog.getByText("the others have too much").waitFor();
    await dialog.getByLabel("Share of v2").fill("50");
    assert.deepEqual(await accessibility(page), []);
    await dialog.getByRole("button", { name: "Save alias" }).click();
    await visible("v2 · 50 %");
    assert.deepEqual(await accessibility(page), []);
    assert.deepEqual(await answers(40), ["one", "two"]);
    await page.getByRole("button", { name: "Actions for live" }).click();
    await page.getByRole("menuitem", { name: "Give v2 everything" }).click();
    await visible("v2 · 100 %");
    assert.deepEqual(await answers(3), ["two"]);
    await page.getByRole("button", { name: "Actions for live" }).click();
    await page.getByRole("menuitem", { name: /Back to v/ }).click();
    await visible("v2 · 50 %");
    await page.getByRole("link", { name: "Versions" }).click();
    await page.getByRole("link", { name: "live 50 %" }).nth(1).waitFor();
    await page.getByRole("link", { name: "live 50 %" }).first().click();
    await page.waitForURL("**/functions/shop/traffic");
  });

  it("a rollout goes step by step, stands still, goes on, and is stopped", async () => {
    await ask(stage, "PATCH", "/functions/shop/aliases/live", { version: 1, weights: {} });
    await page.reload();
    await page.getByRole("button", { name: "Start rollout" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Steps, percent").fill("50, 20");
    await dialog.getByText("Whole numbers that grow").waitFor();
    await dialog.getByLabel("Steps, percent").fill("40, 100");
    await dialog.getByLabel("Time for each step").fill("3600");
    await dialog.getByRole("button", { name: "Start rollout" }).click();
    await visible("Rolling out");
    await visible("v2 · 40 %");
    assert.deepEqual(await accessibility(page), []);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Go on" }).click();
    await visible("Rolling out");
    await page.getByRole("button", { name: "Stop and go back" }).click();
    await visible("Stopped");
    await visible("v1 · 100 %");
  });

  it("an alias is deleted by its name", async () => {
    await page.getByRole("button", { name: "Actions for live" }).click();
    await page.getByRole("menuitem", { name: "Delete the alias" }).click();
    await page.getByRole("dialog").getByRole("textbox").fill("live");
    await page.getByRole("dialog").getByRole("button", { name: "Delete live" }).click();
    await visible(/Calls that name no version run v1/);
  });
});

describe("a web address", { timeout: 120_000 }, () => {
  it("is opened on purpose only, answers, and is closed", async () => {
    const section = page.getByRole("region", { name: "Web address" });
    await section.getByRole("radio", { name: /^Public/ }).check();
    await section.getByText("Everybody who reaches this server can then call it").waitFor();
    assert.equal(((await ask(stage, "GET", "/functions/shop")) as { http: string }).http, "off", "nothing is open yet");
    await section.getByRole("button", { name: "Make it public" }).click();
    const link = section.getByRole("link", { name: "Open" });
    await link.waitFor();
    assert.deepEqual(await accessibility(page), []);
    const url = (await link.getAttribute("href")) ?? "";
    const answer = await fetch(url);
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /one/);
    await section.getByRole("radio", { name: /^Signed links/ }).check();
    await section.getByRole("button", { name: "Make link" }).waitFor();
    assert.notEqual((await fetch(url)).status, 200);
    await section.getByRole("button", { name: "Make link" }).click();
    const signed = section.getByRole("status").locator("code");
    await signed.waitFor();
    assert.equal((await fetch(await signed.innerText())).status, 200);
    await section.getByRole("radio", { name: /^Off/ }).check();
    for (let tries = 0; tries < 50 && ((await ask(stage, "GET", "/functions/shop")) as { http: string }).http !== "off"; tries += 1) await pause(100);
    assert.notEqual((await fetch(url)).status, 200);
  });

  it("says which pages may read its answers, and how many requests it takes", async () => {
    const code = 'def handler(event, context):\n    return {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*", "X-Mine": "7"}, "body": event["method"]}\n';
    await ask(stage, "POST", "/functions", { name: "shared", runtime: "python", handler: "main.handler", code, http: "public" });
    const { url } = (await ask(stage, "GET", "/functions/shared/url")) as { url: string };
    const elsewhere = createServer((_, response) => response.setHeader("content-type", "text/html").end("<p>elsewhere</p>"));
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    after(() => (elsewhere.close(), elsewhere.closeAllConnections()));
    const origin = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
    const other = await page.context().newPage();
    await other.goto(origin);
    const put = () =>
      other.evaluate(async (address) => {
        try {
          const answer = await fetch(address, { method: "PUT", body: "x", headers: { "x-asks": "1" } });
          return `${await answer.text()} ${answer.headers.get("x-mine")}`;
        } catch (error) {
          return String(error);
        }
      }, url);
    assert.match(await put(), /TypeError/, "the function answers the question, but not with what a browser needs");

    await page.goto(`${stage.url}/ui/functions/shared/traffic`);
    const rules = page.getByRole("form", { name: "Rules of the address" });
    await rules.getByLabel("Pages that may read the answers").fill("*");
    await rules.getByLabel("Browsers send cookies along").check();
    await rules.getByText("any page could act as its visitor").waitFor();
    assert.equal(await rules.getByRole("button", { name: "Save rules" }).isDisabled(), true);
    await rules.getByLabel("Pages that may read the answers").fill(`${origin} https://app.example`);
    await rules.getByLabel("Headers that pages may send").fill("x-asks");
    await rules.getByLabel("Headers of answers that pages may read").fill("x-mine");
    await rules.getByLabel("Requests of one client").fill("1000001");
    await rules.getByText("A whole number from 0 to 1000000").waitFor();
    assert.equal(await rules.getByRole("button", { name: "Save rules" }).isDisabled(), true);
    await rules.getByLabel("Requests of one client").fill("3");
    assert.deepEqual(await accessibility(page), []);
    await rules.getByRole("button", { name: "Save rules" }).click();
    await rules.getByRole("button", { name: "Save rules" }).waitFor({ state: "detached" });
    const saved = (await ask(stage, "GET", "/functions/shared")) as { http_cors: object; http_client_rate: number };
    assert.deepEqual(saved.http_cors, { origins: [origin, "https://app.example"], methods: ["*"], headers: ["x-asks"], expose_headers: ["x-mine"], credentials: true, max_age_s: 600 });
    assert.equal(saved.http_client_rate, 3);
    assert.equal(await put(), "PUT 7");
    const statuses = await Promise.all(Array.from({ length: 12 }, async () => (await fetch(url)).status));
    assert.ok(statuses.includes(429) && statuses.includes(200), statuses.join(" "));
    await other.close();
  });

  it("no page logged an error", () => assert.deepEqual(errors, []));
});
