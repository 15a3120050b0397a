/**
 * A function serves a hostile page, and an administrator opens it. The page tries everything that a page
 * can to read or change something on the control side, on another port of the same host.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import { ask, pause, startStage, type Stage } from "./harness.ts";

/** What nobody outside may ever see. */
const CANARY = "canary-4711";

/** The function: a page, what it was sent, and cookies for the console. */
const CODE = `
PAGE = open("/code/page.html").read()


def handler(event, context):
    if event["path"] == "/echo":
        return {"cookies": event["cookies"], "headers": event["headers"]}
    if event["path"] == "/cookies":
        return {
            "statusCode": 200,
            "cookies": [
                "nova_session=evil; Path=/",
                "nova_session=evil; Path=/; HttpOnly; SameSite=Strict",
                "=nova_session=evil",
                "__Host-nova_session=evil; Path=/; Secure",
                "harmless=1; Path=/",
            ],
            "headers": {"Clear-Site-Data": '"*"', "Strict-Transport-Security": "max-age=99", "Service-Worker-Allowed": "/"},
            "body": "set",
        }
    if event["path"] == "/worker.js":
        return {"statusCode": 200, "headers": {"Content-Type": "text/javascript", "Service-Worker-Allowed": "/"}, "body": "self.onfetch = () => {}"}
    return {"statusCode": 200, "headers": {"Content-Type": "text/html"}, "body": PAGE}
`;

