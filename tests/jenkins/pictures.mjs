// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
// Pictures of pages: node pictures.mjs URL OUTPUT-DIR PAGES METRICS, where PAGES is a JSON object of names and paths, and METRICS a
// regular expression of which of our metrics are shown. Prints one JSON line. Exits 3 when no browser is installed.
import { join } from "node:path";
import { check, finish, launch } from "./chromium.mjs";

const [url, output, pages, metrics] = process.argv.slice(2);
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1280, height: 300 } });
const page = await context.newPage();
page.setDefaultTimeout(100_000);

/** A part of the page, from its top on: what is below isn't ours. */
async function top(selector, path, width = 1280) {
  const last = await page.locator(selector).last().boundingBox();
  await page.setViewportSize({ width, height: Math.ceil(last.y + last.height + 24) });
  await page.screenshot({ path });
  await page.setViewportSize({ width: 1280, height: 300 });
}

for (const [name, path] of Object.entries(JSON.parse(pages))) {
  await page.goto(url + path);
  await page.waitForLoadState("networkidle");
  const file = join(output, `${name}.png`);
  if (path === "/prometheus/") {
    const shown = await page.evaluate((which) => {
      const ours = new RegExp(`^jenkins_machine_id_(${which})`);
      const lines = document.body.innerText.split("\n").filter((line) => ours.test(line)).sort();
      document.body.innerHTML = "<pre id='ours'></pre>";
      document.querySelector("#ours").textContent = lines.join("\n");
      return lines.length;
    }, metrics);
    check(`${name}: there are metrics`, shown > 0);
    await top("#ours", file, 640);
  } else if (path === "/manage/") {
    const ours = "[data-machine-id-warning]";
    check(`${name}: there are warnings`, (await page.locator(ours).count()) > 0);
    await top(ours, file);
  } else {
    await page.screenshot({ path: file, fullPage: true });
  }
}
await finish(browser);
