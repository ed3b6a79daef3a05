// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
// Measures whether the health page and the warnings can be read: node contrast.mjs URL OUTPUT-DIR THEME STATES, where THEME is
// what Jenkins shows now, or `dark, as a test has it`. STATES are states of agents `crowd-STATE`, with commas between.
// Prints one JSON line; screenshots are NAME-THEME.png. Exits 3 when no browser is installed.
import { join } from "node:path";
import { check, finish, launch } from "./chromium.mjs";

const [url, output, theme, states] = process.argv.slice(2);
const ENOUGH = 4.5;
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1400, height: 1000 } });
const page = await context.newPage();
page.setDefaultTimeout(100_000);

/** Each text's contrast with what is behind it, in the words of WCAG 2. */
function contrasts(selector) {
  return page.locator(selector).evaluateAll((all) => {
    // Whatever the notation is, such as oklch; what is half transparent lies over what is behind it.
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const over = (colours) => {
      context.fillStyle = "white";
      context.fillRect(0, 0, 1, 1);
      for (const colour of colours) {
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
      }
      return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const light = (colour) => {
      const [r, g, b] = colour.map((one) => (one / 255 <= 0.03928 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
      const colours = [];
      for (let one = element; one; one = one.parentElement) colours.unshift(getComputedStyle(one).backgroundColor);
      return colours;
    };
    return all
      .filter((element) => element.checkVisibility() && [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
      .map((element) => {
        const back = behind(element);
        const [one, two] = [light(over([...back, getComputedStyle(element).color])), light(over(back))].sort((a, b) => b - a);
        return { text: element.innerText.trim().slice(0, 40), contrast: Math.round(100 * (one + 0.05) / (two + 0.05)) / 100 };
      });
  });
}

/** The colours that the dark theme sets, for a Jenkins without that plugin. */
const DARK = `:root { --background: hsl(240, 10%, 11%); --text-color: hsl(240, 10%, 96%); --text-color-secondary: hsl(240, 8%, 72%);
  --link-color: #7cb7ff; --error-color: #ff8a80; --warning-color: #ffb74d; --success-color: #81c784; --card-background: hsl(240, 10%, 14%);
  --table-background: hsl(240, 10%, 14%); --button-background: hsl(240, 8%, 22%); --input-color: hsl(240, 10%, 14%); }
  body, #page-body, #main-panel { background: var(--background) !important; color: var(--text-color) }`;

async function open(path) {
  await page.goto(url + path);
  await page.waitForLoadState("networkidle");
  if (theme.startsWith("dark,")) {
    await page.evaluate(() => document.documentElement.setAttribute("data-theme", "dark"));
    await page.addStyleTag({ content: DARK });
  }
}

const low = (found) => found.filter(({ contrast }) => contrast < ENOUGH).map(({ text, contrast }) => `${text}: ${contrast}`).join("; ");
const short = theme.split(",")[0];

await open("/manage/machine-id/?q=crowd-");
const dark = await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("color-scheme") + document.documentElement.dataset.theme);
check(`${theme}: it is that theme`, short === "light" ? !dark.includes("dark") : dark.includes("dark"), dark);
const measured = {};
for (const state of states.split(",")) {
  const row = `.machine-id-row[data-state="${state}"] strong`;
  const [found] = await contrasts(row);
  measured[state] = found?.contrast;
  check(`${theme}: ${state} can be read`, found?.contrast >= ENOUGH, JSON.stringify(found));
}
check(`${theme}: the contrasts of states`, true, JSON.stringify(measured));
const counts = await contrasts("#machine-id-counts a");
check(`${theme}: the numbers of each state can be read`, counts.length >= states.split(",").length && low(counts) === "", low(counts));
const OURS = "#machine-id-rows *, #machine-id-cluster-table *, #machine-id-filter label, #machine-id-found";
check(`${theme}: all of the page can be read`, low(await contrasts(OURS)) === "", low(await contrasts(OURS)));
await page.screenshot({ path: join(output, `health-${short}.png`), fullPage: true });

await open("/administrativeMonitor/machine-id/");
const warnings = await contrasts("#machine-id-warnings *");
check(`${theme}: warnings can be read`, warnings.length > 0 && low(warnings) === "", low(warnings));
await page.setViewportSize({ width: 1400, height: 500 });
await page.screenshot({ path: join(output, `warnings-${short}.png`), fullPage: true });
await open("/manage/");
const shown = await contrasts("[data-machine-id-warning], [data-machine-id-warning] *");
check(`${theme}: warnings of Manage Jenkins can be read`, shown.length > 0 && low(shown) === "", low(shown));
await finish(browser);
