// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
// What forms say to whoever fills them: node forms.mjs URL OUTPUT-DIR FREESTYLE GENERATOR AGENT FOLDER (paths of pages).
// Prints one JSON line; screenshots go to the output directory. Exits 3 when no browser is installed.
import { join } from "node:path";
import { check, finish, launch } from "./chromium.mjs";

const [url, output, freestyle, generator, agent, folder] = process.argv.slice(2);
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
page.setDefaultTimeout(60_000);
const errors = [];
page.on("pageerror", (error) => errors.push(error.message));

async function open(path) {
  await page.goto(url + path);
  await page.waitForLoadState("networkidle");
}

async function shot(name) {
  await page.screenshot({ path: join(output, `${name}.png`), fullPage: true });
}

/** Each help button of ours shows its own help, and not that of another field. */
async function help(what) {
  const buttons = await page.locator("a.jenkins-help-button[helpurl*='machineid']:visible").all();
  check(`${what} has help`, buttons.length > 0, buttons.length);
  const wrong = [];
  for (const button of buttons) {
    const address = await button.getAttribute("helpurl");
    const expected = await page.evaluate(async (from) => {
      const box = document.createElement("div");
      box.innerHTML = await (await fetch(from)).text();
      return box.textContent.replace(/\s+/g, " ").trim().slice(0, 60);
    }, address);
    await button.click();
    const opened = page.locator(".help:visible");
    const right = await page.waitForFunction((begin) => {
      const open = [...document.querySelectorAll(".help")].filter((area) => area.offsetParent !== null && area.innerText.trim() !== "");
      return open.length === 1 && open[0].textContent.replace(/\s+/g, " ").trim().startsWith(begin);
    }, expected, { timeout: 5000 }).then(() => true, () => false);
    // In the entry of the field, and not in one of a list below it.
    const there = right && (await opened.evaluate(
      (area, link) => area.closest(".repeated-chunk") === link.closest(".repeated-chunk"), await button.elementHandle()));
    if (!there) wrong.push(`${address}: ${right ? "elsewhere" : (await opened.allInnerTexts()).join("|").slice(0, 60)}`);
    await button.click();
  }
  check(`each help button of ${what} opens the help of its field, where the field is`, wrong.length === 0, wrong.join(" "));
}

const lines = (list) => list.locator(".validation-error-area .error:visible, .validation-error-area .warning:visible").allInnerTexts();

/** Ends the page that follows a click, in the same window. */
async function pageAfter(button) {
  await Promise.all([page.waitForNavigation(), page.getByRole("button", { name: button, exact: true }).click()]);
  await page.waitForLoadState("networkidle");
  return page.locator("body").innerText();
}

// The system's page.
await open("/manage/configure");
await help("the system's page");
await page.getByRole("button", { name: "Add cluster" }).click();
await page.getByRole("button", { name: "Add identity" }).click();
await page.waitForLoadState("networkidle");
const cluster = page.locator(".repeated-chunk:has(input[name='_.address'])").last();
const identity = page.locator(".repeated-chunk:has(input[name='_.maxTtl'])").last();
let said = [...(await lines(cluster)), ...(await lines(identity))];
check("a fresh cluster and a fresh identity are neither red nor yellow", said.length === 0, said.join(" | "));
await shot("forms-fresh");
await identity.locator("select.dropdownList").first().selectOption({ label: "iam" });
await identity.locator("[name='_.tokenName']").first().waitFor({ state: "visible" });
await page.waitForLoadState("networkidle");
said = await lines(identity);
check("nor are the fields of a method that was just chosen", said.length === 0, said.join(" | "));
await identity.locator("[name='_.id']").fill("a b");
await identity.locator("[name='_.id']").blur();
await page.waitForFunction((entry) => entry.innerText.includes("can't be an identity's id"), await identity.elementHandle());
check("what is typed is checked", true);
await identity.locator("[name='_.id']").fill("fresh");
await cluster.locator("[name='_.name']").fill("fresh");
await cluster.locator("[name='_.address']").fill("fresh.example.com");
await cluster.locator("[name='_.caPins']").fill("abc");
await identity.locator("[name='_.cluster']").focus();
await identity.locator("[name='_.cluster']").selectOption("main");
let text = await pageAfter("Save");
await shot("forms-refused-system");
check("a refused save names section, entry and field, and what to do",
  /Machine ID \(Teleport\), Cluster .*'fresh'.*, field 'CA pins': 'abc' is no CA pin/.test(text) && /Go back in the browser/.test(text), text.slice(0, 600));
