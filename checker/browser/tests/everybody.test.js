// For everybody: no violation of the guidelines on any page, light and dark; by keyboard alone; in 800 px.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { FOLDER, LONG, TRACE, WEAK, launch, open, violations, withPage } from "../support.js";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const PAGES = {
  "verdicts": "",
  "cell": "#/cell/copy/snapshot",
  "cell, weak memory": "#/cell/by-reference/no-lost-write",
  "scheme": "#/scheme/stable-pin",
  "scenario": "#/scenario/mmap-store-dirty-pte",
  "scenario with blocks": "#/scenario/cow-mapping-goes-stale-twice",
  "invariant": "#/invariant/snapshot",
  "trace": TRACE,
  "long trace": LONG,
  "bug": "#/trace/bug%3AH01-1/pipe-write-after-splice/source-untouched",
  "trace, what if": `${TRACE}?from=12&then=splicer~S5~`,
  "weak memory": `${WEAK}&step=15`,
  "lasso": "#/trace/recheck-i-version/endless-writer-vs-splice/splicer-progress",
  "deadlock": "#/trace/stable-pin-mkclean/reader-stops-vs-write/writer-progress",
  "many tasks": "#/trace/by-reference/everything/snapshot?step=3",
  "comparison": `${TRACE}?with=stable-pin-mkclean`,
  "what holds": "#/trace/copy/write-vs-splice/snapshot",
  "bench": "#/bench",
  "claims": "#/claims",
  "bugs": "#/bugs",
  "ablation": "#/ablation/stable-pin",
  "cost": "#/cost/endless-writer-vs-splice",
  "no such page": "#/nothing",
};

for (const colorScheme of ["light", "dark"]) {
  test(`no violation by axe on any page, ${colorScheme}`, async () => {
    const found = [];
    for (const [name, hash] of Object.entries(PAGES)) {
      await withPage(browser, { colorScheme }, async (page) => {
        await open(page, hash);
        await page.locator("details").evaluateAll((all) => all.forEach((d) => { d.open = true; }));
        found.push(...await violations(page, name));
      });
    }
    await withPage(browser, { colorScheme, offline: true }, async (page) => {
      await open(page, TRACE, `file://${FOLDER}/export.html`);
      found.push(...await violations(page, "exported trace"));
    });
    assert.deepEqual(found, [], found.join("\n"));
  });
}

test("a run's results, by axe", () => withPage(browser, {}, async (page) => {
  await open(page, "#/bench?scheme=stable-pin-mkclean&scenario=mmap-store-dirty-pte&off=wait-for-holds");
  await page.getByRole("button", { name: "Run" }).click();
  await page.locator(".count").getByText(/^Done:/).waitFor();
  await page.locator(".viewer").waitFor();
  assert.deepEqual(await violations(page, "bench with results"), []);
}));

test("nothing is wider than 800 px", async () => {
  for (const [name, hash] of Object.entries(PAGES)) {
    await withPage(browser, { viewport: { width: 800, height: 900 } }, async (page) => {
      await open(page, hash);
      const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      assert.ok(wide <= seen, `${name}: ${wide} px`);
    });
  }
});

test("by keyboard alone, from the table to a step", () => withPage(browser, {}, async (page) => {
  await open(page, "#/verdicts?q=stable-pin-mkclean&scenario=mmap-store-clean-pte");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  let reached = false;
  for (let n = 0; n < 80 && !reached; n += 1) {
    await page.keyboard.press("Tab");
    reached = await page.evaluate(() => document.activeElement.closest("td") !== null);
  }
  assert.ok(reached);
  await page.keyboard.press("Enter");
  await page.locator("main h1").waitFor();
  await open(page, TRACE);
  await page.locator(".moving button").first().focus();
  await page.keyboard.press("Enter");
  assert.match(await page.locator(".position").innerText(), /step 0/);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.match(await page.locator(".position").innerText(), /step 1 /);
  assert.match(await page.locator("#said").innerText(), /step 1: mapper mov/);
}));

test("the theme is chosen, and remembered", () => withPage(browser, { colorScheme: "light" }, async (page) => {
  await open(page, "");
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.getByRole("button", { name: "Theme: auto" }).click();
  assert.equal(await paper(), light);
  await page.getByRole("button", { name: "Theme: light" }).click();
  assert.notEqual(await paper(), light);
  await page.reload();
  await page.getByRole("button", { name: "Theme: dark" }).waitFor();
  assert.notEqual(await paper(), light);
}));