/** The attacks; each says what it got. Runs in the browser. */
async function attack(control: string): Promise<Record<string, string>> {
  const got: Record<string, string> = {};
  const note = async (name: string, act: () => unknown) => {
    try {
      got[name] = String(await act());
    } catch (error) {
      got[name] = `refused: ${error}`;
    }
  };
  const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const json = JSON.stringify({ name: "pwned", runtime: "python", handler: "main.handler", code: "def handler(e, c): return 1" });

  // Reading.
  for (const path of ["/functions", "/functions/victim", "/auth/me", "/secrets", "/keys", "/system", "/runs", "/metrics", "/ui/", "/openapi.json", "/health"]) {
    await note(`read ${path}`, async () => (await fetch(control + path, { credentials: "include" })).text());
    await note(`read v1 ${path}`, async () => (await fetch(`${control}/v1${path}`, { credentials: "include", headers: { "x-nova-console": "1" } })).text());
    await note(`blind ${path}`, async () => {
      const response = await fetch(control + path, { credentials: "include", mode: "no-cors" });
      return `${response.type} ${await response.text()}`;
    });
  }
  await note("xhr", () => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", `${control}/functions`);
    request.withCredentials = true;
    request.onload = () => resolve(request.responseText);
    request.onerror = () => reject(new Error("xhr"));
    request.send();
  }));

  // Writing.
  const writes: [string, string, string][] = [
    ["POST", "/functions", json],
    ["POST", "/functions/victim/invoke", "{}"],
    ["POST", "/functions/victim/invoke-stream", "{}"],
    ["POST", "/keys", JSON.stringify({ name: "pwned", roles: [{ role: "owner" }] })],
    ["POST", "/auth/sign-out", ""],
    ["POST", "/secrets", JSON.stringify({ name: "pwned", value: "x12345678" })],
  ];
  for (const [method, path, body] of writes) {
    for (const type of ["text/plain", "application/json", "application/x-www-form-urlencoded"]) {
      for (const mode of ["cors", "no-cors"] as const) {
        await note(`${mode} ${method} ${path} ${type}`, async () => {
          const response = await fetch(control + path, { method, body, mode, credentials: "include", headers: { "content-type": type } });
          return `${response.type} ${await response.text()}`;
        });
      }
    }
    await note(`beacon ${path}`, () => navigator.sendBeacon(control + path, new Blob([body], { type: "text/plain" })) && "queued");
  }
  for (const [method, path] of [["DELETE", "/functions/victim"], ["PATCH", "/functions/victim"], ["PUT", "/functions/victim/code"]]) {
    await note(`${method} ${path}`, async () => (await fetch(control + path, { method, body: "{}", credentials: "include" })).text());
  }
  for (const enctype of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
    for (const path of ["/functions", "/functions/victim/invoke", "/auth/sign-out", "/auth/sign-in"]) {
      const frame = document.createElement("iframe");
      frame.name = `f${Math.random()}`;
      frame.setAttribute("sandbox", "allow-forms allow-scripts");
      const form = document.createElement("form");
      Object.assign(form, { method: "post", action: control + path, enctype, target: frame.name });
      const field = document.createElement("input");
      // As text/plain this is NAME=VALUE: one JSON object.
      field.name = `${json.slice(0, -1)},"description":"`;
      field.value = '"}';
      form.append(field);
      document.body.append(frame, form);
      form.submit();
    }
  }

  // Parts of the page.
  const element = (tag: string, attribute: string, path: string) => new Promise((resolve) => {
    const part = document.createElement(tag);
    part.onload = () => resolve("loaded");
    part.onerror = () => resolve("refused");
    if (tag === "link") part.setAttribute("rel", "stylesheet");
    part.setAttribute(attribute, control + path);
    document.body.append(part);
    setTimeout(() => resolve("nothing"), 4000);
  });
  for (const path of ["/functions", "/auth/me", "/ui/"]) {
    await note(`img ${path}`, () => element("img", "src", path));
    await note(`script ${path}`, () => element("script", "src", path));
    await note(`style ${path}`, () => element("link", "href", path));
  }
  for (const path of ["/ui/", "/functions", "/docs/"]) {
    await note(`frame ${path}`, async () => {
      const frame = document.createElement("iframe");
      frame.src = control + path;
      document.body.append(frame);
      await later(1500);
      return `read: ${frame.contentWindow?.document.body.innerHTML} ${frame.contentDocument?.body.innerHTML}`;
    });
  }

  // Windows.
  await note("window", async () => {
    const opened = window.open(`${control}/ui/`);
    if (!opened) return "refused: no window";
    await later(2500);
    try {
      return `read: ${opened.document.body.innerHTML}`;
    } finally {
      try {
        opened.postMessage({ act: "delete" }, "*");
      } catch {
        // Cut off already.
      }
    }
  });

  // Sockets and streams.
  await note("socket", () => new Promise((resolve, reject) => {
    const socket = new WebSocket(`${control.replace("http", "ws")}/functions/victim/logs?follow=true`);
    socket.onopen = () => resolve("opened");
    socket.onmessage = (event) => resolve(`read: ${event.data}`);
    socket.onerror = () => reject(new Error("socket"));
  }));
  await note("events", () => new Promise((resolve, reject) => {
    const events = new EventSource(`${control}/functions/victim/logs?follow=true&tail=10`, { withCredentials: true });
    events.onopen = () => resolve("opened");
    events.onmessage = (event) => resolve(`read: ${event.data}`);
    events.onerror = () => {
      events.close();
      reject(new Error("events"));
    };
  }));

  // Cookies are of the host, whatever the port.
  await note("cookie", () => document.cookie);
  for (const text of ["nova_session=evil; path=/", "nova_session=evil1; path=/functions", "nova_session=evil2; path=/auth", "=nova_session=evil3; path=/", "__Host-nova_session=evil; path=/; Secure", "nova_session=; path=/; max-age=0"]) {
    document.cookie = text;
  }
  await note("set by the answer", async () => (await fetch("cookies")).text());
  await note("sent to the function", async () => (await fetch("echo", { credentials: "include" })).text());
  await note("worker over all", async () => (await navigator.serviceWorker.register("worker.js", { scope: "/" })).scope);
  await later(1000);
  return got;
}

interface World {
  stage: Stage;
  content: string;
  context: BrowserContext;
  page: Page;
  secret: string;
}

async function setUp(guarded: boolean): Promise<World> {
  const stage = await startStage({ guarded, flags: ["--host-resolver-rules=MAP evil.test 127.0.0.1"] });
  await ask(stage, "POST", "/functions", { name: "victim", runtime: "python", handler: "main.handler", code: "def handler(event, context):\n    return 1\n", env_vars: { TOKEN: CANARY } });
  await ask(stage, "POST", "/secrets", { name: CANARY, value: CANARY });
  const page = "<!doctype html><title>nice</title><body>hello";
  await ask(stage, "POST", "/functions", { name: "evil", runtime: "python", handler: "main.handler", files: { "main.py": CODE, "page.html": page }, http: "public" });
  const { url } = (await ask(stage, "GET", "/functions/evil/url")) as { url: string };
  const context = await stage.browser.newContext();
  if (guarded) {
    const signed = await context.request.post(`${stage.url}/auth/sign-in`, { data: { key: stage.key } });
    assert.equal(signed.status(), 200);
  }
  const cookies = await context.cookies(stage.url);
  return { stage, content: url, context, page: await context.newPage(), secret: cookies[0]?.value ?? "" };
}

