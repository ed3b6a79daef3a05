// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
// Drives the pages of a running Jenkins as an administrator would: node browser.mjs URL OUTPUT-DIR BUILD-PATH GOOD-ADDRESS WEB-CA-FILE
// Prints one JSON line; screenshots go to the output directory. Exits 3 when no browser is installed.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { check, finish, launch } from "./chromium.mjs";

const [url, output, buildPath, goodAddress, webCa] = process.argv.slice(2);
const PIN = "sha256:" + "2".repeat(64);

const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1400, height: 1100 } });
page.setDefaultTimeout(150_000);
const errors = [];
page.on("pageerror", (error) => errors.push(error.message));

/** Of the page, or of a part of it. */
async function shot(name, part) {
  const path = join(output, `${name}.png`);
  await (part ? part.screenshot({ path }) : page.screenshot({ path, fullPage: true }));
}

async function section() {
  await page.goto(`${url}/manage/configure`);
  await page.waitForLoadState("networkidle");
  return page.locator(".jenkins-section", { has: page.getByRole("button", { name: "Add cluster" }) }).last();
}

/** The entry that was added last to a repeatable list. */
function last(list, name) {
  return list.locator(`.repeated-chunk:has(input[name='_.${name}'])`).last();
}

async function fill(chunk, values) {
  for (const [name, value] of Object.entries(values)) {
    const field = chunk.locator(`[name='_.${name}']`).first();
    if ((await field.evaluate((element) => element.tagName)) === "SELECT") {
      // A cluster that isn't saved yet is offered when somebody comes to choose.
      await field.focus();
      await field.selectOption(value);
    } else {
      await field.fill(value);
    }
  }
}

async function test(chunk) {
  // What was said before must not be taken for the answer.
  await chunk.evaluate((element) => {
    for (const line of element.querySelectorAll(".ok, .error, .warning")) {
      if (/Tried from|No agent|None of the connected|not saved/.test(line.innerText)) line.remove();
    }
  });
  const button = chunk.getByRole("button", { name: "Test connection" });
  await button.scrollIntoViewIfNeeded();
  await button.click();
  await page.waitForFunction(
    (element) => /Tried from|No agent|None of the connected|not saved/.test(element.innerText),
    await chunk.elementHandle(),
    { timeout: 90_000 },
  );
  return (await chunk.innerText()).split("\n").find((line) => /Tried from|No agent|None of the connected|not saved/.test(line));
}

// The form, filled by clicks.
let form = await section();
await form.getByRole("button", { name: "Add cluster" }).click();
let cluster = last(form, "address");
await fill(cluster, { name: "by-hand", address: "https://admin@wrong.example.com" });
await cluster.locator("[name='_.address']").blur();
await page.waitForFunction((element) => element.innerText.includes("This URL contains a user"), await cluster.elementHandle());
check("a wrong address is explained while typing", true);
await fill(cluster, { address: `https://${goodAddress}/web/login` });
await cluster.locator("[name='_.address']").blur();
await page.waitForFunction(([element, text]) => element.innerText.includes(text), [await cluster.elementHandle(), `Taken as ${goodAddress}`]);
check("the URL of the proxy's page is taken", true);
await fill(cluster, { caPins: PIN });
await cluster.locator("[name='_.caPins']").blur();
let said = await test(cluster);
check("Test connection says what is wrong and what to do", /not trusted|pin/.test(said) && /configure|check/.test(said), said);
await shot("test-connection-bad", cluster);
await fill(cluster, { caPins: "", caCertificate: readFileSync(webCa, "utf8") });
said = await test(cluster);
check("Test connection says which cluster it is", /cluster example\.test, Teleport 15/.test(said), said);
const facts = await cluster.locator(".jenkins-validate-button__container__status, .validation-error-area").filter({ hasText: "Tried from" }).last().locator("li").allInnerTexts();
check("a line for each thing, none of them about a token", facts.length > 3 && !facts.some((line) => /token/.test(line)), facts.join(" | "));
await shot("test-connection-good", cluster);
await fill(cluster, { caPins: PIN });
await form.getByRole("button", { name: "Add identity" }).click();
let identity = last(form, "maxTtl");
const SECRET = "typed-by-hand-0123456789";
await fill(identity, { id: "by-hand", cluster: "by-hand", roles: "one, two", maxTtl: "90m", allowedJobs: "team-a/**\nteam b/*", allowedAgents: "a2\nworker-*" });
/** The choice says it, however long the answer takes. */
async function told(chunk, name, words) {
  await page.waitForFunction(([element, text]) => element.innerText.includes(text), [await chunk.elementHandle(), words]);
  check(name, true);
}
await told(identity, "a cluster that isn't saved yet is no error", "it is saved together with this");
check("and nothing says that it is gone", !(await identity.innerText()).includes("There is no cluster"));
// Only the chosen method's fields are there; a method's form is fetched when it is chosen first.
const method = identity.locator("select.dropdownList").first();
const JENKINS = "jenkins (signed by this Jenkins)";
await method.selectOption({ label: JENKINS });
await told(identity, "a new identity shows the form that goes on the wire", "Sent as join method kubernetes; Teleport accepts it from version 12.4, 13.4 or 14 on");
await method.selectOption({ label: "gitlab" });
await identity.locator("[name='_.tokenName']:visible").first().waitFor();
check("an ID-token method shows its own fields", await identity.locator("[name='_.variable']").first().isVisible());
check("and no secret token", !(await identity.locator("[name='_.token']").first().isVisible().catch(() => false)));
await method.selectOption({ label: "token" });
const password = identity.locator("[name='_.token']").first();
await password.waitFor({ state: "attached" });
if (!(await password.isVisible())) {
  await identity.getByRole("button", { name: /Change Password|Conceal|Add/ }).first().click();
}
await password.fill(SECRET);
await page.getByRole("button", { name: "Save" }).click();
await page.waitForURL((at) => !at.pathname.endsWith("/configure"));
check("the form is saved", true);

