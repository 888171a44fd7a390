// From the table to the violation, by clicks and by keys.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BASE, LASSO, LONG, TRACE, WEAK, drop, launch, open, position, withPage } from "../support.js";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test("from the table to a counterexample, and to the violation by keys", () => withPage(browser, {}, async (page) => {
  await open(page, "#/verdicts?scenario=mmap-store-dirty-pte");
  const row = page.locator("tr", { has: page.getByRole("link", { name: "stable-pin", exact: true }) }).first();
  await row.getByRole("link", { name: /violated 16/ }).first().click();
  await page.locator(".viewer").waitFor();
  assert.match(await page.locator("h1").innerText(), /stable-pin in mmap-store-dirty-pte, snapshot.*violated in 16 steps/s);
  await page.keyboard.press("Home");
  assert.equal(await position(page), "step 0 of 16");
  await page.keyboard.press("j");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("k");
  assert.equal(await position(page), "step 1 of 16");
  for (let n = 0; n < 12; n += 1) await page.keyboard.press("j");
  assert.equal(await position(page), "step 13 of 16");
  // The store goes to memory through the TLB.
  const detail = page.locator(".detail");
  assert.match(await detail.innerText(), /folio0\.data\[0\] old → mapper/);
  assert.match(await page.locator(".word.fresh").first().innerText(), /mapper/);
  await page.keyboard.press("End");
  assert.match(await detail.innerText(), /snapshot is violated/);
  assert.match(await page.locator(".handed").first().innerText(), /mapper/);
  assert.match(await page.locator(".strip-row.bad").first().innerText(), /snapshot[\s\S]*violated after 16 steps/);
  await page.keyboard.press("Home");
  await page.keyboard.press("v");
  assert.equal(await position(page), "step 16 of 16");
  assert.match(await page.locator(".line.now .call").innerText(), /pipe_read/);
}));

test("an address comes back to the same step", () => withPage(browser, {}, async (page) => {
  await open(page, TRACE);
  await page.keyboard.press("Home");
  for (let n = 0; n < 6; n += 1) await page.keyboard.press("j");
  await page.waitForURL(/step=6/);
  const address = page.url();
  assert.match(address, /step=6/);
  assert.match(address, /at=[0-9a-f]{16}/);
  await page.reload();
  await page.locator(".viewer").waitFor();
  assert.equal(await position(page), "step 6 of 16");
  assert.equal(page.url(), address);
  // The same address in another browser.
  await withPage(browser, {}, async (other) => {
    await other.goto(address);
    await other.locator(".viewer").waitFor();
    assert.equal(await position(other), "step 6 of 16");
  });
  // One that was made for another trace says so.
  await open(page, address.slice(BASE.length).replace(/at=[0-9a-f]{16}/, "at=0123456789abcdef"));
  assert.match(await page.locator(".notice.wrong").innerText(), /made for another trace/);
}));

test("filters of the table and of a trace", () => withPage(browser, {}, async (page) => {
  await open(page, "");
  await page.getByLabel("Family").selectOption("hold");
  assert.equal(await page.getByRole("link", { name: "copy", exact: true }).count(), 0);
  assert.ok(await page.getByRole("link", { name: "stable-flag", exact: true }).count() > 0);
  await page.getByLabel("Filter").fill("mkclean-truncate");
  assert.equal(await page.getByRole("link", { name: "stable-flag", exact: true }).count(), 0);
  await page.getByLabel("Group of scenarios").selectOption("tmpfs");
  assert.match(page.url(), /family=hold&q=mkclean-truncate&group=tmpfs/);
  assert.equal(await page.locator("h2").count(), 1);
  await open(page, TRACE);
  await page.getByRole("button", { name: "only mapper" }).click();
  assert.equal(await page.locator(".step").count(), 2);
  await page.keyboard.press("Home");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  assert.equal(await position(page), "step 13 of 16");
  await page.getByRole("button", { name: "only mapper" }).click();
  await page.getByLabel("Only steps that change this variable").fill("PG_locked");
  assert.equal(await page.locator(".step").count(), 2);
  await page.waitForURL(/var=PG_locked/);
  await page.reload();
  await page.locator(".viewer").waitFor();
  assert.equal(await page.locator(".step").count(), 2);
  await page.getByLabel("Only steps that change this variable").fill("");
  await page.getByLabel("Search steps").fill("pipe_lock");
  assert.match(await page.locator(".narrowing").innerText(), /2 found/);
  await page.keyboard.press("Enter");
  assert.match(await position(page), /step (2|11) of 16/);
}));

