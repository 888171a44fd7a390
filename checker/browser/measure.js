// What specs/docs/tour.md states, measured: `node run.js measure.js`.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { BASE, launch, open, withPage } from "./support.js";

const HERE = dirname(fileURLToPath(import.meta.url));
const PROGRAM = process.env.FOLIOCHECK ?? join(HERE, "../../target/release/foliocheck");

const middle = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const ms = (n) => `${n.toFixed(1)} ms`;

function say(what, value) {
  console.log(`${what.padEnd(62)} ${value}`);
}

// From the start of the program to its address, and to the table's data.
async function ready() {
  const times = [];
  for (let n = 0; n < 5; n += 1) {
    const begin = performance.now();
    const server = spawn(PROGRAM, ["ui"], { stdio: ["ignore", "pipe", "ignore"] });
    const url = await new Promise((resolve) => createInterface({ input: server.stdout }).once("line", resolve));
    await (await fetch(`${url}api/verdicts`)).text();
    times.push(performance.now() - begin);
    server.kill();
  }
  return times;
}

// Steps by key, each until it is painted.
function steps(page, key, count) {
  return page.evaluate(async ([k, n]) => {
    const times = [];
    for (let i = 0; i < n; i += 1) {
      const begin = performance.now();
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: k, bubbles: true, cancelable: true }));
      document.body.getBoundingClientRect();
      await new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); });
      times.push(performance.now() - begin);
    }
    return times;
  }, [key, count]);
}

function assets(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sum + assets(path);
    return sum + (/\.(html|css|js|svg)$/.test(entry.name) ? statSync(path).size : 0);
  }, 0);
}

// The longest counterexample of which `is` says so.
function longest(is) {
  const { verdicts } = JSON.parse(readFileSync(join(HERE, "../../results/verdicts.json"), "utf8"));
  return verdicts.filter(is).reduce((a, v) => ((v.length ?? 0) > (a.length ?? 0) ? v : a));
}

// From the address to the current step, five times, each in a browser that has nothing kept.
async function opening(browser, hash) {
  const times = [];
  for (let n = 0; n < 5; n += 1) {
    await withPage(browser, {}, async (page) => {
      const begin = performance.now();
      await page.goto(BASE + hash);
      await page.locator(".step.now").waitFor();
      times.push(performance.now() - begin);
    });
  }
  return times;
}

const up = await ready();
say("server ready, verdicts served, after its start (worst of 5)", ms(Math.max(...up)));
say("all assets, uncompressed", `${assets(join(HERE, "../web")).toLocaleString("en")} bytes`);
const browser = await launch();
// The first page of a browser that has just started takes longer, whatever is on it.
await withPage(browser, {}, (page) => open(page, "#/nothing"));
const addressOf = (v) => `#/trace/${v.scheme}/${v.scenario}/${v.invariant}`;
const stored = longest((v) => v.trace);
const worst = longest((v) => !v.trace);
const hash = addressOf(worst);
for (const [v, how] of [[stored, "replayed from results"], [worst, "explored"]]) {
  const opened = await opening(browser, addressOf(v));
  say(`trace of ${v.length} steps usable: first time, ${how}`, ms(opened[0]));
  say(`trace of ${v.length} steps usable: after that (median of 4)`, ms(middle(opened.slice(1))));
}
await withPage(browser, {}, async (page) => {
  await open(page, `${hash}?step=0`);
  const times = await steps(page, "j", worst.length - 1);
  say("a step, until painted (median, worst)", `${ms(middle(times))}, ${ms(Math.max(...times))}`);
});
await withPage(browser, {}, async (page) => {
  const lasso = "recheck-i-version/endless-writer-vs-splice/splicer-progress";
  await open(page, `#/trace/${lasso}`);
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
  const begin = performance.now();
  await open(page, `#/trace/${lasso}?from=0&then=${encodeURIComponent(then)}`);
  await page.locator(".step.now").waitFor();
  say("trace of 10,000 steps usable", ms(performance.now() - begin));
  const times = await steps(page, "k", 60);
  say("a step in it, until painted (median, worst)", `${ms(middle(times))}, ${ms(Math.max(...times))}`);
});
await browser.close();
