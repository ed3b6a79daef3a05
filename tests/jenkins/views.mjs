// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
// Looks at pages as several people: node views.mjs URL OUTPUT-DIR PLAN, a JSON list of {role, password, pages: {name: path}}.
// A screenshot of each is view-NAME-ROLE.png. Prints one JSON line. Exits 3 when no browser is installed.
import { join } from "node:path";
import { check, finish, launch } from "./chromium.mjs";

const [url, output, plan] = process.argv.slice(2);
const OURS = /machineid|machine-id/;
const browser = await launch();

for (const { role, password, pages } of JSON.parse(plan)) {
  const login = Buffer.from(`${role}:${password}`).toString("base64");
  const context = await browser.newContext({
    viewport: { width: 1280, height: 1000 },
    extraHTTPHeaders: { Authorization: `Basic ${login}` },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(100_000);
  let refused = [];
  let errors = [];
  page.on("response", (reply) => {
    if (reply.status() >= 400 && OURS.test(reply.url())) refused.push(`${reply.status()} ${reply.url()}`);
  });
  page.on("pageerror", (error) => errors.push(error.message));
  for (const [name, path] of Object.entries(pages)) {
    [refused, errors] = [[], []];
    const reply = await page.goto(url + path);
    await page.waitForLoadState("networkidle");
    if (name === "generator") {
      await page.locator("select.dropdownList").first().selectOption({ label: "withMachineId: With the agent's machine identity" });
      await page.waitForSelector("[name='_.kubernetesClusters']");
      await page.waitForLoadState("networkidle");
    }
    // What is folded away is part of the form.
    for (const more of await page.locator(".advanced-button:visible").all()) await more.click();
    await page.waitForLoadState("networkidle");
    const text = await page.locator("body").innerText();
    const red = await page.locator(".validation-error-area .error:visible").allInnerTexts();
    const who = `${name} as ${role}`;
    check(`${who}: the page is there, and ours is on it`, reply.status() === 200 && OURS.test(await page.content()), reply.status());
    check(`${who}: no refusal inside of it`, !/Access Denied|is missing the /i.test(text), text.match(/.*(Access Denied|is missing the ).*/i));
    check(`${who}: no request of ours is refused`, refused.length === 0, refused.join(" "));
    check(`${who}: no trace`, !/\bat (hudson|io\.jenkins|java|jenkins|org)\.[\w.$]+\(|Oops!/.test(text));
    check(`${who}: nothing is red`, !red.some((line) => !/Jenkins URL|localhost|administrator e-?mail/i.test(line)), red.join(" | "));
    check(`${who}: no script error`, errors.length === 0, errors.join("; "));
    // As high as the page: bars that stick to an edge of the window would stand in the middle of the picture.
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width: 1280, height: Math.min(Math.max(height, 1000), 16_000) });
    await page.screenshot({ path: join(output, `view-${name}-${role}.png`) });
    await page.setViewportSize({ width: 1280, height: 1000 });
  }
  await context.close();
}
await finish(browser);
