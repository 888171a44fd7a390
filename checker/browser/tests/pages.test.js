// Pages of scenarios, invariants, schemes, claims, bugs; somebody's own scenarios; addresses that are wrong; keys.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { MINE, TRACE, launch, open, withPage } from "../support.js";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const text = (page) => page.locator("main").innerText();

test("a scenario has a page: what it is, its beginning, its tasks, its verdicts", () => withPage(browser, {}, async (page) => {
  await open(page, TRACE);
  await page.locator("h1").getByRole("link", { name: "mmap-store-dirty-pte" }).click();
  await page.getByRole("heading", { name: "Before anybody moves" }).waitFor();
  assert.match(await text(page), /The case that the mail singles out/);
  assert.match(await page.locator(".tasks").innerText(), /mapper mmap-store[\s\S]*splicer splice, pipe-read/);
  assert.match(await page.locator(".picture").innerText(), /pte\(mm0,0\)[\s\S]*folio0[\s\S]*disk\[0\]/);
  assert.ok(await page.locator(".picture .arrow").count() > 0);
  assert.match(await page.locator(".code").innerText(), /mapper: mmap-store/);
  await page.locator("table.matrix").getByRole("link", { name: /violated 16/ }).first().click();
  await page.locator(".viewer").waitFor();
}));

test("an invariant has a page: its definition, its source, who keeps it", () => withPage(browser, {}, async (page) => {
  await open(page, "#/verdicts");
  await page.locator("thead").first().getByRole("link", { name: "writer-progress" }).click();
  await page.getByRole("heading", { name: "writer-progress" }).waitFor();
  assert.match(await text(page), /In full: A task that modifies the file finishes/);
  const archive = page.getByRole("link", { name: /casper\.infradead\.org/ });
  assert.equal(await archive.getAttribute("href"), "https://lore.kernel.org/r/Y+XLuYh+kC+4wTRi@casper.infradead.org");
  assert.ok(await page.locator("td.violated").count() > 5);
}));

test("every invariant is defined and has a source", () => withPage(browser, {}, async (page) => {
  await open(page, "#/verdicts");
  const { invariants } = await page.evaluate(async () => (await fetch("/api/catalog")).json());
  for (const i of invariants) assert.ok(i.definition && i.source && i.title, i.id);
}));

test("a scheme has its rules and its source", () => withPage(browser, {}, async (page) => {
  await open(page, "#/scheme/by-reference");
  assert.match(await page.getByRole("link", { name: /mail\.gmail\.com/ }).getAttribute("href"), /^https:\/\/lore\.kernel\.org\/r\/CAHk-/);
  await open(page, "#/scheme/stable-pin");
  assert.match(await page.locator(".rules").innerText(), /take-hold/);
}));

test("claims have a mark and lead to the archive", () => withPage(browser, {}, async (page) => {
  await open(page, "#/claims");
  assert.match(await page.locator(".outcome.confirmed").first().innerText(), /^✓ confirmed/);
  assert.match(await page.locator(".outcome.refuted").first().innerText(), /^✗ refuted/);
  assert.match(await page.locator(".outcome.confirmed-only-if").first().innerText(), /^◐ confirmed only if/);
  const hrefs = await page.locator("article a[href^='https://lore.kernel.org/r/']").count();
  assert.ok(hrefs >= await page.locator("article").count() / 2, `${hrefs} links`);
  assert.match(await page.locator(".count").innerText(), /✓ \d+ confirmed/);
}));

test("a bug's page has its name", () => withPage(browser, {}, async (page) => {
  await open(page, "#/bugs");
  assert.equal(await page.getByRole("link", { name: "9d2231c5d74e" }).getAttribute("href"), "https://git.kernel.org/torvalds/c/9d2231c5d74e");
  await page.locator("article", { hasText: "Dirty Pipe" }).getByRole("link", { name: /violated/ }).first().click();
  await page.locator(".viewer").waitFor();
  assert.match(await page.locator("h1").innerText(), /^H01 Dirty Pipe, CVE-2022-0847 in /);
  assert.match(await page.title(), /H01 Dirty Pipe/);
  await page.locator("h1 a").first().click();
  await page.getByRole("heading", { name: "H01: Dirty Pipe, CVE-2022-0847" }).waitFor();
}));

test("an error of the model shows its steps", () => withPage(browser, {}, async (page) => {
  page.expected = /status of 400/;
  await open(page, "#/trace/by-reference/pipe-write-after-splice/snapshot?without=lock%3AS4l");
  assert.match(await text(page), /error of the model: reader at S7[\s\S]*This is no verdict/);
  await page.getByRole("link", { name: "The steps to where the model errs" }).click();
  await page.locator(".viewer").waitFor();
  assert.match(await page.locator(".why").first().innerText(), /about to execute a step that errs: reader at S7/);
  assert.match(await page.locator("h1").innerText(), /violated in 15 steps/);
}));

