// Files: traces that are dropped on the page; the page as a file.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BASE, FOLDER, TRACE, drop, launch, open, position, withPage } from "../support.js";

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

test("a page that is not there says so", () => withPage(browser, {}, async (page) => {
  page.expected = /status of 404/;
  await open(page, "#/nothing");
  assert.match(await page.locator("main").innerText(), /no such page/);
  await open(page, "#/trace/no-such/mmap-store-dirty-pte/snapshot");
  assert.match(await page.locator("main").innerText(), /no scheme `no-such`; there are: by-reference/);
  assert.ok(BASE.startsWith("http://127.0.0.1:"));
}));
