// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
// Tries a join on the set-up page as an administrator would: node setup_page.mjs URL OUTPUT-DIR IDENTITY JOB REFUSED-JOB
// Prints one JSON line; screenshots go to the output directory. Exits 3 when no browser is installed.
import { join } from "node:path";
import { check, finish, launch } from "./chromium.mjs";

const [url, output, identity, job, refused] = process.argv.slice(2);
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
page.setDefaultTimeout(100_000);
const errors = [];
page.on("pageerror", (error) => errors.push(error.message));

/** From one element to the top of another one, or to the end of it. */
async function shot(name, from, to) {
  // The head of the page stands wherever somebody has scrolled to.
  await page.evaluate(() => window.scrollTo(0, 0));
  const boxes = await page.evaluate(([first, last]) => {
    const box = (selector) => {
      const { top, bottom } = document.querySelector(selector).getBoundingClientRect();
      return { top: top + window.scrollY, bottom: bottom + window.scrollY };
    };
    const main = document.querySelector("#main-panel").getBoundingClientRect();
    return { top: box(first).top, bottom: box(last).bottom, left: main.left, width: main.width };
  }, [from, to]);
  const clip = { x: boxes.left, y: boxes.top - 12, width: boxes.width, height: boxes.bottom - boxes.top + 24 };
  await page.screenshot({ path: join(output, `${name}.png`), fullPage: true, clip });
}

await page.goto(`${url}/manage/machine-id-setup/`);
await page.waitForLoadState("networkidle");
const form = page.locator(`form[name='try-${identity}']`);
// The roles are the least of it.
await page.locator(`details:has(#text-${identity}-roles) summary`).click();
await shot("setup-resources", `#identity-${identity}`, `#text-${identity}-resources`);
const wire = await page.locator(`#wire-${identity}`).innerText();
check("the form that goes on the wire is shown, and since when it is taken", /Sent as join method \w+; Teleport accepts it from version \d/.test(wire), wire);
const rotate = page.locator("form[name='rotate'] button");
check("a step of a rotation looks less important than a trial", !(await rotate.getAttribute("class")).includes("--primary"));
const copies = await page.locator(".jenkins-copy-button").count();
check("each text can be copied", copies > 3, copies);
const proposed = await form.locator("[name='job']").inputValue();
check("a job is proposed", proposed === job, proposed);

async function attempt(name) {
  await form.locator("[name='job']").fill(name);
  await form.getByRole("button", { name: "Try it" }).click();
  const said = page.locator(`#tried-${identity}`);
  await said.waitFor();
  return said.innerText();
}

let said = await attempt(job);
check("a join that works is told", /Joined as bot-/.test(said) && said.includes(job), said);
check("what was tried stays in the form", (await form.locator("[name='job']").inputValue()) === job);
const known = await page.locator(`#wire-${identity}`).innerText();
check("the version that was seen is shown beside the form", /has \d+\.\d+\.\d+, and accepts it/.test(known), known);
await shot("setup-try", `form[name='try-${identity}']`, `#tried-${identity}`);
said = await attempt(refused);
check("a refusal is explained", said.includes("[join_rejected]") && said.includes("create it again"), said);
await shot("setup-refused", `form[name='try-${identity}']`, `#tried-${identity}`);
check("no script error", errors.length === 0, errors.join("; "));
await finish(browser);