test("somebody's own scenarios are on every page", () => withPage(browser, {}, async (page) => {
  page.expected = /status of 404/;
  await open(page, "#/verdicts", MINE);
  assert.match(await text(page), /foliocheck check --bless --scenarios \S+/);
  await page.locator("tbody th a").click();
  await page.getByRole("heading", { name: "Before anybody moves" }).waitFor();
  assert.match(await page.locator(".picture").innerText(), /folio0/);
  await open(page, "#/bench", MINE);
  assert.equal(await page.locator("#bench-scenario").inputValue(), "my-write-vs-splice");
  await page.getByRole("button", { name: "Run" }).click();
  await page.locator(".count").getByText(/^Done:/).waitFor();
  await open(page, "#/cost", MINE);
  assert.match(await page.locator("h1").innerText(), /Cost in my-write-vs-splice/);
  assert.match(await page.locator("tbody").innerText(), /by-reference/);
  await open(page, "#/ablation", MINE);
  assert.match(await text(page), /no ablation of stable-pin-mkclean is committed; `foliocheck ablate stable-pin-mkclean --bless --scenarios \S+` makes one/);
  assert.equal(await page.getByLabel("Scheme").inputValue(), "stable-pin-mkclean");
  await open(page, "#/claims", MINE);
  assert.match(await text(page), /start foliocheck without --scenarios/);
  // A bug's own scenario is not there: its kernel is tried on what is.
  await open(page, "#/bugs", MINE);
  await page.getByRole("link", { name: "with the bug" }).first().click();
  await page.locator("#bench-scheme").waitFor();
  assert.equal(await page.locator("#bench-scenario").inputValue(), "my-write-vs-splice");
  await page.getByRole("button", { name: "Run" }).click();
  await page.locator(".count").getByText(/^Done:/).waitFor();
}));

const STRANGE = {
  "#/nothnig": /Nothing is at #\/nothnig/,
  "#/verdict": /no page verdict\. Did you mean verdicts/,
  "#/verdicts?family=holt": /no family holt\. Did you mean hold/,
  "#/verdicts?scenario=no-such": /no scenario no-such/,
  "#/verdicts/more": /Nothing is at \/more/,
  "#/verdicts?famly=hold": /no setting famly\. Did you mean family/,
  "#/cell/copyy/snapshot": /no scheme copyy\. Did you mean copy/,
  "#/cell/copy/snapshto": /no invariant snapshto\. Did you mean snapshot/,
  "#/cell/copy/snapshot?world=77": /no part of the world 77/,
  "#/cell/copy/snapshot?sort=size": /no column to sort by size/,
  "#/cell": /no scheme/,
  "#/scheme/stable-pni": /Did you mean stable-pin/,
  "#/scenario/write-vs-splic": /Did you mean write-vs-splice/,
  "#/invariant/untron": /Did you mean untorn/,
  "#/trace/stable-pin": /address has a scheme, a scenario and an invariant/,
  "#/trace/stable-pin/no-such/snapshot": /no scenario `no-such`/,
  "#/trace/stable-pin/mmap-store-dirty-pte/no-such": /no invariant `no-such`/,
  "#/trace/stable-pin/mmap-store-dirty-pte/snapshot?step=99": /step=99: there are only 0 to 16/,
  "#/trace/stable-pin/mmap-store-dirty-pte/snapshot?with=no-such": /no scheme `no-such`/,
  "#/trace/stable-pin/mmap-store-dirty-pte/snapshot?memory=strong": /memory=strong/,
  "#/trace/%E0%A4%A/mmap-store-dirty-pte/snapshot": /no scheme/,
  "#/bench?scheme=stable-pni": /Did you mean stable-pin/,
  "#/bench?scenario=no-such": /no scenario no-such/,
  "#/bench?off=take-hlod&scheme=stable-pin": /no rule take-hlod\. Did you mean take-hold/,
  "#/bench?ask=snapshto": /no invariant snapshto/,
  "#/bench?states=many": /states=many is no number/,
  "#/claims?outcome=confrimed": /no outcome confrimed\. Did you mean confirmed/,
  "#/bugs?bug=H99": /no bug H99/,
  "#/ablation/no-such": /no scheme no-such/,
  "#/cost/no-such": /no scenario no-such/,
};

test("an address that is wrong says so, on every page", () => withPage(browser, {}, async (page) => {
  page.expected = /status of 40[04]/;
  for (const [hash, says] of Object.entries(STRANGE)) {
    await open(page, hash);
    await page.locator(".notice.wrong", { hasText: says }).first().waitFor({ timeout: 5000 }).catch(() => null);
    assert.match(await page.locator("body").innerText(), says, hash);
  }
  await open(page, "#/verdicts?family=hold");
  assert.equal(await page.locator("#notes").innerText(), "");
}));

test("? shows the keys", () => withPage(browser, {}, async (page) => {
  await open(page, TRACE);
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys" });
  assert.match(await dialog.innerText(), /one step on[\s\S]*the violation/);
  await page.keyboard.press("Escape");
  assert.equal(await dialog.isVisible(), false);
  await page.getByRole("button", { name: "Keys" }).click();
  assert.equal(await dialog.isVisible(), true);
}));
