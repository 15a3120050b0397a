import { ask, pause, type Stage } from "./harness.ts";

/** Functions and runs that every page has something to show of. */
export async function fill(stage: Stage): Promise<{ failed: string; good: string; key: string; done: string; dead: string }> {
  const create = (body: object) => ask(stage, "POST", "/functions", body).catch((error: Error) => {
    if (!error.message.includes("already_exists") && !error.message.includes("409")) throw error;
  });
  await create({ name: "resize-image", runtime: "python", handler: "main.handler", description: "Thumbnails of uploaded pictures", tags: { team: "media" }, memory_mb: 256, env_vars: { QUALITY: "80", BUCKET: "thumbnails" }, code: RESIZE_1 });
  await create({ name: "charge-card", runtime: "python", handler: "main.handler", description: "Takes payments", code: CHARGE });
  await create({ name: "send-mail", runtime: "node", handler: "main.handler", description: "Order confirmations", code: MAIL });
  await create({ name: "chat", runtime: "python", handler: "main.handler", description: "Streams an answer", code: CHAT });
  await ask(stage, "PUT", "/functions/resize-image/code", { files: { "main.py": RESIZE_2, "sizes.py": SIZES } });
  const secret = (body: object) => ask(stage, "POST", "/secrets", body);
  await secret({ name: "db-url", value: "postgres://app:secret@db/app", description: "The orders database", functions: ["charge-card", "resize-*"] });
  await secret({ name: "mail-token", value: "0123456789abcdef", description: "Token of the mail service", functions: ["send-mail"] });
  await secret({ name: "card-gateway.key", value: "0123456789abcdef", functions: [] });
  await ask(stage, "PATCH", "/functions/send-mail", { env_vars: { MAIL_TOKEN: "$SECRET:mail-token", GATEWAY: "$SECRET:card-gateway.key" }, network: ["mail.example.com:587"] });
  await create({ name: "fetch-rates", runtime: "python", handler: "main.handler", description: "Exchange rates, each hour", code: RATES, network: ["api.example.com:443"], env_vars: { DB_URL: "$SECRET:rates-db" } });
  await secret({ name: "rates-db", value: "postgres://rates:secret@db/rates", functions: ["fetch-rates"] });
  await create({ name: "compiled", runtime: "go", description: "Does not build", code: "package main\n\nfunc main() { undefinedThing() }\n" });
  const join = async (email: string, name: string, body: object) => {
    const { secret } = (await ask(stage, "POST", "/invitations", { email, ...body })) as { secret: string };
    await ask(stage, "POST", "/auth/accept", { secret, name, password: "correct horse battery" });
  };
  await join("ada@example.com", "Ada Lovelace", { role: "owner" });
  await join("grace@example.com", "Grace Hopper", { role: "admin" });
  await join("linus@example.com", "Linus", { role: "member" });
  await join("root@example.com", "Root", { server: true, superadmin: true });
  await ask(stage, "POST", "/invitations", { email: "margaret@example.com", role: "member" });
  await ask(stage, "POST", "/roles", { name: "releaser", description: "Deploys and rolls back, and reads logs", permissions: ["function:read", "function:update", "log:read"] });
  const robot = (await ask(stage, "POST", "/service-accounts", { name: "deploy-bot", description: "Deploys from CI" })) as { subject: string };
  await ask(stage, "POST", "/bindings", { subject: robot.subject, role: "operator", namespaces: "default" });
  await ask(stage, "POST", "/keys", { name: "deploy from CI", service_account: "deploy-bot", expires_in_s: 90 * 86_400 });
  const { key } = (await ask(stage, "POST", "/keys", { name: "reports", roles: [{ role: "viewer" }, { role: "releaser", resources: "report-*" }] })) as { key: { id: string } };
  await ask(stage, "POST", "/tenants", { name: "acme", description: "The shop" });
  await ask(stage, "POST", "/namespaces", { name: "staging", description: "What comes next" });
  await ask(stage, "POST", "/functions/resize-image/aliases", { name: "live", version: 1, weights: { 2: 20 }, description: "What the shop calls" });
  await ask(stage, "POST", "/functions/resize-image/aliases", { name: "canary", version: 1 });
  await ask(stage, "POST", "/functions/resize-image/aliases/canary/rollout", { version: 2, steps: [5, 25, 50, 100], interval_s: 600 });
  await ask(stage, "PATCH", "/functions/resize-image", { http: "signed", http_alias: "live" });
  await ask(stage, "PUT", "/tenants/default/quotas/functions", { hard: 20, soft: 5 });
  await ask(stage, "PUT", "/tenants/default/quotas/storage_bytes", { hard: 1024 * 1024 });
  await ask(stage, "PUT", "/tenants/default/quotas/invocations", { hard: 10_000, window_s: 3600 });
  const call = async (name: string, event: object) => (await ask(stage, "POST", `/functions/${name}/invoke`, event)) as { request_id: string };
  let good = "";
  let failed = "";
  for (let index = 0; index < 3; index += 1) await call("fetch-rates", {});
  await ask(stage, "PATCH", "/functions/send-mail", { env_vars: {} });
  for (let index = 0; index < 24; index += 1) {
    good = (await call("resize-image", { picture: `order-${index}.jpg`, width: 320 + index })).request_id;
    if (index % 3 === 0) await call("send-mail", { to: "ada@example.com", order: index });
    if (index % 8 === 0) failed = (await call("charge-card", { order: index, amount: 12.5 })).request_id;
  }
  const queue = async (name: string, order: object) => ((await ask(stage, "POST", `/functions/${name}/invoke-async`, order)) as { id: string }).id;
  const done = await queue("send-mail", { payload: { to: "grace@example.com", order: 25 }, idempotency_key: "order-25" });
  const dead = await queue("charge-card", { payload: { order: 25, amount: 12.5 }, max_attempts: 2, backoff_base_ms: 100 });
  const waits = await queue("charge-card", { payload: { order: 26, amount: 8 }, backoff_base_ms: 600_000 });
  for (const [id, wanted] of [[done, "succeeded"], [dead, "dead"], [waits, "queued"]] as const) {
    for (let tries = 0; tries < 200; tries += 1) {
      const job = (await ask(stage, "GET", `/async-invocations/${id}`)) as { status: string; attempt: number };
      if (job.status === wanted && job.attempt > 0) break;
      await pause(50);
    }
  }
  return { failed, good, key: key.id, done, dead };
}