test("beside another scheme, and without a rule", () => withPage(browser, {}, async (page) => {
  await open(page, TRACE);
  await page.getByLabel("Compare with").selectOption({ label: "stable-pin-mkclean" });
  await page.locator(".beside").waitFor();
  assert.match(await page.locator(".beside").innerText(), /They part at row 6/);
  assert.match(await page.locator(".beside").innerText(), /mapper waits in folio_wait_stable/);
  assert.equal(await page.locator("tr.first").count(), 1);
  assert.equal(await page.locator(".beside-pictures .picture").count(), 2);
  const address = page.url();
  await page.keyboard.press("j");
  await page.waitForURL((url) => url.href !== address);
  await page.reload();
  await page.locator(".beside tr.now").waitFor();
  assert.equal(await page.locator("tr.now .row-button").innerText(), "7 ≠");
  await page.getByRole("link", { name: "Back to the trace alone" }).click();
  await page.locator(".viewer").waitFor();
  await page.getByLabel("Compare with").selectOption({ label: "without take-hold" });
  await page.locator(".beside").waitFor();
  assert.match(await page.locator(".beside thead").innerText(), /stable-pin without rule take-hold/);
}));

test("what if, and back", () => withPage(browser, {}, async (page) => {
  await open(page, `${TRACE}?step=12`);
  await page.locator(".whatif summary").click();
  await page.locator(".whatif button", { hasText: "splicer" }).click();
  await page.getByText("your own steps from step 12").waitFor();
  assert.equal(await position(page), "step 13 of 13");
  assert.match(await page.locator(".handed").innerText(), /old/);
  assert.equal(await page.locator(".strip-row.bad").count(), 0);
  await page.locator(".whatif summary").click();
  await page.locator(".whatif button", { hasText: "mapper" }).click();
  await page.getByText("step 14 of 14").waitFor();
  const address = page.url();
  await page.reload();
  await page.locator(".viewer").waitFor();
  assert.equal(await position(page), "step 14 of 14");
  assert.equal(page.url(), address);
  await page.getByRole("link", { name: /Back to the trace/ }).click();
  await page.locator(".strip-row.bad").first().waitFor();
  assert.equal(await position(page), "step 12 of 16");
}));

test("what holds for want of an end says so", () => withPage(browser, {}, async (page) => {
  await open(page, "#/trace/stable-pin/splice-then-write-same-thread/untorn");
  await page.getByText(/a task comes to its end in no execution; what holds there may hold for that reason: thread\./).waitFor();
  await open(page, "#/trace/copy/splice-then-write-same-thread/untorn");
  await page.locator(".trace-head .verdict").waitFor();
  assert.equal(await page.getByText("comes to its end in no execution").count(), 0);
}));

test("what holds can be tried from its beginning", () => withPage(browser, {}, async (page) => {
  await open(page, "#/trace/copy/write-vs-splice/snapshot");
  assert.match(await page.locator("main").innerText(), /Explored to the end: [\d,]+ states/);
  await page.locator(".whatif button").first().click();
  await page.getByText("step 1 of 1").waitFor();
}));

