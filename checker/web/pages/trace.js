// The page of a trace: a counterexample, somebody's own steps, or two side by side.

import { grouped, h, picker, plural, problem, verdictMark } from "../dom.js";
import { answers, ask, catalog, live, tell, tracePath } from "../api.js";
import { sourced } from "../archive.js";
import { address, changed, go, here, readChoices, remember, settle, traceAddress, writeChoices } from "../route.js";
import { outOfRange } from "../strange.js";
import { executionWords, threads, verdicts } from "../verdicts.js";
import { align } from "../trace/align.js";
import { BesideView } from "../trace/beside.js";
import { saveItf } from "../trace/itf.js";
import { Trace } from "../trace/model.js";
import { Viewer } from "../trace/viewer.js";
import { roundNode, whyNode } from "../trace/why.js";
import { startPath } from "./scenario.js";

// Keys of the query that say what is seen of the page, not what the page is of.
const SEEN = ["step", "tasks", "var", "q", "row", "at"];

function subjectAt({ path, query }) {
  const [, scheme, scenario, invariant] = path;
  if (!invariant) throw new Error("A trace's address has a scheme, a scenario and an invariant.");
  return { scheme, scenario, invariant, without: (query.get("without") ?? "").split(",").filter(Boolean) };
}

// A scheme and what is removed from it, in words.
function kernelName(subject) {
  const removed = (subject.without ?? []).map((w) => w.startsWith("rule:") ? `rule ${w.slice(5)}` : w.replace(":", " ").replace(":", " "));
  return removed.length ? `${subject.scheme} without ${removed.join(", ")}` : subject.scheme;
}

// The trace that the address is of, and the counterexample that it began with, if it did.
async function load(subject, query) {
  const own = query.has("then") || query.has("from");
  const path = tracePath(subject, query.get("memory"));
  if (!own) {
    const page = answers(path) ? await ask(path) : await fromTable(subject);
    if (page.view) return { page, base: page };
    // Nothing to show: the machine at its beginning, to be tried.
    if (!live) return { page, base: page };
    const start = await tell("/api/replay", { subject, choices: [] });
    return { page: { ...start, answer: page.answer }, base: page };
  }
  const from = Number(query.get("from") ?? 0);
  const then = readChoices(query.get("then"));
  let before = [];
  let base = null;
  if (from > 0) {
    base = await ask(path);
    before = base.view ? new Trace(base).choices(from) : [];
  }
  const body = { subject, choices: [...before, ...then] };
  if (query.get("loop")) body.loop_start = Number(query.get("loop"));
  return { page: await tell("/api/replay", body), base };
}

// In a file, what holds has no page of its own: its line of the table, and the scenario at its beginning.
async function fromTable(subject) {
  const { catalog: known, rows } = await verdicts();
  const row = rows.find((r) => ["scheme", "scenario", "invariant"].every((k) => r[k] === subject[k]));
  if (!row || row.verdict === "violated" || subject.without.length) return ask(tracePath(subject));
  const start = await ask(startPath(subject.scenario));
  const scheme = known.schemes.find((s) => s.id === subject.scheme);
  const rules = scheme.rules.flatMap((r) => r.hooks.map((hook) => ({ name: r.name, hook, purpose: r.purpose })));
  const kernel = { id: scheme.id, title: scheme.title, source: scheme.source, rules, removed: [] };
  const { verdict, states, transitions, depth, engine, invariant } = row;
  return { ...start, subject, kernel, address: null,
    answer: { invariant, verdict, states, transitions, depth, engine, length: null, reason: null, caution: null, coverage: null, why: null } };
}

// `choose(n)` goes to the state after n steps, where the trace is shown.
function heading(trace, page, own, unit, choose) {
  const { subject, answer } = page;
  const bad = trace && trace.violation !== null;
  const mark = own ? (bad ? verdictMark("violated", trace.extent) : null)
    : verdictMark(answer.verdict, answer.verdict === "violated" && bad ? trace.extent : null);
  const breaks = trace?.breaks.get(subject.invariant);
  const why = answer?.why ?? breaks?.why;
  return h("div", { class: "trace-head" },
    h("h1", {}, schemeLink(page), " in ",
      h("a", { href: address(["scenario", subject.scenario]) }, subject.scenario), ", ",
      h("a", { href: address(["invariant", subject.invariant]) }, subject.invariant), " ", mark),
    page.kernel.bug ? h("p", { class: "lede" }, `${page.kernel.bug.fixed ? "The fixed twin: without this, it is the kernel that has the bug" : "The kernel with the bug"}: ${page.kernel.bug.case}.`) : null,
    breaks ? whyNode(trace, breaks, choose) : why ? h("p", { class: "why" }, h("b", {}, "Why: "), `${why}.`) : null,
    bad && trace.loop !== null && breaks ? roundNode(trace, choose) : null,
    answer && !why && !own ? covered(answer, unit, subject) : null,
    answer?.reason ? h("p", { class: "notice" }, `${answer.reason}.`) : null,
    answer?.caution ? h("p", { class: "notice" }, h("b", {}, "It may say little: "), `${answer.caution}.`) : null);
}

