// Files: traces that are dropped on the page; the page as a file.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { readFileSync } from "node:fs";
import { BASE, FOLDER, TRACE, WEAK, drop, launch, open, position, withPage } from "../support.js";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test("a broken file gives a message, a good one opens", () => withPage(browser, {}, async (page) => {
  page.expected = /status of 4\d\d/;
  await open(page, "");
  await drop(page, "broken.itf.json", '{"vars": [');
  assert.match(await page.getByRole("alert").innerText(), /broken\.itf\.json: not a trace file: line 1/);
  await page.getByRole("button", { name: "Close" }).click();
  await drop(page, "binary.itf.json", "\u0000\u0001\u0002");
  assert.match(await page.getByRole("alert").innerText(), /not a trace file/);
  const good = await page.evaluate(async () => (await fetch("/api/itf?scheme=stable-pin&scenario=mmap-store-dirty-pte&invariant=snapshot")).text());
  await drop(page, "good.itf.json", good);
  await page.locator(".viewer").waitFor();
  assert.match(await page.locator("main").innerText(), /good\.itf\.json: replayed on the machine as it is now/);
  assert.match(await page.locator(".strip-row.bad").first().innerText(), /violated after 16 steps/);
  await drop(page, "stale.itf.json", good.replaceAll("page_cache_pipe_buf_confirm", "no_such_function"));
  assert.match(await page.getByRole("alert").last().innerText(), /does not run on this model: step 12/);
}));

test("the page as a file shows the same, without a network", () => withPage(browser, {}, async (page) => {
  await open(page, TRACE);
  const head = await page.locator("h1").innerText();
  const cards = await page.locator(".lane-body").innerText();
  const picture = await page.locator(".picture").innerText();
  const address = new URLSearchParams(page.url().split("?")[1]).get("at");
  await withPage(browser, { offline: true }, async (file) => {
    const asked = [];
    file.on("request", (request) => asked.push(request.url()));
    await open(file, TRACE, `file://${FOLDER}/export.html`);
    await file.locator(".viewer").waitFor();
    assert.equal(await file.locator("h1").innerText(), head);
    assert.equal(await file.locator(".lane-body").innerText(), cards);
    assert.equal(await file.locator(".picture").innerText(), picture);
    assert.equal(new URLSearchParams(file.url().split("?")[1]).get("at"), address);
    await file.keyboard.press("Home");
    await file.keyboard.press("j");
    assert.equal(await position(file), "step 1 of 16");
    await open(file, "#/verdicts", `file://${FOLDER}/export.html`);
    await file.getByRole("link", { name: /violated 16/ }).first().click();
    await file.locator(".viewer").waitFor();
    // What loom found is in it, and what only weak memory allows.
    await open(file, "#/cell/by-reference/no-lost-write", `file://${FOLDER}/export.html`);
    assert.match(await file.locator("tbody").innerText(), /loom: executions with at most 1 preemption: \d+/);
    await file.getByRole("link", { name: "violated on weak memory" }).click();
    await file.locator(".viewer").waitFor();
    assert.match(await file.locator(".lanes").innerText(), /read folio0\.PG_dirty = 1, though flusher had stored 0/);
    assert.deepEqual(asked.filter((url) => !url.startsWith("file://") && !url.startsWith("about:") && !url.startsWith("data:")), []);
    assert.equal(await file.getByRole("link", { name: "Bench" }).count(), 0);
  });
}));

const EXPORT = `file://${FOLDER}/export.html`;

