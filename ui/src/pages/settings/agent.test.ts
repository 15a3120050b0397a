import { expect, it } from "vitest";
import { agentName } from "./agent";

it("names browser and system", () => {
  expect(agentName("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")).toBe("Firefox, Linux");
  expect(agentName("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140 Safari/537.36 Edg/140")).toBe("Edge, Windows");
  expect(agentName("curl/8.1")).toBe("curl/8.1");
});
