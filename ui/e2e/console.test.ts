import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { ask, openPage, pause, startStage, type Stage } from "./harness.ts";

let stage: Stage;
before(async () => {
  stage = await startStage();
});
after(() => stage.close());

/** Replaces the text of an editor. */
async function write(page: Page, editor: string, text: string): Promise<void> {
  await page.locator(`[aria-label="${editor}"]`).click();
  await page.keyboard.press("Control+a");
  // Not typed: the editor would indent and close brackets by itself.
  await page.keyboard.insertText(text);
}

const visible = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();

async function callTimes(name: string, times: number, event: object = {}): Promise<void> {
  for (let done = 0; done < times; done += 20) {
    await Promise.all(Array.from({ length: Math.min(20, times - done) }, () => ask(stage, "POST", `/functions/${name}/invoke`, event)));
  }
}

describe("the way of a function", { timeout: 180_000 }, () => {
  let page: Page;
  let errors: string[];
  before(async () => {
    ({ page, errors } = await openPage(stage, "/functions"));
  });
  after(async () => {
    await page.context().close();
  });

  it("an empty list says what to do, and the template that it leads to runs", async () => {
    await visible(page, "No functions yet");
    await page.getByRole("link", { name: "Create function" }).first().click();
    await page.getByLabel("Name", { exact: true }).fill("not a name");
    await page.getByLabel("Name", { exact: true }).blur();
    await visible(page, "Give it a name of 1 to 64");
    await page.getByLabel("Name", { exact: true }).fill("greeter");
    await page.getByRole("button", { name: "Create function" }).click();
    await page.waitForURL("**/ui/functions/greeter");
    await page.getByRole("button", { name: "Invoke" }).click();
    await page.getByRole("region", { name: "Result" }).getByText('"Hello, Ada!"').waitFor();
    await visible(page, "greeting Ada");
    await visible(page, "cold start");
  });

  it("Ctrl S saves a version, Ctrl Enter calls it", async () => {
    await write(page, "Code of main.py", 'def handler(event, context):\n    print("second version")\n    return {"sum": event["a"] + event["b"]}\n');
    await page.keyboard.press("Control+s");
    await visible(page, "Saved as v2.");
    await write(page, "Event", '{"a": 20, "b": 22}');
    await page.keyboard.press("Control+Enter");
    await page.getByRole("region", { name: "Result" }).getByText("42", { exact: true }).waitFor();
  });

  it("an event is saved and taken again", async () => {
    await page.getByRole("button", { name: /^Saved \(/ }).click();
    await page.getByRole("menuitem", { name: "Save this event" }).click();
    await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("forty-two");
    await page.getByRole("dialog").getByRole("button", { name: "Save this event" }).click();
    await write(page, "Event", "{}");
    await page.getByRole("button", { name: /^Saved \(/ }).click();
    await page.getByRole("menuitem", { name: "forty-two", exact: true }).click();
    await visible(page, '"b"');
  });

  it("an event that is no JSON is told before it is sent", async () => {
    await write(page, "Event", "{no");
    await visible(page, "The event is no JSON");
    assert.equal(await page.getByRole("button", { name: "Invoke" }).isDisabled(), true);
  });

  it("what breaks is shown at its line, and its run says why", async () => {
    await write(page, "Event", '{"a": 1}');
    await write(page, "Code of main.py", 'def handler(event, context):\n    total = 0\n    return total + event["missing"]\n');
    await page.keyboard.press("Control+Enter");
    await page.getByRole("region", { name: "Result" }).getByText("KeyError").first().waitFor();
    await page.locator(".cm-lint-marker-error").waitFor();
    await page.getByRole("link", { name: "Open run" }).click();
    await page.waitForURL("**/ui/runs/*");
    await visible(page, "The function failed with KeyError");
    await page.getByRole("link", { name: "main.py, line 3" }).waitFor();
    await page.getByRole("button", { name: "Run again" }).click();
    await visible(page, "Called again with the same input.");
  });

  it("rolling back shows the difference first, and then the old version answers", async () => {
    await page.goto(`${stage.url}/ui/functions/greeter/versions`);
    await page.getByRole("button", { name: "Roll back to v2" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText('event["missing"]').waitFor();
    await dialog.getByRole("button", { name: "Roll back to v2" }).click();
    await visible(page, "v2 is active now.");
    const answer = (await ask(stage, "POST", "/functions/greeter/invoke", { a: 1, b: 2 })) as { output: unknown; version: number };
    assert.deepEqual([answer.output, answer.version], [{ sum: 3 }, 2]);
  });

  it("files are added and saved together", async () => {
    await page.getByRole("navigation", { name: "Parts of the function" }).getByRole("link", { name: "Code" }).click();
    await page.getByRole("button", { name: "Add file" }).click();
    await page.getByRole("dialog").getByLabel("Path").fill("lib/words.py");
    await page.getByRole("dialog").getByRole("button", { name: "Add file" }).click();
    await write(page, "Code of lib/words.py", 'HELLO = "from another file"\n');
    await page.getByRole("tab", { name: "main.py" }).click();
    await write(page, "Code of main.py", "from lib import words\n\n\ndef handler(event, context):\n    return words.HELLO\n");
    await page.getByRole("navigation", { name: "Parts of the function" }).getByRole("link", { name: "Logs" }).click();
    await page.getByRole("navigation", { name: "Parts of the function" }).getByRole("link", { name: "Code" }).click();
    await page.getByRole("button", { name: "Save and invoke" }).click();
    await page.getByRole("region", { name: "Result" }).getByText("from another file").waitFor();
  });

  it("settings are checked while one types and make a version", async () => {
    await page.getByRole("link", { name: "Configuration" }).click();
    await page.getByLabel("Memory").fill("12");
    const save = page.getByRole("button", { name: "Save Limits" });
    assert.equal(await save.isDisabled(), true);
    await page.getByLabel("Memory").fill("192");
    await save.click();
    await visible(page, /Saved; v\d+ is active now\./);
    const view = (await ask(stage, "GET", "/functions/greeter")) as { memory_mb: number };
    assert.equal(view.memory_mb, 192);
    await page.getByRole("button", { name: "Add a variable" }).click();
    await page.getByLabel("Name of variable 1").fill("NOVA_NO");
    assert.equal(await page.getByRole("button", { name: "Save Environment" }).isDisabled(), true);
    await page.getByLabel("Name of variable 1").fill("MODE");
    await page.getByLabel("Value of variable 1").fill("test");
    await page.getByRole("button", { name: "Save Environment" }).click();
    await page.waitForFunction(() => !document.body.innerText.includes("Save Environment"));
    assert.deepEqual(((await ask(stage, "GET", "/functions/greeter")) as { env_vars: object }).env_vars, { MODE: "test" });
  });

  it("files are uploaded, several of them or a folder's archive", async () => {
    await page.goto(`${stage.url}/ui/functions/new?from=upload`);
    const files = [
      { name: "main.py", mimeType: "text/x-python", buffer: Buffer.from("import words\n\n\ndef handler(event, context):\n    return words.HELLO\n") },
      { name: "words.py", mimeType: "text/x-python", buffer: Buffer.from('HELLO = "from an upload"\n') },
    ];
    await page.locator("input[type=file]").setInputFiles(files);
    await visible(page, "main.py, words.py");
    await page.getByLabel("Name", { exact: true }).fill("uploaded");
    await page.getByRole("button", { name: "Create function" }).click();
    await page.waitForURL("**/ui/functions/uploaded");
    assert.equal(((await ask(stage, "POST", "/functions/uploaded/invoke", {})) as { output: unknown }).output, "from an upload");
    // Away from its page first: that would ask for what is no more, which browsers log.
    await page.goto(`${stage.url}/ui/functions/new?from=upload`);
    await ask(stage, "DELETE", "/functions/uploaded");
    await page.locator("input[type=file]").setInputFiles({ name: "nonsense.zip", mimeType: "application/zip", buffer: Buffer.from("this is no archive") });
    await page.getByLabel("Name", { exact: true }).fill("broken");
    await page.getByRole("button", { name: "Create function" }).click();
    await page.getByRole("alert").getByText(/archive/).first().waitFor();
    errors.splice(0, errors.length, ...errors.filter((error) => !error.includes("400")));
    await page.goto(`${stage.url}/ui/functions/greeter/configuration`);
  });

  it("deleting asks for the name", async () => {
    await ask(stage, "POST", "/functions/greeter/aliases", { name: "live", version: 2 });
    await page.getByRole("button", { name: "Delete greeter" }).click();
    const dialog = page.getByRole("dialog");
    const act = dialog.getByRole("button", { name: "Delete greeter" });
    await dialog.getByText("Its alias goes with it: live.").waitFor();
    assert.equal(await act.isDisabled(), true);
    await dialog.getByRole("textbox").fill("greeter");
    await act.click();
    await page.waitForURL("**/ui/functions");
    await visible(page, "No functions yet");
  });

  it("no page logged an error", () => assert.deepEqual(errors, []));
});

describe("live views", { timeout: 120_000 }, () => {
  before(async () => {
    const code = 'import time\n\n\ndef handler(event, context):\n    for number in range(event.get("times", 5)):\n        print(event.get("tag", "line"), number)\n        yield f"word{number} "\n        time.sleep(event.get("pause", 0.01))\n';
    await ask(stage, "POST", "/functions", { name: "talker", runtime: "python", handler: "main.handler", code });
  });

  it("output is shown as it comes, and Stop ends the call", async () => {
    const { page, context, errors } = await openPage(stage, "/functions/talker");
    await page.getByLabel("Stream").check();
    await write(page, "Event", '{"times": 400, "pause": 0.05}');
    await page.getByRole("button", { name: "Invoke" }).click();
    await visible(page, /word2 /);
    assert.equal(await page.getByText("Running").isVisible(), true, "it is shown before the call has ended");
    await page.getByRole("button", { name: "Stop" }).click();
    await visible(page, "Cancelled");
    const stopped = async () => {
      const runs = (await ask(stage, "GET", "/runs?function=talker&limit=1")) as { items: { status: string }[] };
      return runs.items[0]?.status;
    };
    for (let tries = 0; tries < 50 && (await stopped()) !== "cancelled"; tries += 1) await pause(100);
    assert.equal(await stopped(), "cancelled");
    assert.deepEqual(errors, []);
    await context.close();
  });

  it("lines of a call that still runs are in the log as they are printed", async () => {
    const { page, context, errors } = await openPage(stage, "/functions/talker/logs");
    await visible(page, "Live");
    let over = false;
    const call = ask(stage, "POST", "/functions/talker/invoke", { times: 40, tag: "going", pause: 0.1 }).finally(() => (over = true));
    await visible(page, "going 1");
    assert.equal(over, false, "the call has not ended yet");
    await call;
    await visible(page, "going 39");
    const lines = await page.locator(".log-line .text").allInnerTexts();
    assert.equal(lines.filter((line) => line === "going 1").length, 1, "no line is there twice");
    await page.locator(".logs-scroll").hover();
    await page.mouse.wheel(0, -400);
    const end = page.getByRole("button", { name: "To the newest line" });
    await end.waitFor();
    await end.click();
    await end.waitFor({ state: "detached" });
    assert.deepEqual(errors, []);
    await context.close();
  });

  it("a log is followed, searched, paused, and goes on where it broke", async () => {
    const { page, context } = await openPage(stage, "/functions/talker/logs");
    await visible(page, "Live");
    await ask(stage, "POST", "/functions/talker/invoke", { times: 3, tag: "first" });
    await visible(page, "first 2");
    await page.getByRole("button", { name: "Pause" }).click();
    await ask(stage, "POST", "/functions/talker/invoke", { times: 6, tag: "second" });
    await page.getByRole("button", { name: /Go on \([1-9]/ }).waitFor();
    assert.equal(await page.getByText("second 5").count(), 0);
    await page.getByRole("button", { name: /Go on/ }).click();
    await visible(page, "second 5");
    await page.getByLabel("Search lines").fill("second 5");
    await visible(page, "1 line");
    await page.waitForURL("**q=second+5*");
    await page.getByLabel("Search lines").fill("");

    if (process.env.NOVA_TEST_UI_URL) return context.close();
    await stage.crash();
    await visible(page, "Not connected");
    await stage.restart();
    await ask(stage, "POST", "/functions/talker/invoke", { times: 8, tag: "third" });
    await visible(page, "third 7");
    const lines = await page.locator(".log-line .text").allInnerTexts();
    const count = (text: string) => lines.filter((line) => line === text).length;
    assert.deepEqual(["second 4", "second 5", "third 0", "third 7"].map(count), [1, 1, 1, 1], "nothing is lost or doubled");
    await context.close();
  });

  it("a lost server is told, with what was there still shown, and mended", async () => {
    if (process.env.NOVA_TEST_UI_URL) return;
    const { page, context } = await openPage(stage, "/functions");
    await visible(page, "talker");
    await stage.crash();
    await page.getByLabel("Search name, description, tags").fill("talk");
    await page.getByText("The server has not answered since").waitFor();
    await stage.restart();
    await page.getByText("The server has not answered since").waitFor({ state: "detached" });
    await visible(page, "talker");
    await context.close();
  });
});

describe("lists, keys and states", { timeout: 120_000 }, () => {
  before(async () => {
    await ask(stage, "POST", "/functions", { name: "busy", runtime: "python", handler: "main.handler", code: 'def handler(event, context):\n    if event.get("fail"):\n        raise ValueError("as asked")\n    return 1\n', instance_concurrency: 20 });
    await callTimes("busy", 600);
    await callTimes("busy", 2, { fail: true });
  });

  it("a long list keeps few rows, loads as one scrolls, and filters are in the address", async () => {
    const { page, context, errors } = await openPage(stage, "/runs?function=busy");
    await page.locator(".table-row").first().waitFor();
    for (let tries = 0; tries < 40; tries += 1) {
      await page.locator(".table-scroll").evaluate((box) => box.scrollTo(0, box.scrollHeight));
      if (await page.getByText("That is all: 602.").isVisible()) break;
      await pause(100);
    }
    await visible(page, "That is all: 602.");
    assert.ok((await page.locator(".table-row").count()) < 80, "only rows in view exist");
    await page.getByLabel("State").selectOption("failed");
    await page.waitForURL("**status=failed*");
    await visible(page, "That is all: 2.");
    await page.goBack();
    await page.goForward();
    await page.reload();
    await visible(page, "That is all: 2.");
    await page.getByRole("button", { name: "Remove the filter function:busy" }).click();
    await page.waitForURL((url) => !url.search.includes("function"));
    await page.getByLabel("Function", { exact: true }).fill("busy");
    await page.keyboard.press("Enter");
    await page.waitForURL("**function=busy*");
    await visible(page, "That is all: 2.");
    assert.deepEqual(errors, []);
    await context.close();
  });

  it("a list of 10,000 rows stays fluid", async () => {
    const { page, context, errors } = await openPage(stage, "/settings");
    const one = ((await ask(stage, "GET", "/functions?limit=1")) as { items: object[] }).items[0];
    await page.route("**/functions?*", (route) => {
      const from = Number(new URL(route.request().url()).searchParams.get("cursor") ?? 0);
      const items = Array.from({ length: 100 }, (_, index) => ({ ...one, id: `id-${from + index}`, name: `function-${String(from + index).padStart(5, "0")}` }));
      return route.fulfill({ contentType: "application/json", body: JSON.stringify({ items, next_cursor: from + 100 < 10_000 ? String(from + 100) : null }) });
    });
    await page.getByRole("link", { name: "Functions" }).click();
    await page.locator(".table-row").first().waitFor();
    const ended = Date.now() + 60_000;
    while (!(await page.getByText("That is all: 10000.").isVisible()) && Date.now() < ended) {
      await page.locator(".table-scroll").evaluate((box) => box.scrollTo(0, box.scrollHeight));
      await pause(20);
    }
    await visible(page, "That is all: 10000.");
    await page.locator(".table-scroll").evaluate((box) => box.scrollTo(0, box.scrollHeight));
    await visible(page, "function-09999");
    assert.ok((await page.locator(".table-row").count()) < 80, "only rows in view exist");
    // From end to end, a step a frame. How long a frame takes depends on the machine and is only told;
    // what keeps it short is that few rows exist at any place, and that no frame shows an empty place.
    const steps = await page.locator(".table-scroll").evaluate(async (box) => {
      const seen: { took: number; rows: number; filled: boolean }[] = [];
      let last = performance.now();
      for (let step = 0; step < 60; step += 1) {
        box.scrollTo(0, ((box.scrollHeight - box.clientHeight) * (59 - step)) / 59);
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        const frame = box.getBoundingClientRect();
        const middle = frame.top + frame.height / 2;
        const rows = [...box.querySelectorAll(".table-row")].map((row) => row.getBoundingClientRect());
        seen.push({ took: now - last, rows: rows.length, filled: rows.some((row) => row.top <= middle && middle <= row.bottom) });
        last = now;
      }
      return seen;
    });
    const took = steps.map((step) => step.took / 2).sort((a, b) => a - b);
    console.log(`10,000 rows: a frame takes ${took[30]?.toFixed(0)} ms, the slowest of 60 ${took.at(-1)?.toFixed(0)} ms`);
    assert.ok(Math.max(...steps.map((step) => step.rows)) < 80, "only rows in view exist, wherever one scrolls");
    assert.deepEqual(steps.filter((step) => !step.filled), [], "two frames after a jump its rows are there");
    await page.keyboard.press("j");
    await page.locator("[data-current]").waitFor();
    assert.deepEqual(errors, []);
    await context.close();
  });

  it("new runs wait while one has scrolled, and flow in at the top", async () => {
    const { page, context } = await openPage(stage, "/runs?function=busy");
    await page.locator(".table-row").first().waitFor();
    await page.locator(".table-scroll").evaluate((box) => box.scrollTo(0, 2000));
    await callTimes("busy", 3);
    await page.getByRole("button", { name: "3 new" }).click();
    await page.getByRole("button", { name: "3 new" }).waitFor({ state: "detached" });
    await callTimes("busy", 1, { fail: true });
    await page.locator(".table-row", { hasText: "as asked" }).first().waitFor();
    await context.close();
  });

  it("everything is reached by keyboard", async () => {
    const { page, context, errors } = await openPage(stage, "/");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("busy");
    await page.getByRole("option", { name: /busy/ }).first().waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL("**/ui/functions/busy");
    await page.getByRole("heading", { name: "busy" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("r");
    await page.waitForURL("**/ui/runs");
    await page.locator(".table-row").first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/ui/runs/*");
    await page.keyboard.press("g");
    await page.keyboard.press("f");
    // The page before has rows too, and no search.
    await page.waitForURL("**/ui/functions");
    await page.getByRole("heading", { name: "Functions" }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("talk");
    await page.waitForURL("**q=talk*");
    await page.getByRole("heading", { name: "Functions" }).click();
    await page.keyboard.press("?");
    await page.waitForURL("**/ui/settings#keys");
    assert.deepEqual(errors, []);
    await context.close();
  });

  it("what fails is on the overview with its runs, in either language", async () => {
    const { page, context } = await openPage(stage, "/");
    await visible(page, /thing is failing|things are failing/);
    await page.getByRole("link", { name: "3 times" }).click();
    await page.waitForURL("**/ui/runs?function=busy&status=failed&error=ValueError");
    await page.getByRole("button", { name: "Language" }).click();
    await page.getByRole("menuitemradio", { name: "简体中文" }).click();
    await page.getByRole("heading", { name: "运行" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "运行" }).waitFor();
    assert.equal(await page.getAttribute("html", "lang"), "zh-CN");
    await context.close();
  });

  it("an address of no page says so, in its title too", async () => {
    const { page, context } = await openPage(stage, "/nowhere");
    await page.getByRole("navigation", { name: "Where you are" }).getByText("Nothing here").waitFor();
    assert.equal(await page.title(), "Nothing here · Nova");
    await page.getByRole("link", { name: "To the overview" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await context.close();
  });

  it("at 390 px a list says why a run failed, and buttons and results are in sight", async () => {
    const { page, context } = await openPage(stage, "/runs?status=failed", { width: 390, height: 800 });
    await page.locator(".table-row", { hasText: "ValueError: as asked" }).first().waitFor();
    await page.goto(`${stage.url}/ui/functions/busy/runs?status=failed`);
    await page.locator(".table-row", { hasText: "ValueError: as asked" }).first().waitFor();
    await ask(stage, "POST", "/functions", { name: "pocket", runtime: "python", handler: "main.handler", code: "def handler(event, context):\n    return 1\n" });
    await ask(stage, "PATCH", "/functions/pocket", { memory_mb: 192 });
    await page.goto(`${stage.url}/ui/functions/pocket/versions`);
    await page.getByRole("link", { name: "Code" }).click();
    await page.getByRole("button", { name: "Invoke" }).click();
    await page.getByText("Succeeded").first().waitFor();
    const result = await page.getByRole("region", { name: "Result" }).getByRole("status").boundingBox();
    assert.ok(result && result.y > 0 && result.y + result.height < 800, `the result is out of sight: ${JSON.stringify(result)}`);
    await page.getByRole("link", { name: "Versions" }).click();
    const button = await page.getByRole("button", { name: /^Roll back to v/ }).boundingBox();
    assert.ok(button && button.x >= 0 && button.x + button.width <= 390, JSON.stringify(button));
    await context.close();
  });

  it("errors show what to do and the request id; no permission is told apart", async () => {
    const { page, context } = await openPage(stage, "/settings");
    const problem = (status: number, code: string) => ({
      status,
      contentType: "application/problem+json",
      body: JSON.stringify({ type: "x", title: "t", status, detail: "the database does not answer; look at its log", code, request_id: "01REQUEST", retryable: false }),
    });
    await page.route("**/functions?*", (route) => route.fulfill(problem(503, "unavailable")));
    await page.getByRole("link", { name: "Functions" }).click();
    await visible(page, "the database does not answer; look at its log");
    await visible(page, "01REQUEST");
    await page.unroute("**/functions?*");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".table-row").first().waitFor();
    await page.route("**/runs?*", (route) => route.fulfill(problem(403, "permission_denied")));
    await page.getByRole("link", { name: "Runs" }).click();
    await visible(page, "You may not see or do this.");
    await context.close();
  });

  it("no page asks for the same thing more often than every 5 s", async () => {
    const context = await stage.browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(12_000);
    // The page's clock is turned by hand: half a minute in steps that are shorter than 5 s.
    await page.clock.install();
    const often: string[] = [];
    for (const path of ["/", "/functions", "/runs", "/jobs", "/functions/busy", "/functions/busy/metrics", "/functions/busy/access", "/functions/busy/logs", "/functions/busy/traffic", "/quotas", "/audit", "/system"]) {
      await page.goto(`${stage.url}/ui${path}`);
      await page.locator("h1").first().waitFor();
      await page.clock.runFor(1000);
      await page.waitForLoadState("networkidle").catch(() => {});
      const asked = new Map<string, number>();
      const count = (request: { url(): string }) => asked.set(request.url(), (asked.get(request.url()) ?? 0) + 1);
      page.on("request", count);
      for (let step = 0; step < 15; step += 1) {
        await page.clock.runFor(2000);
        await pause(20);
      }
      page.off("request", count);
      for (const [url, times] of asked) if (times > 6) often.push(`${path}: ${times} times ${url}`);
      if (path === "/runs") assert.ok([...asked.keys()].some((url) => url.includes("/runs?")), "new runs are looked for");
    }
    assert.deepEqual(often, []);
    await context.close();
  });

  it("the overview is usable within a second and does not jump", async () => {
    const times: number[] = [];
    let shift = 0;
    for (let tries = 0; tries < 4; tries += 1) {
      const { page, context } = await openPage(stage, "/settings");
      await page.getByRole("heading", { name: "Settings" }).waitFor();
      const began = performance.now();
      await page.goto(`${stage.url}/ui/`);
      await page.getByText("Median duration").waitFor();
      await page.locator(".plain-table tr").first().waitFor();
      times.push(performance.now() - began);
      await pause(400);
      shift = await page.evaluate(
        () =>
          new Promise<number>((resolve) => {
            let sum = 0;
            new PerformanceObserver((list) => {
              for (const entry of list.getEntries()) sum += (entry as unknown as { value: number }).value;
            }).observe({ type: "layout-shift", buffered: true });
            setTimeout(() => resolve(sum), 100);
          }),
      );
      await context.close();
    }
    console.log(`overview: ${times.map((time) => time.toFixed(0)).join(", ")} ms; layout shift ${shift.toFixed(3)}`);
    assert.ok(Math.min(...times) < 1000, `it took ${times.join(", ")} ms`);
    assert.ok(shift < 0.1, `layout shift ${shift}`);
  });
});

describe("how the files are served", () => {
  it("pages of the console are protected, and their files kept", async () => {
    if (process.env.NOVA_TEST_UI_URL || process.env.NOVA_TEST_CONSOLE) return;
    const index = await fetch(`${stage.url}/`, { headers: { accept: "text/html,*/*" } });
    assert.equal(new URL(index.url).pathname, "/ui/");
    assert.equal(index.headers.get("cache-control"), "no-cache");
    const policy = index.headers.get("content-security-policy") ?? "";
    assert.match(policy, /script-src 'self';/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.equal(index.headers.get("x-content-type-options"), "nosniff");
    const html = await index.text();
    assert.doesNotMatch(html, /<script(?![^>]*src=)/, "no script within the page");
    const script = /src="(\/ui\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? "";
    const file = await fetch(stage.url + script, { headers: { "accept-encoding": "br" } });
    assert.equal(file.headers.get("content-encoding"), "br");
    assert.match(file.headers.get("cache-control") ?? "", /immutable/);
    const again = await fetch(`${stage.url}/ui/`, { headers: { "if-none-match": index.headers.get("etag") ?? "" } });
    assert.equal(again.status, 304);
    assert.equal((await fetch(`${stage.url}/ui/assets/gone.js`)).status, 404);
  });
});
