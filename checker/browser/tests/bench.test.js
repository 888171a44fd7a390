// The bench: one rule makes the difference; a run ends when it is told to.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, withPage } from "../support.js";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const verdict = (page, invariant) => page.locator(`#result-${invariant} .verdict`);

test("with a rule it holds, without it is violated, and the trace is in place", () => withPage(browser, {}, async (page) => {
  await open(page, "#/bench");
  await page.getByRole("button", { name: "Run" }).click();
  await page.locator(".count").getByText(/^Done: \d+ hold, 0 violated/).waitFor();
  assert.match(await verdict(page, "snapshot").innerText(), /holds/);
  await page.getByRole("checkbox", { name: /wait-for-holds/ }).uncheck();
  assert.match(page.url(), /off=wait-for-holds/);
  await page.getByRole("button", { name: "Run" }).click();
  await page.locator(".count").getByText(/^Done: \d+ hold, [1-9]/).waitFor();
  assert.match(await verdict(page, "snapshot").innerText(), /violated \d+/);
  await page.locator(".viewer .step").first().waitFor();
  // The settings are in the address.
  await page.reload();
  await page.locator("fieldset").first().waitFor();
  assert.equal(await page.getByRole("checkbox", { name: /wait-for-holds/ }).isChecked(), false);
  await page.getByRole("checkbox", { name: /wait-for-holds/ }).check();
  await page.getByRole("button", { name: "Run" }).click();
  await page.locator(".count").getByText(/^Done: \d+ hold, 0 violated/).waitFor();
}));

test("progress, and cancelling", () => withPage(browser, {}, async (page) => {
  await open(page, "#/bench?scheme=stable-pin-mkclean&scenario=reference");
  await page.getByRole("button", { name: "Run" }).click();
  await page.getByText(/\d+ states, \d/).first().waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.locator(".count").getByText(/^Cancelled:/).waitFor();
  assert.ok(await page.getByText("not answered").count() > 0);
  assert.equal(await page.getByRole("button", { name: "Run" }).isEnabled(), true);
}));

test("a bound that is reached leaves it open", () => withPage(browser, {}, async (page) => {
  await open(page, "#/bench?scheme=stable-pin-mkclean&scenario=reference&ask=snapshot&states=500");
  await page.getByRole("button", { name: "Run" }).click();
  await page.locator(".count").getByText(/^Done: 0 hold, 0 violated, 1 inconclusive/).waitFor();
  assert.match(await verdict(page, "snapshot").innerText(), /inconclusive/);
}));

test("what the server refuses is shown", () => withPage(browser, {}, async (page) => {
  page.expected = /status of 400/;
  await open(page, "#/bench?scheme=stable-pin&scenario=mmap-store-dirty-pte&seconds=99999999");
  await page.evaluate(() => document.querySelectorAll("input[type=number]").forEach((i) => i.removeAttribute("max")));
  await page.getByRole("button", { name: "Run" }).click();
  assert.match(await page.getByRole("alert").innerText(), /allowed are 1 to/);
}));