// Loaded again, it says the same.
form = await section();
cluster = last(form, "address");
identity = last(form, "maxTtl");
const seen = async (chunk, name) => chunk.locator(`[name='_.${name}']`).first().inputValue();
check("name", (await seen(cluster, "name")) === "by-hand", await seen(cluster, "name"));
check("address", (await seen(cluster, "address")) === goodAddress);
check("pins", (await seen(cluster, "caPins")) === PIN, await seen(cluster, "caPins"));
check("id", (await seen(identity, "id")) === "by-hand");
check("cluster", (await seen(identity, "cluster")) === "by-hand", await seen(identity, "cluster"));
const offered = async (field) => {
  await page.waitForFunction((element) => element.options.length > 1, await field.elementHandle());
  return field.locator("option").evaluateAll((options) => options.map((option) => option.value));
};
const clusters = await offered(identity.locator("[name='_.cluster']"));
check("clusters are offered", clusters.includes("main") && clusters.includes("by-hand"), clusters);
check("roles", (await seen(identity, "roles")) === "one, two", await seen(identity, "roles"));
check("longest lifetime", (await seen(identity, "maxTtl")) === "90m");
check("allowed jobs", (await seen(identity, "allowedJobs")).trim() === "team-a/**\nteam b/*", await seen(identity, "allowedJobs"));
check("agents", (await seen(identity, "allowedAgents")).trim() === "a2\nworker-*", await seen(identity, "allowedAgents"));
const html = await page.content();
check("the token is not in the page", !html.includes(SECRET));
said = await test(identity);
check("Test connection of an identity holds the saved pins against the cluster", said.includes("[ca_pin_mismatch]"), said);
await shot("configuration", form);
const help = form.locator("a.jenkins-help-button");
check("each field has a help button", (await help.count()) > 15, await help.count());

// Its cluster was tried, so that the version is known; nothing of this is saved.
await identity.locator("select.dropdownList").first().selectOption({ label: JENKINS });
await told(identity, "the field of the form says which version was seen", "Cluster 'by-hand' has 15.");
await identity.locator("[name='_.form']").first().selectOption("generic_oidc");
await told(identity, "a form that the cluster is too old for is an error that names another one", "choose kubernetes in the identity");
await shot("form-too-new", identity);

// Removing the entries removes them.
await last(form, "maxTtl").locator(".repeatable-delete").last().click();
await last(form, "address").locator(".repeatable-delete").last().click();
await page.waitForTimeout(1000);
await page.getByRole("button", { name: "Save" }).click();
await page.waitForURL((at) => !at.pathname.endsWith("/configure"));
form = await section();
const left = await form.locator("[name='_.id']").evaluateAll((fields) => fields.map((field) => field.value));
check("removed entries are gone", !left.includes("by-hand"), left);