/** What a change would leave behind. */
async function state(stage: Stage): Promise<unknown> {
  const list = async (path: string) => ((await ask(stage, "GET", path)) as { items: Record<string, unknown>[] }).items;
  return {
    functions: (await list("/functions")).map((one) => [one.name, one.revision]),
    runs: (await list("/runs?function=victim")).length,
    secrets: (await list("/secrets")).map((one) => [one.name, one.revision]),
    keys: (await list("/keys")).map((one) => one.name),
  };
}

for (const guarded of [true, false]) {
  describe(`a hostile page ${guarded ? "before a signed-in administrator" : "with --dev"}`, { timeout: 240_000 }, () => {
    let world: World;
    let before_: unknown;
    let got: Record<string, string>;
    before(async () => {
      world = await setUp(guarded);
      before_ = await state(world.stage);
      await world.page.goto(`${world.content}/`);
      assert.equal(await world.page.innerText("body"), "hello");
      got = await world.page.evaluate(attack, world.stage.url);
    });
    after(() => world.stage.close());

    it("reads nothing of the control side", () => {
      assert.ok(Object.keys(got).length > 80, "the attacks were made");
      for (const [name, text] of Object.entries(got)) {
        assert.doesNotMatch(text, new RegExp(CANARY), `${name} reads what only the owner may`);
        if (/^(read|blind|xhr|cors|no-cors|DELETE|PATCH|PUT|window|frame|socket|events)/.test(name)) assert.match(text, /^refused/, name);
        if (/^(img|script|style)/.test(name)) assert.equal(text, "refused", name);
      }
    });

    it("changes nothing there", async () => {
      assert.deepEqual(await state(world.stage), before_);
    });

    it("learns no session, and can neither replace nor end it", async () => {
      if (guarded) assert.match(world.secret, /^novas_/, "there is a session");
      assert.doesNotMatch(JSON.stringify(got), /novas_/);
      assert.equal(JSON.parse(got["sent to the function"] ?? "{}").headers.cookie, undefined);
      const cookies = await world.context.cookies(world.stage.url);
      assert.ok(cookies.some((one) => one.name === "harmless"), "other cookies are the function's own business");
      const kept = cookies.filter((one) => one.name === "nova_session" && one.httpOnly);
      assert.deepEqual(kept.map((one) => one.value), guarded ? [world.secret] : []);
      // The console goes on working, with all that was planted.
      const page = await world.context.newPage();
      await page.goto(`${world.stage.url}/ui/`);
      const me = await page.evaluate(async () => {
        const response = await fetch("/auth/me");
        return { status: response.status, text: await response.text() };
      });
      assert.equal(me.status, 200, me.text);
      await page.close();
    });

    it("is cut off from windows that it opens", async () => {
      assert.match(got.window ?? "", /^refused/);
      const opened = world.context.pages().find((page) => page.url().startsWith(`${world.stage.url}/ui`));
      if (opened) assert.equal(await opened.evaluate(() => window.opener === null), true);
    });

    it("takes over no other function's pages", () => assert.match(got["worker over all"] ?? "", /^refused/));

    it("is no page of the control side under another name", async () => {
      const port = (url: string) => new URL(url).port;
      const page = await world.context.newPage();
      const control = await page.goto(`http://evil.test:${port(world.stage.url)}/functions`);
      assert.ok([401, 403].includes(control?.status() ?? 0), `answers ${control?.status()}`);
      assert.doesNotMatch(await page.content(), new RegExp(CANARY));
      const content = await page.goto(`http://evil.test:${port(world.content)}/fn/evil/`);
      assert.equal(content?.status(), guarded ? 200 : 403, "with --dev only names of this machine are answered to");
      await page.close();
    });

    it("learns nothing by following links", async () => {
      await pause(200);
      const page = await world.context.newPage();
      await page.goto(`${world.content}/`);
      const [popup] = await Promise.all([world.context.waitForEvent("page"), page.evaluate((control) => void window.open(`${control}/functions/victim/invoke`), world.stage.url)]);
      await popup.waitForLoadState();
      assert.deepEqual(await state(world.stage), before_, "a link calls nothing");
      await page.close();
    });
  });
}
