// The table of verdicts, and the list behind a cell.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, withPage } from "../support.js";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const boxOf = (page) => page.locator(".scroll.tall").first();

test("the first row and column stay in sight", () => withPage(browser, { viewport: { width: 800, height: 700 } }, async (page) => {
  await open(page, "#/verdicts");
  const box = boxOf(page);
  await box.scrollIntoViewIfNeeded();
  await box.evaluate((b) => b.scrollTo(400, 500));
  const frame = await box.boundingBox();
  const head = await box.locator("thead th").nth(6).boundingBox();
  assert.ok(Math.abs(head.y - frame.y) < 3, "the head is at the top of the box");
  const first = await box.locator("tbody th[scope=row]").first().boundingBox();
  assert.ok(Math.abs(first.x - frame.x) < 3, "the first column is at the left");
}));

test("Back leads to where one was", () => withPage(browser, {}, async (page) => {
  await open(page, "#/verdicts");
  const box = boxOf(page);
  await page.evaluate(() => window.scrollTo(0, 120));
  await box.evaluate((b) => b.scrollTo(300, 420));
  const link = box.locator("tbody tr").nth(20).locator("td a").nth(9);
  const to = await link.getAttribute("href");
  await link.evaluate((a) => a.click());
  await page.locator("h1", { hasText: /·|in/ }).waitFor();
  assert.ok(await page.evaluate(() => window.scrollY) < 120, "a new page begins at its top");
  await page.goBack();
  await box.waitFor();
  await page.waitForFunction(() => document.querySelector(".scroll.tall").scrollTop > 0);
  assert.deepEqual(await box.evaluate((b) => [b.scrollLeft, b.scrollTop]), [300, 420]);
  assert.equal(await page.evaluate(() => window.scrollY), 120);
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("href")), to);
}));

test("columns have gutters, and nothing holds after 0 states", () => withPage(browser, {}, async (page) => {
  await open(page, "#/verdicts");
  const box = boxOf(page);
  // Between the text of a cell and its edge.
  const room = await box.locator("tbody td a").evaluateAll((all) => Math.min(...all.slice(0, 200).map((a) => {
    const range = document.createRange();
    range.selectNodeContents(a);
    return a.parentElement.getBoundingClientRect().right - range.getBoundingClientRect().right;
  })));
  assert.ok(room >= 6, `${room} px`);
  const text = await page.locator("main").innerText();
  assert.doesNotMatch(text, /\b0 states/);
  assert.match(text, /no loop/);
  await open(page, "#/cell/copy/splicer-progress?world=0");
  assert.doesNotMatch(await page.locator("main").innerText(), /(^|[^\d,])0 states/);
}));

test("a table is one stop of Tab, and arrows go about in it", () => withPage(browser, {}, async (page) => {
  await open(page, "#/verdicts");
  const tables = await page.locator("table.matrix").count();
  assert.equal(await page.locator("table.matrix tbody a[tabindex='0']").count(), tables);
  const first = page.locator("table.matrix").first();
  await first.locator("tbody td a").first().focus();
  const at = () => page.evaluate(() => document.activeElement.closest("td, th").cellIndex);
  const row = () => page.evaluate(() => document.activeElement.closest("tr").rowIndex);
  assert.deepEqual([await row(), await at()], [2, 1]);
  await page.keyboard.press("ArrowRight");
  assert.equal(await at(), 2);
  // Past the row of a family's name.
  await page.keyboard.press("ArrowDown");
  assert.deepEqual([await row(), await at()], [4, 2]);
  await page.keyboard.press("Home");
  assert.equal(await at(), 0);
  await page.keyboard.press("End");
  assert.ok(await at() > 10);
  const left = await page.evaluate(() => document.activeElement.getBoundingClientRect().left);
  assert.ok(left > 0 && left < 1400, "what has the focus is in sight");
  await page.keyboard.press("Tab");
  assert.ok(await page.evaluate((n) => document.activeElement.closest("table") !== document.querySelectorAll("table.matrix")[n], 0));
}));

test("how to read it", () => withPage(browser, {}, async (page) => {
  await open(page, "#/verdicts");
  await page.getByText("How to read this").click();
  assert.match(await page.locator(".how").innerText(), /every reachable state of every scenario was visited/);
}));

test("a cell's list is sorted and filtered, and the address keeps both", () => withPage(browser, {}, async (page) => {
  await open(page, "#/cell/by-reference/snapshot?world=0");
  const names = () => page.locator("tbody th a").allInnerTexts();
  const all = await names();
  assert.deepEqual(all, [...all].sort());
  await page.getByRole("button", { name: "what was covered" }).click();
  const counts = (await page.locator(".covered li:first-child").allInnerTexts()).map((t) => Number(/([\d,]+) states?/.exec(t)?.[1].replaceAll(",", "") ?? 0));
  assert.deepEqual(counts, [...counts].sort((a, b) => a - b));
  await page.getByRole("button", { name: "what was covered" }).click();
  assert.match(page.url(), /sort=-covered/);
  assert.equal(await page.locator("th[aria-sort=descending]").count(), 1);
  await page.getByLabel("Filter").fill("punch");
  const few = await names();
  assert.ok(few.length > 0 && few.length < all.length);
  assert.match(await page.locator(".count").innerText(), new RegExp(`${few.length} of ${all.length} runs`));
  await page.reload();
  await page.locator("tbody th a").first().waitFor();
  assert.deepEqual(await names(), few);
}));
