import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, mkdir, readFile, rm } from "node:fs/promises";
import { createServer as createHttpServer, request as httpRequest } from "node:http";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

const require = createRequire(import.meta.url);

/** A server with its own data, and a browser. */
export interface Stage {
  url: string;
  /** A key that may do everything; empty with --dev. */
  key: string;
  browser: Browser;
  /** Ends the server at once, as a crash would. */
  crash(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}

export interface Setting {
  /** Without --dev: a key is needed, and `Stage.key` is the first one. */
  guarded?: boolean;
  /** Further flags of the browser. */
  flags?: string[];
}

export async function startStage({ guarded = false, flags = [] }: Setting = {}): Promise<Stage> {
  const browser = await chromium.launch({
    executablePath: process.env.NOVA_TEST_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", ...flags],
  });
  // A server that runs already, for work on the tests.
  const given = process.env.NOVA_TEST_UI_URL;
  if (given) return { url: given, browser, key: "", crash: async () => {}, restart: async () => {}, close: () => browser.close() };

  const binary = process.env.NOVA_TEST_BINARY;
  if (!binary) throw new Error("NOVA_TEST_BINARY names the nova binary whose console is tested");
  const port = await freePort();
  const data = await mkdtemp(join(tmpdir(), "nova-ui-"));
  const url = `http://127.0.0.1:${port}`;
  let server: ChildProcess | undefined;
  let output = "";
  const start = async () => {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("NOVA_")));
    server = spawn(binary, ["serve", ...(guarded ? [] : ["--dev"]), "--listen", `127.0.0.1:${port}`, "--content-listen", "127.0.0.1:0", "--data-dir", data], { env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [server.stdout, server.stderr]) stream?.on("data", (chunk: Buffer) => (output = (output + chunk.toString()).slice(-20_000)));
    for (let tries = 0; tries < 300; tries += 1) {
      if (server.exitCode !== null) throw new Error(`nova ended:\n${output}`);
      const ready = await fetch(`${url}/health/ready`).catch(() => null);
      if (ready?.ok) return;
      await pause(100);
    }
    throw new Error(`nova was not ready within 30 s:\n${output}`);
  };
  const end = async (signal: NodeJS.Signals) => {
    const child = server;
    server = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    const late = setTimeout(() => child.kill("SIGKILL"), 30_000);
    await ended;
    clearTimeout(late);
  };
  await start();
  const key = guarded ? (/^\s+(nova_\S+)$/m.exec(output)?.[1] ?? "") : "";
  if (guarded && !key) throw new Error(`no first key was shown:\n${output}`);
  const folder = process.env.NOVA_TEST_CONSOLE;
  const front = folder ? await standBefore(url, folder) : undefined;
  return {
    url: front?.url ?? url,
    key,
    browser,
    crash: () => end("SIGKILL"),
    restart: start,
    async close() {
      await browser.close();
      front?.close();
      await end("SIGTERM");
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** Stands before the server and serves the console from `folder`, for work on it without building the binary. */
async function standBefore(target: string, folder: string): Promise<{ url: string; close(): void }> {
  const { host } = new URL(target);
  const types: Record<string, string> = { html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", svg: "image/svg+xml" };
  const front = createHttpServer((request, response) => {
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    if (path === "/ui" || path.startsWith("/ui/")) {
      const name = path.slice(4);
      const file = /\.\w+$/.test(name) ? name : "index.html";
      readFile(join(folder, file)).then(
        (data) => response.setHeader("content-type", types[file.slice(file.lastIndexOf(".") + 1)] ?? "application/octet-stream").end(data),
        () => response.writeHead(404).end(),
      );
      return;
    }
    const own = `http://${request.headers.host}`;
    const headers = { ...request.headers, host, ...(request.headers.origin === own ? { origin: target } : {}) };
    const onward = httpRequest(target + request.url, { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      answer.on("error", () => response.destroy());
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  const address = front.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  return { url: `http://127.0.0.1:${address.port}`, close: () => (front.close(), front.closeAllConnections()) };
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export interface Look {
  theme?: "light" | "dark";
  language?: "en" | "zh";
  width?: number;
  height?: number;
  /** Signs in with that key first. */
  key?: string;
}

/** A page that fails its test when the console logs an error. */
export async function openPage(stage: Stage, path: string, look: Look = {}): Promise<{ page: Page; context: BrowserContext; errors: string[] }> {
  const context = await stage.browser.newContext({ viewport: { width: look.width ?? 1360, height: look.height ?? 860 }, reducedMotion: "reduce", timezoneId: "UTC", locale: "en-GB" });
  await context.addInitScript(
    ([theme, language]) => {
      // Not in about:blank, where one comes by going back.
      if (location.protocol === "http:" && !localStorage.getItem("nova.preferences")) localStorage.setItem("nova.preferences", JSON.stringify({ theme, language }));
    },
    [look.theme ?? "light", look.language ?? "en"] as const,
  );
  const page = await context.newPage();
  page.setDefaultTimeout(12_000);
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || (message.type() === "warning" && /react/i.test(message.text()))) errors.push(`${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => errors.push(String(error.stack ?? error)));
  if (look.key) {
    const signedIn = await context.request.post(`${stage.url}/auth/sign-in`, { data: { key: look.key } });
    if (!signedIn.ok()) throw new Error(`sign-in: ${signedIn.status()}`);
  }
  await page.goto(`${stage.url}/ui${path}`);
  return { page, context, errors };
}

/** Serious and critical findings of axe on the page as it is now. */
export async function accessibility(page: Page): Promise<string[]> {
  const source = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(source);
  return page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: { run: (options: object) => Promise<{ violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[] }> } }).axe;
    const found = await axe.run({ resultTypes: ["violations"] });
    return found.violations
      .filter((one) => one.impact === "serious" || one.impact === "critical")
      .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 200)} ${node.failureSummary.replace(/\s+/g, " ").slice(0, 300)}`).join(" | ")}`);
  });
}

/** Where screenshots go. */
export async function shotFolder(): Promise<string> {
  const folder = process.env.NOVA_TEST_SHOTS ?? join(tmpdir(), "nova-ui-shots");
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Sends JSON to the server, beside the browser. */
export async function ask(stage: Stage, method: string, path: string, body?: unknown, scope?: { tenant?: string; namespace?: string }): Promise<unknown> {
  const headers = {
    "content-type": "application/json",
    ...(stage.key ? { authorization: `Bearer ${stage.key}` } : {}),
    ...(scope?.tenant ? { "x-nova-tenant": scope.tenant } : {}),
    ...(scope?.namespace ? { "x-nova-namespace": scope.namespace } : {}),
  };
  const response = await fetch(stage.url + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : null;
}