check("and shows no trace", !/\bat (hudson|io\.jenkins|java)\./.test(text));

// Something that was left out.
await open("/manage/configure");
await page.getByRole("button", { name: "Add identity" }).click();
await page.waitForLoadState("networkidle");
text = await pageAfter("Save");
check("so does one with an entry that was left empty", /Identity \d+, field 'ID': An ID is required/.test(text), text.slice(0, 600));

// An agent's page.
await open(agent);
await help("an agent's page");
await page.locator("[name='_.path']").first().fill("/");
text = await pageAfter("Save");
await shot("forms-refused-agent");
check("an agent's refused save names the field", /Machine ID \(Teleport\), .*field 'Path': '\/' is/.test(text), text.slice(0, 600));

// A folder's page.
await open(folder);
await help("a folder's page");
await page.locator(".repeated-chunk:has(input[name='_.maxTtl']) [name='_.maxTtl']").first().fill("soon");
text = await pageAfter("Save");
check("a folder's refused save names entry and field",
  /Machine identities \(Teleport\), .*'deploy'.*, field 'Maximum certificate TTL': 'soon'/.test(text), text.slice(0, 600));

/** Adds an output without saying of what. */
async function emptyOutput() {
  for (const more of await page.locator(".advanced-button:visible").all()) await more.click();
  const add = page.getByRole("button", { name: "Add output" });
  await add.scrollIntoViewIfNeeded();
  await add.click();
  await page.locator(".jenkins-dropdown__item:has-text('Database'), .yuimenuitem:has-text('Database')").first().click();
  await page.locator("[name='_.service']").first().waitFor({ state: "visible" });
  await page.waitForLoadState("networkidle");
}

// A freestyle job.
await open(freestyle);
await help("a job's page");
await emptyOutput();
said = await lines(page.locator(".repeated-chunk:has([name='_.service'])").last());
check("a fresh output isn't red", said.length === 0, said.join(" | "));
text = await pageAfter("Save");
await shot("forms-refused-job");
check("a job's refused save names the output's field", /field 'Database service': /.test(text) && !/\bat (hudson|io\.jenkins)\./.test(text), text.slice(0, 600));

// The snippet generator.
await open(generator);
await page.locator("select.dropdownList").first().selectOption({ label: "withMachineId: With the agent's machine identity" });
await page.waitForSelector("[name='_.kubernetesClusters']");
await emptyOutput();
await help("the snippet generator");
const [reply] = await Promise.all([
  page.waitForResponse((each) => each.url().includes("generateSnippet")),
  page.getByRole("button", { name: "Generate Pipeline Script" }).click(),
]);
await page.waitForFunction(() => document.querySelector("#prototypeText")?.value !== "");
const snippet = await page.locator("#prototypeText").inputValue();
check("the generator says what is missing, in one line",
  reply.status() === 200 && /^Output 1.*field 'Database service': .*\s*$/.test(snippet) && !snippet.trim().includes("\n"), `${reply.status()} ${snippet}`);
await shot("forms-generator");
await page.locator("[name='_.service']").first().fill("billing");
await page.getByRole("button", { name: "Generate Pipeline Script" }).click();
await page.waitForFunction(() => document.querySelector("#prototypeText")?.value.includes("databaseAccess"));
check("and writes the block when it is there", true);
check("no script error", errors.length === 0, errors.join("; "));
await finish(browser);