test("an endless execution shows its loop, a deadlock who waits for whom", () => withPage(browser, {}, async (page) => {
  await open(page, LASSO);
  assert.match(await page.locator("h1").innerText(), /violated by 31 steps that repeat for ever, after 15 steps/);
  assert.match(await page.locator(".lanes").innerText(), /for ever, from step 16/);
  // It opens where the loop begins; nothing covers that.
  assert.equal(await position(page), "step 15 of 46");
  const [above, mark] = await Promise.all([page.locator(".step.now").boundingBox(), page.locator(".loop-mark").first().boundingBox()]);
  assert.ok(above.y + above.height <= mark.y, "the card before the loop");
  // Who starves, and which steps undo each other.
  const told = await page.locator(".trace-head").innerText();
  assert.match(told, /splicer starves: it takes 19 of the 31 steps/);
  assert.match(told, /splicer sets inode\.i_version\.queried to 1 in step 36; writer sets it back to 0 in step 41/);
  await page.getByRole("button", { name: "step 36" }).click();
  assert.equal(await position(page), "step 36 of 46");
  assert.match(await page.locator(".strip-row.bad").innerText(), /never finishes/);
  await page.keyboard.press("End");
  assert.match(await page.locator(".lanes").innerText(), /again from step 16/);
  // One step on is round again.
  await page.keyboard.press("j");
  assert.equal(await position(page), "step 16 of 46");
  await open(page, "#/trace/stable-pin-mkclean/reader-stops-vs-write/writer-progress");
  assert.match(await page.locator(".graph").innerText(), /writer sleeps in folio_wait_stable/);
  assert.match(await page.locator(".graph").innerText(), /reader has stopped for ever/);
  assert.ok(await page.locator(".graph path.edge").count() > 0);
  assert.match(await page.locator(".lanes .wait").first().innerText(), /stopped for ever/);
}));

test("an endless execution that begins at once is not violated in 0 steps", () => withPage(browser, {}, async (page) => {
  await open(page, "#/verdicts");
  // The shortest counterexamples to progress: some repeat from the first step on.
  const found = await page.evaluate(async () => {
    const v = await (await fetch("/api/verdicts")).json();
    const of = (list, column, n) => v[list][v[column][n]];
    const all = v.length.map((_, n) => n).filter((n) => v.length[n] && of("invariants", "invariant", n).endsWith("-progress"));
    all.sort((a, b) => v.length[a] - v.length[b]);
    return all.slice(0, 6).map((n) => [of("schemes", "scheme", n), of("scenarios", "scenario", n), of("invariants", "invariant", n)]);
  });
  for (const [scheme, scenario, invariant] of found) {
    await open(page, `#/trace/${scheme}/${scenario}/${invariant}`);
    assert.doesNotMatch(await page.locator("main").innerText(), /(violated|after) (in )?0 steps/, `${scheme} ${scenario}`);
  }
}));

test("a long trace says why in a few words, folds its calls, and draws blocks and clones", () => withPage(browser, {}, async (page) => {
  await open(page, LONG);
  const why = page.locator(".trace-head .why");
  assert.equal(await why.locator("> ul > li").count(), 3);
  assert.match(await why.locator("> ul").innerText(), /disk\[1\]\.block is 2 since step 100/);
  assert.equal(await why.locator("details").getAttribute("open"), null);
  assert.match(await why.locator("summary").innerText(), /15 more variables/);
  // Of four lanes none is cut off.
  const [pane, heads] = await Promise.all([page.locator(".lane-scroll").boundingBox(),
    page.locator(".lane-head").evaluateAll((all) => all.map((e) => e.getBoundingClientRect().right))]);
  assert.equal(heads.length, 4);
  for (const right of heads) assert.ok(right <= pane.x + pane.width);
  assert.equal(await page.locator(".lane-scroll").evaluate((e) => e.scrollWidth - e.clientWidth), 0);
  // Calls are folded, but for the one that breaks it; the step in a folded one is named.
  await page.keyboard.press("Home");
  await page.keyboard.press("j");
  assert.match(await page.locator(".step.now").innerText(), /1–9\s*iomap_writepages[\s\S]*at 1 filemap_get_folios_tag/);
  const folded = await page.locator(".step").count();
  await page.locator(".step.now button").click();
  assert.match(await page.locator(".step.now").innerText(), /^1\s*filemap_get_folios_tag/);
  await page.locator(".call-head button").first().click();
  assert.equal(await page.locator(".step").count(), folded);
  await page.getByRole("button", { name: "fold calls" }).click();
  assert.equal(await page.locator(".step.folded").count(), 0);
  // Blocks: what they hold, who maps them.
  await page.keyboard.press("End");
  const blocks = await page.locator(".box.block").allInnerTexts();
  assert.ok(blocks.some((b) => /block 1\.3\s+a clone\s+(◆ )?cloner\s+cloner/.test(b)), blocks.join("\n"));
  assert.ok(blocks.some((b) => /block 1\.2\s+this file\s+secret/.test(b)), blocks.join("\n"));
}));