// What it is about, for who wants to know.
function about(page, known) {
  const { subject, answer } = page;
  const scenario = known.scenarios.find((s) => s.id === subject.scenario);
  const invariant = known.invariants.find((i) => i.id === subject.invariant);
  return h("details", { class: "about" },
      h("summary", {}, scenario ? scenario.title : "About"),
      scenario ? h("p", {}, scenario.about) : null,
      h("p", {}, h("b", {}, subject.invariant), invariant ? `: ${invariant.title}.` : ""),
      h("p", {}, h("b", {}, kernelName(subject)), `: ${page.kernel.title}. `, h("span", { class: "muted" }, sourced(page.kernel.source))),
      page.kernel.removed.length ? h("p", {}, `Removed: ${page.kernel.removed.join("; ")}.`) : null,
      page.kernel.rules.length ? h("ul", {}, page.kernel.rules.map((r) => h("li", {}, h("code", {}, r.name), ` at ${r.hook}: ${r.purpose}`))) : null,
      answer ? h("p", { class: "muted" }, `${answer.engine}: ${answer.coverage ?? `${grouped(answer.states)} states, ${grouped(answer.transitions)} transitions, depth ${answer.depth}`}.`) : null);
}

// A kernel as a heading names it: a bug by its name.
function calledName({ subject, kernel }) {
  return kernel.bug ? `${kernel.bug.id} ${kernel.bug.title}${kernel.bug.fixed ? ", fixed" : ""}` : kernelName(subject);
}

function schemeLink(page) {
  const { subject, kernel } = page;
  return h("a", { href: kernel.bug ? address(["bugs"], { bug: kernel.bug.id }) : address(["scheme", subject.scheme]) }, calledName(page));
}

function covered(answer, unit, subject) {
  if (answer.verdict !== "holds") return null;
  const weakly = unit?.violated?.includes(answer.invariant);
  return [weakly ? h("p", { class: "notice wrong" }, h("b", {}, "◇ Not on weak memory: "), "an execution that is no interleaving violates it. ",
    h("a", { href: traceAddress(subject, { memory: "weak" }) }, "See it step by step")) : null,
  h("p", { class: "lede" }, answer.coverage ? `${answer.engine}: ${answer.coverage}. No execution violates it.` : answer.states === 0
    ? "No task can take a step twice, so every execution ends: no state had to be visited."
    : `Explored to the end: ${grouped(answer.states)} states, ${grouped(answer.transitions)} transitions, depth ${answer.depth}, by ${answer.engine}. No state violates it.`,
    unit && !answer.coverage ? ` As threads, by loom, ${executionWords(unit)}.` : "",
    live ? " Below is the machine at its beginning: take steps, and see." : " Below is the machine at its beginning.")];
}

// Where else this can be seen.
function ways(subject, page, known, query, trace) {
  const scheme = known.schemes.find((s) => s.id === subject.scheme);
  const scenario = known.scenarios.find((s) => s.id === subject.scenario);
  const rules = (scheme?.rules ?? []).map((r) => r.name).filter((r) => !subject.without.includes(`rule:${r}`));
  // In a file, only another counterexample that is in it can stand beside this one.
  const there = (scheme, without) => live || answers(tracePath({ ...subject, scheme, without }));
  const others = known.schemes.filter((s) => s.id !== subject.scheme && scenario?.schemes.includes(s.id) && there(s.id, []));
  const fewer = rules.filter((r) => there(subject.scheme, [...subject.without, `rule:${r}`]));
  const now = query.get("with") ? `${query.get("with")}|${query.get("wout") ?? ""}` : "";
  const compare = picker({ "aria-label": "Compare with", on: { change: (e) => {
    const [to, wout] = e.target.value.split("|");
    go(changed({ with: to, wout: wout ?? "", row: "", beside: "" }));
  } } }, [
    ["", "Compare with …"],
    ...(subject.without.length && scheme && there(scheme.id, []) ? [[`${subject.scheme}|`, `${subject.scheme}, whole`]] : []),
    { label: "the same, without a rule", options: fewer.map((r) => [`${subject.scheme}|${[...subject.without, `rule:${r}`].join(",")}`, `without ${r}`]) },
    { label: "another scheme", options: others.map((s) => [`${s.id}|`, s.id]) },
  ].filter((o) => Array.isArray(o) || o.options.length), now);
  return h("div", { class: "ways" },
    trace?.length && !query.get("memory") && (live || others.length || fewer.length) ? compare : null,
    scheme && !subject.without.length ? h("a", { href: address(["cell", subject.scheme, subject.invariant]) }, "All scenarios") : null,
    scheme && live ? h("a", { href: address(["bench"], { scheme: subject.scheme, scenario: subject.scenario,
      off: subject.without.filter((w) => w.startsWith("rule:")).map((w) => w.slice(5)).join(","), ask: subject.invariant }) }, "On the bench") : null,
    live && page.answer?.verdict === "violated" ? h("a", { href: tracePath(subject, query.get("memory")).replace("/trace?", "/itf?"), download: true }, "Save .itf.json") : null,
    !live && page.answer?.verdict === "violated" ? h("button", { type: "button", class: "plain", on: { click: () => saveItf(trace) } }, "Save .itf.json") : null,
    h("button", { type: "button", class: "plain", on: { click: copyLink } }, "Copy link"));
}