const RATES = `import socket


def handler(event, context):
    for host in ("rates.example.org", "metrics.internal"):
        try:
            socket.getaddrinfo(host, 443)
        except OSError as error:
            print(f"{host}: {error}")
    return {"rates": {}}
`;

const RESIZE_1 = `def handler(event, context):
    width = event.get("width", 320)
    print(f"resizing {event['picture']} to {width}")
    return {"picture": event["picture"], "width": width}
`;

const RESIZE_2 = `import sizes


def handler(event, context):
    """Makes a thumbnail of one picture."""
    width = sizes.nearest(event.get("width", 320))
    print(f"resizing {event['picture']} to {width}")
    return {
        "picture": event["picture"],
        "width": width,
        "variants": [{"width": w, "path": f"/thumbs/{w}/{event['picture']}"} for w in sizes.KNOWN],
    }
`;

const SIZES = `KNOWN = [160, 320, 640]


def nearest(width):
    return min(KNOWN, key=lambda known: abs(known - width))
`;

const CHARGE = `import sys


def handler(event, context):
    print("charging order", event["order"])
    print("gateway: 402 card declined", file=sys.stderr)
    return charge(event["card"], event["amount"])


def charge(card, amount):
    return {"paid": amount}
`;

const MAIL = `exports.handler = async (event, context) => {
  console.log(\`mail to \${event.to} about order \${event.order}\`);
  return { sent: true, to: event.to };
};
`;

const CHAT = `import time


def handler(event, context):
    for word in ("Quantum computers calculate with superpositions, " * event.get("times", 3)).split():
        yield word + " "
        time.sleep(event.get("pause", 0.02))
`;
