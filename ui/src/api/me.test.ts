import { beforeEach, expect, it } from "vitest";
import { scope } from "./client";
import { fitScope, mayWith, type Me } from "./me";

const me = (change: Partial<Me>) => ({ dev: false, tenant: "acme", scopes: [{ tenant: "acme", namespaces: ["default", "staging"] }, { tenant: "beta", namespaces: ["live"] }], ...change }) as Me;

beforeEach(() => scope.set({ tenant: "default", namespace: "default" }));

it("a kept tenant that one may not use gives way to one's own", () => {
  fitScope(me({}));
  expect(scope.get()).toEqual({ tenant: "acme", namespace: "default" });
});

it("what one may use stays", () => {
  scope.set({ tenant: "acme", namespace: "staging" });
  fitScope(me({}));
  expect(scope.get()).toEqual({ tenant: "acme", namespace: "staging" });
});

it("a namespace that is not there gives way to one that is", () => {
  scope.set({ tenant: "beta", namespace: "default" });
  fitScope(me({}));
  expect(scope.get()).toEqual({ tenant: "beta", namespace: "live" });
});

it("of very many namespaces, one that was not told stays", () => {
  scope.set({ tenant: "acme", namespace: "zz" });
  fitScope(me({ scopes: [{ tenant: "acme", namespaces: Array.from({ length: 100 }, (_, index) => `n${index}`) }] }));
  expect(scope.get()).toEqual({ tenant: "acme", namespace: "zz" });
});

it("a developer may name new ones", () => {
  scope.set({ tenant: "new", namespace: "newer" });
  fitScope(me({ dev: true }));
  expect(scope.get()).toEqual({ tenant: "new", namespace: "newer" });
});

it("a role for some names is one for those names", () => {
  const narrow = { permissions: ["self:read"], named: [{ names: "report-*", permissions: ["function:update"] }] };
  expect(mayWith(narrow, "report-daily", "function:update")).toBe(true);
  expect(mayWith(narrow, "other", "function:update")).toBe(false);
  expect(mayWith(narrow, "report-daily", "function:delete")).toBe(false);
  expect(mayWith({ permissions: ["function:update"] }, "other", "function:update")).toBe(true);
  expect(mayWith(undefined, "report-daily", "function:update")).toBe(false);
});
