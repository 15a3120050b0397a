import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { fits, intoPatch, LIMITS, SCALING } from "./limits";

it("has the bounds and defaults that the API's document tells", () => {
  const document = JSON.parse(readFileSync(new URL("../../../../crates/api/openapi/v1.json", import.meta.url), "utf8"));
  const schemas = document.components.schemas;
  for (const setting of [...LIMITS, ...SCALING]) {
    const [outer = "", inner] = setting.key.split(".");
    const about: string = inner ? schemas.LimitsBody.properties[inner].description : schemas.CreateFunction.properties[outer].description;
    expect(about, setting.key).toContain(`default ${setting.fallback}`.replace("default 0", setting.key === "max_calls" ? "the default" : "default 0"));
    if (setting.key !== "max_calls") expect(about, setting.key).toContain(`${setting.min} to ${setting.max}`);
  }
});

it("puts nested limits beside each other", () => {
  const patch = {};
  intoPatch(patch, "memory_mb", 256);
  intoPatch(patch, "limits.pids", 9);
  intoPatch(patch, "limits.tmp_mb", 8);
  expect(patch).toEqual({ memory_mb: 256, limits: { pids: 9, tmp_mb: 8 } });
});

it("takes whole numbers within the bounds only", () => {
  const memory = LIMITS[0]!;
  expect(["64", " 128 ", "63", "1.5", "", "1e3", "-64"].map((text) => fits(text, memory))).toEqual([true, true, false, false, false, false, false]);
});
