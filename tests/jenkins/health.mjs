// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
// Uses the health page as an administrator would: node health.mjs URL OUTPUT-DIR IDENTITY AGENT
// Prints one JSON line; screenshots go to the output directory. Exits 3 when no browser is installed.
import { join } from "node:path";
import { check, finish, launch } from "./chromium.mjs";

const [url, output, identity, agent] = process.argv.slice(2);
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1400, height: 1000 } });
const page = await context.newPage();
page.setDefaultTimeout(100_000);
const errors = [];
page.on("pageerror", (error) => errors.push(error.message));
const refused = [];
page.on("response", (reply) => {
  if (reply.status() >= 400 && /machine-?id/.test(reply.url())) refused.push(`${reply.status()} ${reply.url()}`);
});

async function open(path = "/manage/machine-id/") {
  await page.goto(url + path);
  await page.waitForLoadState("networkidle");
}

/** What is said of the last action. */
async function said() {
  const status = page.locator("#machine-id-tried");
  await status.waitFor();
  return status.innerText();
}

/** Whether the keyboard can get to a control, and what it is called. */
async function reached(control) {
  await control.focus();
  return control.evaluate((element) => element === document.activeElement);
}

await page.goto(`${url}/manage/`);
await page.getByRole("link", { name: /Machine ID/ }).first().click();
await page.waitForURL(/machine-id/);
check("one entry of Manage Jenkins leads to health", page.url().includes("/manage/machine-id/"), page.url());
await page.screenshot({ path: join(output, "health.png"), fullPage: true });

for (const label of ["Text", "State", "Identity", "Cluster", "Sorted by"]) {
  const control = page.locator("#machine-id-filter").getByLabel(label, { exact: true });
  check(`the filter's ${label} has its name, and the keyboard gets there`, (await control.count()) === 1 && (await reached(control)));
}
await page.getByLabel("Text", { exact: true }).fill(agent);
await page.getByLabel("Text", { exact: true }).press("Enter");
await page.waitForURL(/q=/);
const count = await page.locator("#machine-id-rows tbody tr").count();
check("Enter in the filter shows what fits", count >= 1 && (await page.locator("#machine-id-rows").innerText()).includes(agent), count);
check("what was looked for stays there", (await page.getByLabel("Text", { exact: true }).inputValue()) === agent);

for (const name of [`Renew ${identity} on ${agent} now`, `Test the connection of ${identity} from ${agent}`]) {
  check(`a button is called "${name}"`, (await page.getByRole("button", { name, exact: true }).count()) === 1);
}
await page.getByRole("button", { name: `Renew ${identity} on ${agent} now`, exact: true }).focus();
await page.keyboard.press("Enter");
let text = await said();
check("renewing by the keyboard tells what came of it", text.includes("is renewed"), text);
check("it is told to screen readers", (await page.locator("#machine-id-tried").getAttribute("role")) === "status");

await open();
await page.getByRole("button", { name: `Test the connection of ${identity} from ${agent}`, exact: true }).click();
text = await said();
check("the test tells which cluster it is", text.includes("example.test"), text);

await open();
await page.getByRole("link", { name: `Drop ${identity} on ${agent}`, exact: true }).click();
await page.waitForURL(/confirm/);
text = await page.locator("#main-panel").innerText();
check("dropping says first what it means", /Drop identity/.test(text) && /fresh token/.test(text), text);
await page.screenshot({ path: join(output, "health-drop.png"), fullPage: true });
await page.getByRole("link", { name: "Cancel" }).click();
await page.waitForURL((to) => !to.pathname.includes("confirm"));
check("Cancel leads back, and nothing was dropped", (await page.locator("#machine-id-rows").innerText()).includes(identity));

await page.getByRole("link", { name: agent, exact: true }).first().click();
await page.waitForURL(/computer/);
text = await page.locator("#main-panel").innerText();
check("the agent's page has the same", text.includes(identity) && /Clusters/.test(text), text);
await page.screenshot({ path: join(output, "health-node.png"), fullPage: true });
await page.getByRole("button", { name: `Renew ${identity} on ${agent} now`, exact: true }).click();
text = await said();
check("an action on the agent's page tells what came of it", text.includes("is renewed"), text);
const back = await page.getByRole("link", { name: `Drop ${identity} on ${agent}`, exact: true }).getAttribute("href");
check("links there still lead there", back.includes("/computer/"), back);

const headers = await page.locator("#machine-id-rows thead th").evaluateAll((all) => all.every((one) => one.scope === "col"));
check("columns are told to screen readers", headers);

// No colour of ours alone: what the theme changes changes here too.
const colour = () => page.locator("#machine-id-rows tbody strong").first().evaluate((element) => getComputedStyle(element).color);
const before = await colour();
await page.evaluate(() => {
  for (const name of ["error-color", "warning-color", "success-color", "text-color-secondary"]) {
    document.documentElement.style.setProperty(`--${name}`, "rgb(1, 2, 3)");
  }
});
check("colours are the theme's", (await colour()) !== before, `${before} then ${await colour()}`);

// Without scripts everything can be read, and found.
const plain = await browser.newContext({ javaScriptEnabled: false });
const silent = await plain.newPage();
await silent.goto(`${url}/manage/machine-id/?identity=${identity}`);
check("without scripts it is all there", (await silent.locator("#machine-id-rows").innerText()).includes(agent));
await silent.getByLabel("Text", { exact: true }).fill("no such agent");
await silent.getByRole("button", { name: "Show", exact: true }).click();
check("and the filter works", (await silent.locator("#machine-id-found").innerText()).includes("of 0"));
await plain.close();

check("no script error", errors.length === 0, errors.join("; "));
check("no request is refused", refused.length === 0, refused.join(" "));
await finish(browser);
