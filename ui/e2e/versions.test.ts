import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { accessibility, ask, openPage, pause, startStage, type Stage } from "./harness.ts";

let stage: Stage;
before(async () => {
  stage = await startStage({ guarded: true });
});
after(() => stage.close());

const visible = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();
const python = (answer: string) => `def handler(event, context):\n    return "${answer}"\n`;

/** A crate whose build takes a while after its first line. */
const SLOW = {
  "Cargo.toml": '[package]\nname = "slow"\nversion = "0.1.0"\nedition = "2021"\nbuild = "build.rs"\n',
  "build.rs": 'fn main() {\n    std::thread::sleep(std::time::Duration::from_secs(8));\n    println!("cargo:warning=the build script is done");\n}\n',
  "src/main.rs": 'fn main() { println!("7"); }\n',
};

describe("builds", { timeout: 300_000 }, () => {
  it("a failed build shows what the compiler said, and code without a build says so", async () => {
    await ask(stage, "POST", "/functions", { name: "compiled", runtime: "go", code: "package main\n\nfunc main() { undefinedThing() }\n" });
    for (let tries = 0; tries < 300; tries += 1) {
      const view = (await ask(stage, "GET", "/functions/compiled")) as { compile_status: string };
      if (view.compile_status === "failed") break;
      await pause(200);
    }
    const { page, context, errors } = await openPage(stage, "/functions/compiled/builds", { key: stage.key });
    const build = page.getByRole("region", { name: "Build of v1" });
    await build.getByText("undefined: undefinedThing").waitFor();
    await build.getByText("Ended").waitFor();
    assert.deepEqual(await accessibility(page), []);
    await page.goto(`${stage.url}/ui/functions/compiled/builds?version=9`);
    await visible(page, /version 9/);
    await ask(stage, "POST", "/functions", { name: "plain", runtime: "python", handler: "main.handler", code: python("one") });
    await page.goto(`${stage.url}/ui/functions/plain/builds`);
    await visible(page, "No builds");
    assert.deepEqual(errors.filter((error) => !error.includes("404")), []);
    await context.close();
  });

  it("a build that runs is followed, also over a crash of the server, and its end is told", async () => {
    const { page, context } = await openPage(stage, "/functions", { key: stage.key });
    // It waits for the build, and is cut off by the crash.
    const made = ask(stage, "POST", "/functions", { name: "slow", runtime: "rust", entry: "src/main.rs", files: SLOW }).catch(() => null);
    for (let tries = 0; tries < 100 && !(await ask(stage, "GET", "/functions/slow").catch(() => null)); tries += 1) await pause(100);
    await page.goto(`${stage.url}/ui/functions/slow/builds`);
    const build = page.getByRole("region", { name: "Build of v1" });
    await build.getByText("Compiling slow").waitFor({ timeout: 30_000 });
    await build.getByText("Live").waitFor();
    await build.getByText("Building").waitFor();
    assert.equal(await build.getByText("the build script is done").count(), 0, "its lines are shown before it has ended");
    await stage.crash();
    await build.getByText("Not connected").waitFor();
    await made;
    await stage.restart();
    await build.getByText("Live").waitFor();
    await build.getByText("Ended").waitFor({ timeout: 90_000 });
    await build.getByText("Ready").waitFor();
    const text = await build.getByRole("log").innerText();
    assert.match(text, /the build script is done/);
    assert.equal(text.split("Compiling slow").length - 1, 1, "nothing is there twice");
    await page.locator(".page-head").getByText("Ready").waitFor();
    await context.close();
  });
});

describe("marks of deploys", { timeout: 120_000 }, () => {
  before(async () => {
    await ask(stage, "POST", "/functions", { name: "shop", runtime: "python", handler: "main.handler", code: python("one") });
    await ask(stage, "PATCH", "/functions/shop", { code: python("two") });
    await ask(stage, "POST", "/functions/shop/invoke", {});
    await ask(stage, "POST", "/functions/shop/versions/1/activate");
  });

  it("charts show when which version was made active and by whom, going back too", async () => {
    const { page, context, errors } = await openPage(stage, "/functions/shop/metrics", { key: stage.key });
    const legend = page.locator(".deploys");
    await legend.getByText("Version made active:").waitFor();
    assert.deepEqual(await legend.getByRole("link").allInnerTexts(), ["v1", "v2", "v1"]);
    const mark = page.locator(".chart-mark").first();
    await mark.waitFor({ state: "attached" });
    assert.equal(await page.locator(".chart").first().locator(".chart-mark").count(), 3);
    const box = await mark.boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x - 40, box.y + 60);
    await page.mouse.move(box.x + 1, box.y + 60);
    await visible(page, /^v1 made active at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d by /);
    assert.deepEqual(await accessibility(page), []);
    // A part is chosen by dragging, and the address has it.
    await page.mouse.move(box.x - 200, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x - 60, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/since=.*&until=/);
    await legend.waitFor({ state: "detached" });
    await page.goBack();
    await legend.getByRole("link", { name: "v2" }).click();
    await page.waitForURL("**/functions/shop/versions?from=1&to=2");
    assert.deepEqual(errors, []);
    await context.close();
  });

  it("who may not read the audit log sees when versions were made", async () => {
    const viewer = (await ask(stage, "POST", "/keys", { name: "viewer", roles: [{ role: "viewer" }] })) as { secret: string };
    const { page, context, errors } = await openPage(stage, "/functions/shop/metrics", { key: viewer.secret });
    await page.locator(".deploys").getByText("Version made:").waitFor();
    assert.deepEqual(await page.locator(".deploys").getByRole("link").allInnerTexts(), ["v2", "v1"]);
    assert.deepEqual(errors, []);
    await context.close();
  });
});
