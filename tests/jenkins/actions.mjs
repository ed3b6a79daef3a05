// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
// Drops an identity and dismisses a warning by the keyboard: node actions.mjs URL OUTPUT-DIR IDENTITY AGENT
// There is a warning that the identity needs a fresh token on another agent. Prints one JSON line; screenshots go to the output
// directory. Exits 3 when no browser is installed.
import { join } from "node:path";
import { check, finish, launch } from "./chromium.mjs";

const [url, output, identity, agent] = process.argv.slice(2);
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1400, height: 1000 } });
const page = await context.newPage();
page.setDefaultTimeout(100_000);
const posts = [];
page.on("request", (request) => {
  if (request.method() === "POST" && /machine-id/.test(request.url())) posts.push(request.url());
});

/** A control by its accessible name; the keyboard gets there, and Enter uses it. */
async function use(role, name) {
  const control = page.getByRole(role, { name, exact: typeof name === "string" }).first();
  await control.focus();
  check(`the keyboard gets to ${role} "${name}"`, await control.evaluate((element) => element === document.activeElement));
  await page.keyboard.press("Enter");
}

// Drop.
await page.goto(`${url}/manage/machine-id/?identity=${identity}&q=${agent}`);
await use("link", `Drop ${identity} on ${agent}`);
await page.waitForURL(/confirm/);
check("the question is the page's heading", (await page.getByRole("heading", { name: `Drop identity '${identity}' of agent ${agent}?` }).count()) === 1);
check("nothing is done yet", posts.length === 0, posts.join(" "));
await use("button", "Drop the identity");
await page.waitForURL(/tried=/);
const said = page.getByRole("status").filter({ hasText: "is dropped" });
check("what came of it is told to screen readers", (await said.count()) === 1, await page.locator("#main-panel").innerText());
check("the filter is as before", page.url().includes(`identity=${identity}`) && (await page.getByLabel("Identity", { exact: true }).inputValue()) === identity, page.url());
const before = posts.length;
await page.reload();
check("a reload shows it once more", (await said.count()) === 1);
check("and does nothing", posts.length === before, posts.join(" "));
await page.screenshot({ path: join(output, "health-dropped.png"), fullPage: true });

// Dismiss, and show again.
const warning = new RegExp(`^Dismiss: Identity ${identity} needs a fresh token`);
await page.goto(`${url}/manage/`);
check("each button says what it dismisses", (await page.getByRole("button", { name: warning }).count()) === 1);
await Promise.all([page.waitForNavigation(), use("button", warning)]);
check("it is dismissed, and we are where we were", /\/manage\/$/.test(new URL(page.url()).pathname) && (await page.getByRole("button", { name: warning }).count()) === 0, page.url());
await page.goto(`${url}/administrativeMonitor/machine-id/`);
check("the page of all warnings has it still", (await page.locator("#machine-id-warnings").innerText()).includes("Dismissed"));
const again = new RegExp(`^Show again: Identity ${identity} needs a fresh token`);
await Promise.all([page.waitForNavigation(), use("button", again)]);
await page.goto(`${url}/manage/`);
check("it is shown again", (await page.getByRole("button", { name: warning }).count()) === 1);
await finish(browser);