async function copyLink(event) {
  const button = event.currentTarget;
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = "Copied";
  } catch {
    button.textContent = "The link is in the address bar";
  }
}

function banners(subject, page, query, base) {
  const notes = [];
  if (query.get("memory") === "weak" || page.view?.steps.some((s) => s.stale)) {
    notes.push(h("p", { class: "notice" }, h("b", {}, "On weak memory: "),
      "a step may read what memory held before. Where it does, it says what it read and who had stored something else; no order of the steps explains all that is read."));
  }
  if (query.has("then") || query.has("from")) {
    const file = query.get("file");
    const from = Number(query.get("from") ?? 0);
    const back = traceAddress(subject, { step: from, memory: query.get("memory") });
    notes.push(h("p", { class: "notice" }, file
      ? [h("b", {}, file), ": replayed on the machine as it is now. "]
      : [h("b", {}, "What if: "), `your own steps from step ${from}. `],
      file ? null : h("a", { class: "back", href: back }, base?.view ? `Back to the trace, step ${from}` : "Back")));
  }
  const at = query.get("at");
  if (at && page.address && at !== page.address) {
    notes.push(h("p", { class: "notice wrong" }, `This link was made for another trace (${at}). The model has changed since: what is shown is the shortest counterexample as it is now (${page.address}).`));
  }
  return notes;
}

function viewed(query) {
  const number = (key) => query.get(key) === null ? null : Number(query.get(key));
  return {
    step: number("step"),
    row: number("row"),
    filters: { tasks: (query.get("tasks") ?? "").split(",").filter(Boolean), variable: query.get("var") ?? "", search: query.get("q") ?? "" },
  };
}

let ahead = null;

// Somebody is about to follow a link to a trace: what has to be searched for is searched for now. One at
// a time, for whoever wanders over a table wants few of them.
export function askAhead(hash) {
  const { path, query } = here(hash);
  if (ahead || path[0] !== "trace" || !path[3] || query.has("then")) return;
  ahead = ask(tracePath(subjectAt({ path, query }), query.get("memory"))).catch(() => null).finally(() => {
    ahead = null;
  });
}

