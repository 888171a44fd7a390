// A browser for the tests: every page reports what goes wrong on it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";

export const BASE = process.env.BASE;
export const MINE = process.env.MINE;
export const FOLDER = process.env.FOLDER;

const ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const TRACE = "#/trace/stable-pin/mmap-store-dirty-pte/snapshot";
export const LASSO = "#/trace/recheck-i-version/endless-writer-vs-splice/splicer-progress";
export const LONG = "#/trace/by-reference/cow-mapping-goes-stale-twice/no-lost-write";
export const WEAK = "#/trace/by-reference/pinned-writer-vs-writeback/no-lost-write?memory=weak";

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: ARGS });
}

// Does `work` with a new page; nothing may have gone wrong on it at the end.
export async function withPage(browser, options, work) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !page.expected?.test(message.text())) wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(String(error.stack ?? error)));
  try {
    await work(page);
    assert.deepEqual(wrong, [], "errors on the page's console");
  } finally {
    await context.close();
  }
}

// Goes to an address of the page, and waits until it is shown.
export async function open(page, hash, base = BASE) {
  await page.goto("about:blank");
  await page.goto(base + hash);
  await page.locator("main h1").waitFor();
}

// Where a trace's page is.
export function position(page) {
  return page.locator(".position").innerText();
}

// Lets go a file over the page.
export async function drop(page, name, text) {
  const data = await page.evaluateHandle(([n, t]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([t], n, { type: "application/json" }));
    return transfer;
  }, [name, text]);
  await page.dispatchEvent("body", "drop", { dataTransfer: data });
}

// What violates the guidelines, by axe.
export async function violations(page, what) {
  const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
  return found.violations.map((v) => `${what}: ${v.id}: ${v.help}\n${v.nodes.slice(0, 4).map((n) => `    ${n.target.join(" ")} ${n.any[0]?.message ?? ""}`).join("\n")}`);
}

export function read(name) {
  return readFileSync(`${FOLDER}/${name}`, "utf8");
}
