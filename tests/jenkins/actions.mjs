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

/**
 * What can't be read well: texts of ours whose contrast is below 4.5 to 1 (WCAG 2, AA). What has one of Jenkins' own colours
 * is as the theme has it, and says in words what the colour means.
 */
function faint(selector) {
  return page.locator(selector).evaluateAll((all) => {
    // Whatever the notation is, such as oklch.
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const parse = (colour) => {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      const [r, g, b, opacity] = context.getImageData(0, 0, 1, 1).data;
      return [r, g, b, opacity / 255];
    };
    const light = ([r, g, b]) => {
      const [x, y, z] = [r, g, b].map((one) => (one / 255 <= 0.03928 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (element) => {
      for (let one = element; one; one = one.parentElement) {
        const colour = parse(getComputedStyle(one).backgroundColor);
        if (colour[3] > 0.9) return colour;
      }
      return [255, 255, 255];
    };
    return all
      .filter((element) => element.innerText?.trim() && !element.children.length && !element.closest('[class*="jenkins-!-"]'))
      .map((element) => {
        const [one, two] = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
        return { text: element.innerText.trim().slice(0, 40), contrast: (one + 0.05) / (two + 0.05) };
      })
      .filter(({ contrast }) => contrast < 4.5)
      .map(({ text, contrast }) => `${text}: ${contrast.toFixed(2)}`);
  });
}

/** The colours that Jenkins' dark theme sets; the theme itself is a plugin. */
const DARK = `:root { --background: hsl(240, 10%, 11%); --text-color: hsl(240, 10%, 96%); --text-color-secondary: hsl(240, 8%, 72%);
  --link-color: #7cb7ff; --error-color: #ff8a80; --warning-color: #ffb74d; --success-color: #81c784; --card-background: hsl(240, 10%, 14%);
  --table-background: hsl(240, 10%, 14%); --button-background: hsl(240, 8%, 22%); --input-color: hsl(240, 10%, 14%); }
  body, #page-body, #main-panel { background: var(--background) !important; color: var(--text-color) }`;

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

// In the light, and in the dark.
for (const [name, path] of [["health", "/manage/machine-id/"], ["warnings", "/administrativeMonitor/machine-id/"]]) {
  await page.goto(url + path);
  await page.waitForLoadState("networkidle");
  const ours = "#machine-id-rows *, #machine-id-cluster-table *, #machine-id-counts *, #machine-id-filter label, #machine-id-warnings *";
  check(`${name}: all can be read`, (await faint(ours)).length === 0, (await faint(ours)).join("; "));
  await page.evaluate(() => document.documentElement.setAttribute("data-theme", "dark"));
  await page.addStyleTag({ content: DARK });
  check(`${name}: all can be read in the dark`, (await faint(ours)).length === 0, (await faint(ours)).join("; "));
  await page.screenshot({ path: join(output, `${name}-dark.png`), fullPage: true });
}
await finish(browser);