export const tracePage = {
  parts: 4,
  keys: [...SEEN, "without", "memory", "from", "then", "loop", "file", "with", "wout", "beside"],

  strange({ query }) {
    const memory = query.get("memory");
    return [...(memory && memory !== "weak" ? [`memory=${memory}: the only other memory is weak.`] : []),
      ...(["follow", "own", null, ""].includes(query.get("beside")) ? [] : [`beside=${query.get("beside")}: it is follow or own.`])];
  },

  slow: "Exploring … the shortest counterexample is computed when it is asked for.",

  key({ path, query }) {
    const rest = [...query].filter(([k]) => !SEEN.includes(k)).map(([k, v]) => `${k}=${v}`).sort();
    return [...path, ...rest].join(" ");
  },

  async open(route) {
    const subject = subjectAt(route);
    let loaded;
    try {
      loaded = await Promise.all([catalog(), load(subject, route.query), threads()]);
    } catch (error) {
      if (!error.erring) throw error;
      return erred(subject, error);
    }
    const [known, { page, base }, loom] = loaded;
    const unit = subject.without.length ? undefined : loom.of(subject.scheme, subject.scenario);
    const own = !page.answer;
    const trace = page.view ? new Trace(page) : null;
    let viewer = null;
    const alone = trace && !route.query.get("with");
    const head = [heading(trace, page, own, unit, alone ? (n) => viewer.go(n) : null),
      h("div", { class: "trace-more" }, about(page, known), ways(subject, page, known, route.query, trace)),
      banners(subject, page, route.query, base)];
    const title = `${calledName(page)}, ${subject.scenario}, ${subject.invariant}`;
    if (!trace) return { title, nodes: head };
    if (route.query.get("with")) return { title, ...await sideBySide(subject, trace, head, route.query) };
    const seen = viewed(route.query);
    const take = live ? (choice, n) => takeStep(subject, trace, route.query, choice, n) : null;
    const at = page.address;
    viewer = new Viewer(trace, known, {
      moved: (n) => remember({ at, step: n }),
      narrowed: (f) => remember({ at, tasks: f.tasks.join(","), var: f.variable, q: f.search }),
      take,
      filters: seen.filters,
    });
    viewer.applyFilters();
    const start = own ? trace.length : trace.opening;
    const beyond = h("div", {}, outOfRange(route.query, "step", trace.length).map((text) => h("p", { class: "notice wrong" }, text)));
    return {
      title,
      nodes: [head, beyond, viewer.node],
      shown() {
        const step = viewed(here().query).step;
        const n = Math.min(trace.length, Math.max(0, Number.isInteger(step) ? step : start));
        viewer.show(n);
        remember({ at, step: n });
        settle();
      },
      update(now) {
        const { step } = viewed(now.query);
        if (Number.isInteger(step)) viewer.show(Math.min(trace.length, Math.max(0, step)));
      },
      leave: () => viewer.leave(),
    };
  },
};

// Another step is taken in the state after `n` steps: the address of what comes of it.
function takeStep(subject, trace, query, choice, n) {
  const from = query.has("then") || query.has("from") ? Number(query.get("from") ?? 0) : Math.min(n, trace.length);
  const before = query.has("then") || query.has("from") ? trace.choices(n).slice(from) : [];
  // Somebody who goes back before where the counterexample was left leaves it earlier.
  const leave = Math.min(from, n);
  go(traceAddress(subject, { from: leave, then: writeChoices([...before, choice]), file: query.get("file") ?? "", memory: query.get("memory") }));
}

// A kernel that the model cannot run to the end: how it comes to that is a trace of its own.
function erred(subject, error) {
  return {
    title: `${kernelName(subject)}, ${subject.scenario}, ${subject.invariant}`,
    nodes: [h("h1", {}, kernelName(subject), " in ", h("a", { href: address(["scenario", subject.scenario]) }, subject.scenario), ", ", subject.invariant),
      problem(error),
      h("p", {}, "This is no verdict. ", h("a", { href: traceAddress({ ...subject, invariant: "errors" }) }, "The steps to where the model errs"))],
  };
}

async function sideBySide(subject, trace, head, query) {
  const other = { scheme: query.get("with"), without: (query.get("wout") ?? "").split(",").filter(Boolean), scenario: subject.scenario };
  const beside = query.get("beside") === "own" || !live ? "own" : "follow";
  const { scheme, without, scenario, invariant } = subject;
  let comparison;
  let right;
  if (beside === "own") {
    const page = await ask(tracePath({ ...other, invariant }));
    if (!page.view) throw new Error(`${kernelName(other)} has no counterexample to ${invariant} in ${scenario}.`);
    right = new Trace(page);
    comparison = align(trace, right);
  } else {
    comparison = await tell("/api/compare", { subject: { scheme, without, scenario, invariant }, choices: trace.choices(), with: other });
    right = new Trace(comparison.other);
  }
  const view = new BesideView(trace, right, comparison, [kernelName(subject), kernelName(other)],
    (row) => remember({ row }));
  const mode = (value, text) => h("button", { type: "button", "aria-pressed": String(beside === value), on: { click: () => go(changed({ beside: value, row: "" })) } }, text);
  return {
    nodes: [head,
      h("div", { class: "modes" },
        h("span", { role: "group", "aria-label": "What is beside" },
          live ? mode("follow", "The same steps, as far as it takes them") : null, mode("own", "Its own counterexample")),
        h("a", { class: "back", href: changed({ with: "", wout: "", beside: "", row: "" }) }, "Back to the trace alone"),
        h("span", { class: "muted" }, plural(comparison.pairs.length, "row"))),
      view.node],
    shown: () => view.show(viewed(here().query).row ?? comparison.diverges ?? comparison.pairs.length - 1),
    update: (now) => {
      const { row } = viewed(now.query);
      if (row !== null) view.show(row);
    },
    leave: () => view.leave(),
  };
}