test("ten thousand steps: only the cards in sight exist", () => withPage(browser, {}, async (page) => {
  await open(page, "#/trace/recheck-i-version/endless-writer-vs-splice/splicer-progress");
  // The loop, round and round, is an execution of its own.
  const then = await page.evaluate(async () => {
    const answer = await fetch("/api/trace?scheme=recheck-i-version&scenario=endless-writer-vs-splice&invariant=splicer-progress");
    const { machine, view } = await answer.json();
    const named = view.steps.map((s) => {
      const line = machine.tasks[s.task].steps[s.loc];
      return [machine.tasks[s.task].name, line.id, line.branches[s.branch].label].map(encodeURIComponent).join("~");
    });
    const round = named.slice(view.loop_start);
    while (named.length < 10_000) named.push(...round);
    return named.slice(0, 10_000).join("!");
  });
  await open(page, `#/trace/recheck-i-version/endless-writer-vs-splice/splicer-progress?from=0&then=${encodeURIComponent(then)}`);
  assert.equal(await position(page), "step 10000 of 10000");
  await page.keyboard.press("k");
  assert.equal(await position(page), "step 9999 of 10000");
  const nodes = () => page.evaluate(() => document.querySelectorAll("*").length);
  assert.ok(await page.locator(".step").count() < 80);
  assert.ok(await nodes() < 3000, `${await nodes()} elements`);
  await page.keyboard.press("Home");
  assert.equal(await page.locator(".step .n").first().innerText(), "1");
  assert.ok(await nodes() < 3000, `${await nodes()} elements`);
  // Its steps repeat: its address names each once.
  await page.locator(".whatif summary").click();
  await page.keyboard.press("End");
  await page.locator(".whatif button").first().click();
  await page.getByText("step 10001 of 10001").waitFor();
  assert.ok(page.url().length < 60_000, `${page.url().length} characters`);
}));

test("a step at a time, the address changes when there is time", () => withPage(browser, {}, async (page) => {
  await open(page, `${TRACE}?step=0`);
  const changes = await page.evaluate(async () => {
    let count = 0;
    const replace = history.replaceState.bind(history);
    history.replaceState = (...args) => {
      count += 1;
      replace(...args);
    };
    for (let n = 0; n < 12; n += 1) document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
    while (!location.hash.includes("step=12")) await new Promise((done) => { setTimeout(done, 20); });
    return count;
  });
  assert.equal(changes, 1);
  // Whoever follows a link comes back to where he was.
  await page.keyboard.press("k");
  await page.getByRole("link", { name: "Claims" }).click();
  await page.getByRole("heading", { name: "Claims" }).waitFor();
  await page.goBack();
  await page.locator(".viewer").waitFor();
  assert.equal(await position(page), "step 11 of 16");
}));

test("a trace is asked for when the pointer rests on its link, and once", () => withPage(browser, {}, async (page) => {
  const asked = [];
  page.on("request", (request) => request.url().includes("/api/trace") && asked.push(request.url()));
  await open(page, "#/verdicts?scenario=mmap-store-dirty-pte");
  const link = page.locator("td.violated a").first();
  const answered = page.waitForResponse(/\/api\/trace/);
  await link.hover();
  await answered;
  await link.click();
  await page.locator(".viewer").waitFor();
  assert.equal(asked.length, 1);
}));