// The snippet generator.
await page.goto(`${url}/pipeline-syntax/`);
await page.waitForLoadState("networkidle");
await page.locator("select.dropdownList").first().selectOption({ label: "withMachineId: With the agent's machine identity" });
await page.waitForSelector("[name='_.kubernetesClusters']");
await page.locator("[name='_.roles']").first().fill("api-workers, db");
await page.locator("[name='_.ttl']").first().fill("30m");
await page.getByRole("button", { name: "Generate Pipeline Script" }).click();
await page.waitForFunction(() => document.querySelector("#prototypeText")?.value.includes("withMachineId"));
const snippet = await page.locator("#prototypeText").inputValue();
check("the snippet generator writes the block", snippet.includes("withMachineId(roles: ['api-workers', 'db'], ttl: '30m')"), snippet);
const generated = async (clusters) => {
  await page.locator("[name='_.kubernetesClusters']").first().fill(clusters);
  const before = await page.locator("#prototypeText").inputValue();
  await page.getByRole("button", { name: "Generate Pipeline Script" }).click();
  await page.waitForFunction((old) => document.querySelector("#prototypeText")?.value !== old, before);
  return page.locator("#prototypeText").inputValue();
};
const one = await generated("prod");
check("the snippet for one Kubernetes cluster is in the singular", one.includes("kubernetesCluster: 'prod'"), one);
const two = await generated("prod, staging");
check("the snippet for two is a list", two.includes("kubernetesClusters: ['prod', 'staging']"), two);
await shot("snippet-generator");

// A freestyle job and an agent.
await page.goto(`${url}/job/allowed-freestyle/configure`);
await page.waitForLoadState("networkidle");
const usable = await offered(page.locator("[name='_.identity']").first());
check("a job is offered the identities that allow it", usable.includes("api") && usable.includes("each") && !usable.includes("by-hand"), usable);
check("the freestyle form shows the identity", (await page.locator("[name='_.identity']").first().inputValue()) === "api");
await page.locator("[name='_.identity']").first().scrollIntoViewIfNeeded();
await shot("freestyle");
await page.goto(`${url}/computer/a1/configure`);
await page.waitForLoadState("networkidle");
const ofAgent = await offered(page.locator("[name='_.defaultIdentity']"));
check("an agent is offered what it may have", ofAgent.includes("api") && ofAgent.includes("each"), ofAgent);
check("the agent's form shows its binding", (await page.locator("[name='_.defaultIdentity']").inputValue()) === "api");
check("the agent's form shows its standing destination", /machine-id$/.test(await page.locator("[name='_.path']").first().inputValue()));
await shot("agent");

// The build page.
await page.goto(url + buildPath);
const use = page.locator("#machine-id-uses .machine-id-use");
check("the build page has one line for the identity", (await use.count()) === 1, await use.allInnerTexts());
check("the line says which", /^api as bot-api on a1: roles api-workers, \d+ certificates?.*, .+–.+/.test(await use.innerText()), await use.innerText());
await shot("build");
await use.locator("a").click();
const certificates = page.locator("#machine-id-certificates tbody tr");
check("the line leads to the table", (await certificates.count()) > 1);
const begin = certificates.first().locator("time").first();
const [exact, shown] = [await begin.getAttribute("title"), await begin.innerText()];
check("times are in the reader's zone, the exact ones as a hint", /^\d{4}-.*Z$/.test(exact) && shown !== exact && !shown.includes("T"), shown);
const kinds = () => certificates.locator("td:nth-child(4)").allInnerTexts();
await page.locator("#machine-id-certificates th:nth-child(4) a").click();
const sorted = await kinds();
await page.locator("#machine-id-certificates th:nth-child(4) a").click();
check("a column sorts", JSON.stringify(await kinds()) === JSON.stringify([...sorted].reverse()) && new Set(sorted).size === 2, sorted);
for (const kind of ["CSV", "JSON"]) {
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: kind, exact: true }).click()]);
  check(`the record can be saved as ${kind}`, file.suggestedFilename() === `machine-id-allowed-ssh-1.${kind.toLowerCase()}`, file.suggestedFilename());
}
await shot("audit");
check("no script error", errors.length === 0, errors.join("; "));
await finish(browser);
