import { expect, it } from "vitest";
import { GRANT, reaches, secretsIn, variableFor, variablesOf } from "./grants";

it("a grant is a name, or the beginning of names", () => {
  expect(["api", "api-*", "*"].map((grant) => reaches(grant, "api-v2"))).toEqual([false, true, true]);
  expect(reaches("api", "api")).toBe(true);
  expect(["api", "api-*", "*", "", "a b", "*x", "-a"].map((text) => GRANT.test(text))).toEqual([true, true, true, false, false, false, false]);
});

it("finds the variables of a secret, and the secrets of variables", () => {
  const env = { A: "$SECRET:db", B: "plain", C: "$SECRET:db", D: "$SECRET:mail" };
  expect(variablesOf(env, "db")).toEqual(["A", "C"]);
  expect(secretsIn(env)).toEqual(["db", "mail"]);
});

it("proposes a name for a variable", () => expect(["db-url", "3d.key"].map(variableFor)).toEqual(["DB_URL", "_3D_KEY"]));
