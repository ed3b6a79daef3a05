// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
// A browser for the pages of a running Jenkins, and what was found there.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** Exits 3 when no browser is installed. */
export async function launch() {
  let chromium;
  try {
    const from = createRequire(join(process.env.PLAYWRIGHT_CORE ?? process.cwd(), "x.js"));
    ({ chromium } = from("playwright-core"));
  } catch {
    console.log(JSON.stringify({ skipped: "playwright-core is not installed" }));
    process.exit(3);
  }
  const executable = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
    (path) => path && existsSync(path),
  );
  if (!executable) {
    console.log(JSON.stringify({ skipped: "no Chromium is installed" }));
    process.exit(3);
  }
  return chromium.launch({ executablePath: executable, args: ["--no-sandbox"] });
}

const checks = [];

export function check(name, held, detail = "") {
  checks.push({ name, held: Boolean(held), detail: String(detail).slice(0, 500) });
}

/** Ends the process, with one JSON line. */
export async function finish(browser) {
  await browser.close();
  console.log(JSON.stringify({ checks }));
  process.exit(checks.every((one) => one.held) ? 0 : 1);
}
