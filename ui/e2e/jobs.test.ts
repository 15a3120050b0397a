import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { accessibility, ask, openPage, pause, startStage, type Stage } from "./harness.ts";

interface Job {
  id: string;
  status: string;
  attempts: { run_id: string }[];
}

let stage: Stage;
let page: Page;
let errors: string[];
before(async () => {
  stage = await startStage({ guarded: true });
  await create("mailer", 'def handler(event, context):\n    return {"sent": event["to"]}\n');
  await create("charger", FAILS);
  ({ page, errors } = await openPage(stage, "/jobs", { key: stage.key }));
});
after(async () => {
  await page.context().close();
  await stage.close();
});

const FAILS = 'def handler(event, context):\n    raise ValueError("the gateway said no")\n';
const MENDED = 'def handler(event, context):\n    return {"paid": event["amount"]}\n';

const create = (name: string, code: string) => ask(stage, "POST", "/functions", { name, runtime: "python", handler: "main.handler", code });
const queue = async (name: string, body: object) => (await ask(stage, "POST", `/functions/${name}/invoke-async`, body)) as Job;
const visible = (text: string | RegExp, on: Page = page) => on.getByText(text).first().waitFor();
const go = (path: string) => page.goto(`${stage.url}/ui${path}`);

/** The job, once it is there. */
async function until(id: string, status: string): Promise<Job> {
  for (let tries = 0; tries < 200; tries += 1) {
    const job = (await ask(stage, "GET", `/async-invocations/${id}`)) as Job;
    if (job.status === status) return job;
    await pause(100);
  }
  throw new Error(`job ${id} did not become ${status}`);
}

/** Runs are stored in batches, a moment after their call has ended. */
async function recorded(run: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await ask(stage, "GET", `/runs/${run}`).catch(() => null)) return;
    await pause(100);
  }
  throw new Error(`run ${run} was not recorded`);
}

describe("an event that is queued", { timeout: 120_000 }, () => {
  it("an empty list says what jobs are and how the first is made", async () => {
    await visible("No jobs yet");
    await visible("nova invoke hello -d '{}' --async");
    assert.deepEqual(await accessibility(page), []);
  });

  it("is accepted in the invoke console, which leads to the job and its run", async () => {
    await go("/functions/mailer");
    await page.locator('[aria-label="Event"]').click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText('{"to": "ada@example.com"}');
    await page.getByRole("button", { name: "Queue" }).click();
    const result = page.getByRole("region", { name: "Result" });
    await result.getByText("Succeeded").waitFor();
    assert.deepEqual(await accessibility(page), []);
    await result.getByRole("link", { name: "Open job" }).click();
    await page.waitForURL("**/ui/jobs/*");
    await page.getByRole("heading", { name: "Succeeded mailer" }).waitFor();
    await page.getByRole("region", { name: "Event" }).getByText('"ada@example.com"').waitFor();
    await page.getByRole("region", { name: "Output" }).getByText("sent").waitFor();
    await visible("1 of 3");
    assert.deepEqual(await accessibility(page), []);
    const job = (await ask(stage, "GET", `/async-invocations/${page.url().split("/").at(-1)}`)) as Job;
    const run = job.attempts[0]?.run_id ?? "";
    await recorded(run);
    await page.getByRole("region", { name: "Attempts" }).getByTitle(run).click();
    await page.waitForURL(`**/ui/runs/${run}`);
    await page.getByRole("link", { name: "queue", exact: true }).click();
    await page.waitForURL("**/ui/jobs?function=mailer");
    await page.locator(".table-row", { hasText: "Succeeded" }).waitFor();
    await go("/runs?source=queue");
    await page.locator(".table-row", { hasText: "mailer" }).waitFor();
  });

  it("no page logged an error", () => assert.deepEqual(errors, []));
});