test("tasks without a step take no room", () => withPage(browser, {}, async (page) => {
  await open(page, "#/trace/by-reference/everything/snapshot");
  assert.deepEqual(await page.locator(".lane-head b").allInnerTexts(), ["mapper: CPU", "splicer"]);
  assert.match(await page.locator(".absent").innerText(), /writer, flusher, puncher/);
}));

test("no card cuts what it says", () => withPage(browser, {}, async (page) => {
  const traces = [TRACE, "#/trace/by-reference/everything/snapshot", "#/trace/stable-pin-mkclean/reader-stops-vs-write/writer-progress",
    "#/trace/recheck-i-version/endless-writer-vs-splice/splicer-progress", WEAK];
  for (const width of [1400, 800]) {
    await page.setViewportSize({ width, height: 900 });
    for (const hash of traces) {
      await open(page, hash);
      await page.locator(".step").first().waitFor();
      const cut = await page.locator(".step button").evaluateAll((cards) => cards
        .filter((card) => card.scrollHeight > card.clientHeight + 1).map((card) => card.innerText));
      assert.deepEqual(cut, [], `${hash} at ${width} px`);
    }
  }
}));

test("what only weak memory allows, from the table to what was read", () => withPage(browser, {}, async (page) => {
  await open(page, "#/cell/by-reference/no-lost-write");
  assert.match(await page.locator(".facts").innerText(), /as threads, by loom\s+\d+ of 122 scenarios/);
  const row = page.locator("tr", { has: page.getByRole("link", { name: "pinned-writer-vs-writeback" }) });
  assert.match(await row.innerText(), /stateright: \d+ states[\s\S]*loom: executions with at most 1 preemption: \d+, \d+ of them on weak memory only/);
  assert.match(await page.locator("tr", { has: page.getByRole("link", { name: "everything" }) }).innerText(), /not run as threads/);
  await row.getByRole("link", { name: "violated on weak memory" }).click();
  await page.locator(".viewer").waitFor();
  // It opens at the step that read something outdated, which is marked in the strip.
  assert.equal(await position(page), "step 15 of 16");
  assert.ok(await page.locator(".strip .outdated-read").count() > 0);
  await page.getByRole("button", { name: "to the violation" }).click();
  assert.equal(await position(page), "step 16 of 16");
  await page.keyboard.press("o");
  assert.equal(await position(page), "step 15 of 16");
  const seen = async () => {
    await page.keyboard.press("Home");
    for (let n = 0; n < 15; n += 1) await page.keyboard.press("j");
    assert.match(await page.locator(".detail").innerText(), /read folio0\.PG_dirty = 1, though flusher had stored 0 in step 4/);
    assert.match(await page.locator(".step.now").innerText(), /read folio0\.PG_dirty = 1/);
    assert.match(await page.locator(".strip-row.bad").first().innerText(), /no-lost-write[\s\S]*violated after 16 steps/);
  };
  await seen();
  // Saved, and opened again.
  const query = "scheme=by-reference&scenario=pinned-writer-vs-writeback&invariant=no-lost-write&memory=weak";
  const text = await page.evaluate(async (q) => (await fetch(`/api/itf?${q}`)).text(), query);
  await drop(page, "weak.itf.json", text);
  await page.getByText("replayed on the machine as it is now").waitFor();
  await seen();
  // From here on, somebody's own steps.
  await page.locator(".whatif summary").click();
  await page.locator(".whatif button").first().click();
  await page.getByText("step 16 of 16").waitFor();
}));

test("without what loom found, the rest is there", () => withPage(browser, {}, async (page) => {
  await page.route("**/api/threads", (route) => route.fulfill({ json: { units: [], problem: "threads.json: expected value" } }));
  await open(page, "");
  assert.match(await page.locator(".notice").innerText(), /Nothing is known of runs as threads/);
  assert.ok(await page.locator("td.violated").count() > 100);
  await open(page, "#/cell/copy/snapshot");
  assert.match(await page.locator(".notice").innerText(), /Nothing is known of runs as threads: threads\.json/);
  assert.match(await page.locator("tbody").innerText(), /stateright: \d+ states/);
  await open(page, TRACE);
  await page.locator(".viewer").waitFor();
}));