test("a link that is not in the file is no link", () => withPage(browser, { offline: true }, async (page) => {
  await open(page, "#/verdicts", EXPORT);
  assert.deepEqual(await page.locator(".top nav a").allInnerTexts(), ["Verdicts"]);
  const seen = new Set();
  for (const hash of ["#/verdicts", "#/cell/stable-pin/snapshot", "#/scheme/stable-pin", "#/scheme/copy", "#/scenario/mmap-store-dirty-pte", "#/invariant/snapshot", TRACE, WEAK]) {
    await open(page, hash, EXPORT);
    for (const href of await page.locator("main a[href^='#/']").evaluateAll((all) => all.map((a) => a.getAttribute("href")))) seen.add(href);
  }
  assert.ok(seen.size > 40, `${seen.size} links`);
  assert.equal([...seen].filter((href) => /^#\/(bench|ablation|cost|claims|bugs)/.test(href)).length, 0);
  for (const href of [...seen].filter((_, n) => n % 3 === 0)) {
    await page.evaluate((to) => { location.hash = to; }, href);
    await page.locator("main h1").waitFor();
    await page.waitForFunction((to) => location.hash.startsWith(to.split("?")[0]), href);
    assert.equal(await page.getByText("This is not in the file").count(), 0, href);
  }
  // What is not in it, asked for by hand, is said not to be.
  await open(page, "#/scenario/write-vs-splice", EXPORT);
  assert.equal(await page.locator(".picture").count(), 0);
}));

test("in the file, what holds shows what was covered, and the machine at its beginning", () => withPage(browser, { offline: true }, async (page) => {
  await open(page, "#/cell/stable-pin-mkclean/snapshot", EXPORT);
  await page.locator("tr", { hasText: "mmap-store-dirty-pte" }).getByRole("link", { name: /holds/ }).click();
  await page.locator(".picture").waitFor();
  assert.match(await page.locator("main").innerText(), /Explored to the end: [\d,]+ states/);
  assert.match(await page.locator(".picture").innerText(), /folio0/);
  assert.match(await page.locator("h1").innerText(), /stable-pin-mkclean in mmap-store-dirty-pte, snapshot ✓\sholds/);
}));

test("in the file, two counterexamples that are in it stand side by side", () => withPage(browser, { offline: true }, async (page) => {
  await open(page, TRACE, EXPORT);
  const offered = await page.getByLabel("Compare with").locator("option").allInnerTexts();
  assert.ok(offered.includes("by-reference") && !offered.includes("stable-pin-mkclean"), offered.join(", "));
  await page.getByLabel("Compare with").selectOption({ label: "by-reference" });
  await page.locator(".beside").waitFor();
  assert.match(await page.locator(".beside").innerText(), /They part at row/);
  assert.equal(await page.locator(".beside-pictures .picture").count(), 2);
  assert.ok(await page.locator("tr.same").count() > 5);
  // With a machine, the same stands there.
  const rows = await page.locator(".beside-list tbody").innerText();
  await withPage(browser, {}, async (there) => {
    await open(there, `${TRACE}?with=by-reference&beside=own`);
    await there.locator(".beside").waitFor();
    assert.equal(await there.locator(".beside-list tbody").innerText(), rows);
  });
}));

test("a trace is saved, from the page and from the file, and opens again", () => withPage(browser, {}, async (page) => {
  const saved = async (from, control) => {
    const coming = from.waitForEvent("download");
    await control.click();
    const download = await coming;
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
  };
  for (const hash of [TRACE, WEAK]) {
    await open(page, hash);
    const server = await saved(page, page.getByRole("link", { name: "Save .itf.json" }));
    let file;
    await withPage(browser, { offline: true }, async (other) => {
      await open(other, hash, EXPORT);
      file = await saved(other, other.getByRole("button", { name: "Save .itf.json" }));
    });
    assert.equal(file.name, server.name);
    assert.deepEqual(JSON.parse(file.text), JSON.parse(server.text));
    await drop(page, file.name, file.text);
    await page.getByText("replayed on the machine as it is now").waitFor();
  }
}));

test("a page that is not there says so", () => withPage(browser, {}, async (page) => {
  page.expected = /status of 404/;
  await open(page, "#/nothing");
  assert.match(await page.locator("main").innerText(), /no such page/);
  await open(page, "#/trace/no-such/mmap-store-dirty-pte/snapshot");
  assert.match(await page.locator("main").innerText(), /no scheme `no-such`; there are: by-reference/);
  assert.ok(BASE.startsWith("http://127.0.0.1:"));
}));
