// The pictures of README.md, in docs/img: `node e2e/pictures.ts`.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openPage, pause, startStage } from "./harness.ts";
import { fill } from "./scene.ts";

const folder = new URL("../../docs/img/", import.meta.url).pathname;
const stage = await startStage();
try {
  const { failed } = await fill(stage);
  const pictures: [string, string, string, "light" | "dark"][] = [
    ["console-function", "/functions/resize-image", ".cm-content", "light"],
    ["console-overview", "/", ".chart canvas", "dark"],
    ["console-run", `/runs/${failed}`, ".timeline-bar", "light"],
  ];
  for (const [name, path, ready, theme] of pictures) {
    const { page, context } = await openPage(stage, path, { theme, width: 1180, height: 720 });
    await page.waitForSelector(ready);
    if (name === "console-function") {
      await page.locator('[aria-label="Event"]').click();
      await page.keyboard.press("Control+a");
      await page.keyboard.insertText('{"picture": "order-7.jpg", "width": 300}');
      await page.getByRole("button", { name: "Invoke" }).click();
      await page.getByRole("region", { name: "Result" }).getByText("variants").first().waitFor();
    }
    await page.waitForLoadState("networkidle").catch(() => {});
    await pause(300);
    const picture = await page.screenshot();
    await writeFile(join(folder, `${name}.png`), picture);
    console.log(`docs/img/${name}.png: ${Math.round(picture.length / 1024)} KiB`);
    await context.close();
  }
} finally {
  await stage.close();
}