describe("a job that fails", { timeout: 120_000 }, () => {
  let dead: Job;

  it("is dead after its attempts, and the list says why, by state and function", async () => {
    const { id } = await queue("charger", { payload: { amount: 12.5 }, max_attempts: 1 });
    dead = await until(id, "dead");
    await recorded(dead.attempts[0]?.run_id ?? "");
    await go("/jobs");
    await page.locator(".table-row", { hasText: "attempts used up · ValueError: the gateway said no" }).waitFor();
    assert.equal(await page.locator(".table-row").count(), 2);
    await page.getByLabel("State").selectOption("dead");
    await page.waitForURL("**/ui/jobs?status=dead");
    await visible("That is the only one.");
    await page.getByLabel("Function", { exact: true }).fill("mailer");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/ui/jobs?status=dead&function=mailer");
    await visible("No such jobs");
    await page.getByRole("button", { name: "Remove the filter function:mailer" }).click();
    await page.locator(".table-row", { hasText: "charger" }).waitFor();
    assert.deepEqual(await accessibility(page), []);
    await page.reload();
    await page.locator(".table-row", { hasText: "charger" }).getByRole("link", { name: id.slice(-8) }).click();
    await page.waitForURL(`**/ui/jobs/${id}`);
  });

  it("its page has the cause, what to do, and the run", async () => {
    const alert = page.getByRole("alert");
    await alert.getByText("Its only attempt failed, so no more are made.").waitFor();
    await alert.getByText("ValueError: the gateway said no").waitFor();
    await alert.getByText("Look at the run, mend the function").waitFor();
    assert.deepEqual(await accessibility(page), []);
    await alert.getByRole("link", { name: "Open the run of the last attempt" }).click();
    await page.waitForURL(`**/ui/runs/${dead.attempts[0]?.run_id}`);
    await visible("The function failed with ValueError");
    await page.goBack();
  });

  it("somebody who may not call the function sees no way to retry or delete it", async () => {
    const viewer = (await ask(stage, "POST", "/keys", { name: "viewer", roles: [{ role: "viewer", resources: "charger" }] })) as { secret: string };
    const other = await openPage(stage, `/jobs/${dead.id}`, { key: viewer.secret });
    await visible("Its only attempt failed", other.page);
    for (const name of ["Retry", "Delete job"]) assert.equal(await other.page.getByRole("button", { name }).count(), 0, name);
    await other.page.getByRole("link", { name: "Jobs" }).first().click();
    await other.page.locator(".table-row", { hasText: "charger" }).waitFor();
    assert.equal(await other.page.getByText("mailer").count(), 0, "the role is for one function");
    assert.deepEqual(other.errors, []);
    await other.context.close();
  });

  it("succeeds with a retry once the function is mended", async () => {
    await ask(stage, "PUT", "/functions/charger/code", { files: { "main.py": MENDED } });
    await page.getByRole("button", { name: "Retry" }).click();
    await visible("It has its attempts again");
    await page.getByRole("heading", { name: "Succeeded charger" }).waitFor();
    await page.getByRole("region", { name: "Output" }).getByText("paid").waitFor();
    assert.equal(await page.getByRole("region", { name: "Attempts" }).getByRole("row").count(), 3, "a head and two attempts");
    assert.equal(await page.getByRole("button", { name: "Retry" }).count(), 0);
  });

  it("waits for its next attempt, on the page of the function too, and is deleted there by its id", async () => {
    await create("waiter", FAILS);
    const { id } = await queue("waiter", { payload: {}, backoff_base_ms: 3_600_000, idempotency_key: "order-7" });
    await go("/functions/waiter");
    await page.getByRole("navigation", { name: "Parts of the function" }).getByRole("link", { name: "Jobs" }).click();
    await page.waitForURL("**/ui/functions/waiter/jobs");
    const row = page.locator(".table-row", { hasText: "Queued" }).filter({ hasText: "ValueError" });
    await row.waitFor();
    await row.getByText("1 of 3").click();
    await page.waitForURL(`**/ui/jobs/${id}`);
    await visible("Attempt 1 of 3 failed; another one follows.");
    await visible(/^in (1 hr|[4-7][0-9] min)/);
    await page.getByRole("button", { name: "Delete job" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("It still waits: no further attempt is made.").waitFor();
    await dialog.getByText("An order with the key order-7 is a new job from then on.").waitFor();
    assert.deepEqual(await accessibility(page), []);
    const act = dialog.getByRole("button", { name: "Delete job" });
    assert.equal(await act.isDisabled(), true);
    await dialog.getByRole("textbox").fill(id.slice(-8));
    await act.click();
    await page.waitForURL("**/ui/jobs");
    await page.locator(".table-row", { hasText: "charger" }).waitFor();
    assert.equal(await page.locator(".table-row", { hasText: "waiter" }).count(), 0);
    await assert.rejects(ask(stage, "GET", `/async-invocations/${id}`), /404/);
  });

  it("no page logged an error", () => assert.deepEqual(errors, []));
});

describe("the list of jobs", { timeout: 120_000 }, () => {
  it("lets new ones wait while one has scrolled, and is found by keyboard", async () => {
    for (let done = 0; done < 130; done += 10) await Promise.all(Array.from({ length: 10 }, (_, index) => queue("mailer", { payload: { to: `${done + index}@example.com` } })));
    await go("/settings");
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("j");
    await page.waitForURL("**/ui/jobs");
    await page.locator(".table-row").first().waitFor();
    await page.locator(".table-scroll").evaluate((box) => box.scrollTo(0, box.scrollHeight));
    await visible("132 jobs");
    await page.locator(".table-scroll").evaluate((box) => box.scrollTo(0, 1000));
    for (let index = 0; index < 3; index += 1) await queue("mailer", { payload: { to: "new@example.com" } });
    await page.getByRole("button", { name: "3 new" }).click({ timeout: 30_000 });
    await page.getByRole("button", { name: "3 new" }).waitFor({ state: "detached" });
    await visible("135 jobs");
    assert.ok((await page.locator(".table-row").count()) < 80, "only rows in view exist");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/ui/jobs/*");
    const id = page.url().split("/").at(-1) ?? "";
    await page.getByRole("heading", { name: /mailer$/ }).waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.insertText(id);
    await page.getByRole("option", { name: `Job ${id}` }).waitFor();
    await page.keyboard.press("Escape");
  });

  it("no page logged an error", () => assert.deepEqual(errors, []));

  it("an id of no job says so", async () => {
    await go("/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV");
    await visible("There is no such job");
    await page.getByRole("link", { name: "All jobs" }).click();
    await page.locator(".table-row").first().waitFor();
    assert.deepEqual(errors.filter((error) => !error.includes("404")), []);
  });
});
