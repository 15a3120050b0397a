import { describe, expect, it } from "vitest";
import type { Schemas } from "../../../api/client";
import { goodAge, goodRate, patchOf, rulesOf, tooOpen } from "./rules";

const fn = (more: object) => more as Schemas["FunctionView"];

describe("the rules of a web address", () => {
  it("are read and sent as they are", () => {
    const cors = { origins: ["https://a.example", "http://localhost:5173"], methods: ["GET", "PUT"], headers: ["x-mine"], expose_headers: ["etag"], credentials: true, max_age_s: 60 };
    expect(patchOf(rulesOf(fn({ http_cors: cors, http_rate: 50, http_client_rate: 0 })))).toEqual({ http_cors: cors, http_rate: 50, http_client_rate: 0 });
  });

  it("say nothing where nothing is typed", () => {
    expect(patchOf(rulesOf(fn({})))).toEqual({ http_cors: null, http_rate: null, http_client_rate: null });
    expect(patchOf({ ...rulesOf(fn({})), origins: " https://a.example,\nhttps://b.example " }).http_cors).toMatchObject({ origins: ["https://a.example", "https://b.example"], methods: ["*"], max_age_s: 600 });
  });

  it("know what the server would refuse", () => {
    const rules = { ...rulesOf(fn({})), origins: "*" };
    expect(tooOpen(rules)).toBe(false);
    expect(tooOpen({ ...rules, credentials: true })).toBe(true);
    expect(tooOpen({ ...rules, origins: "https://a.example", credentials: true })).toBe(false);
    for (const bad of ["", "-1", "86401", "1.5", "x"]) expect(goodAge({ ...rules, maxAge: bad }), bad).toBe(false);
    expect(goodAge({ ...rules, maxAge: "0" })).toBe(true);
    for (const good of ["", "0", "1000000"]) expect(goodRate(good), good).toBe(true);
    for (const bad of ["-1", "1000001", "many"]) expect(goodRate(bad), bad).toBe(false);
  });
});
