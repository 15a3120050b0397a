import { expect, it } from "vitest";
import { needsKey } from "../api/session";
import { curlOf, novaOf, quote } from "./commands";

it("quotes what a shell would read otherwise", () => {
  expect([quote("plain-1.2"), quote("a b"), quote("it's $HOME"), quote("")]).toEqual(["plain-1.2", "'a b'", `'it'\\''s $HOME'`, "''"]);
});

it("writes calls for curl and for the command line", () => {
  const call = { name: "hello", event: '{\n  "name": "O\'Neil"\n}', stream: true };
  expect(curlOf(call, "http://127.0.0.1:9000")).toBe(
    `curl -X POST http://127.0.0.1:9000/functions/hello/invoke-stream -H 'Content-Type: application/json' -d '{"name":"O'\\''Neil"}' --no-buffer`,
  );
  expect(novaOf({ ...call, stream: false, qualifier: "2" })).toBe(`nova invoke hello -d '{"name":"O'\\''Neil"}' --qualifier 2`);
});

it("writes orders for the queue", () => {
  const order = { name: "hello", event: '{ "n": 1 }', stream: true, queue: true, qualifier: "live" };
  expect(curlOf(order, "http://127.0.0.1:9000")).toBe(`curl -X POST 'http://127.0.0.1:9000/functions/hello/invoke-async?qualifier=live' -H 'Content-Type: application/json' -d '{"payload":{"n":1}}'`);
  expect(novaOf(order)).toBe(`nova invoke hello -d '{"n":1}' --async --qualifier live`);
});

it("names the key, never shows one, where the server asks for it", () => {
  needsKey.set(true);
  expect(curlOf({ name: "hello", event: "{}" }, "http://127.0.0.1:9000")).toBe(`curl -X POST http://127.0.0.1:9000/functions/hello/invoke -H "Authorization: Bearer $NOVA_KEY" -H 'Content-Type: application/json' -d '{}'`);
  needsKey.set(false);
});
