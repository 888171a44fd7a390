// A trace as a file, where there is no machine to write it: the format of `foliocheck`, which opens it.

import { showValue } from "./model.js";

const DESCRIPTION = "https://apalache-mc.org/docs/adr/015adr-trace.html";

function valueIn(variable, value) {
  return variable.labels ? showValue(variable, value) : { "#bigint": String(value) };
}

function pairsOf(list) {
  return list.map(([name, value]) => `${name} = ${value}`).join("; ");
}

// What is removed, as files name it: the page's data has the words of everything but rules.
function removedFrom(page) {
  const words = [...page.kernel.removed];
  if (page.kernel.bug) return words.join("; ");
  return page.subject.without.map((w) => (w.startsWith("rule:") ? `without rule ${w.slice(5)}` : words.shift())).join("; ");
}

// The file's text.
export function itfText(trace) {
  const { page, vars } = trace;
  const moved = new Set(trace.view.steps.flatMap((s) => s.set.map(([id]) => id)));
  const seen = vars.filter((v) => v.kind !== "pc" && moved.has(v.id));
  const still = vars.filter((v) => v.kind !== "pc" && !moved.has(v.id));
  const bug = page.subject.scheme.startsWith("bug:") ? page.subject.scheme.slice(4) : undefined;
  const meta = {
    format: "ITF", "format-description": DESCRIPTION,
    varTypes: Object.fromEntries([...seen.map((v) => [v.full, v.labels ? "Str" : "Int"]), ["mbt::actionTaken", "Str"], ["mbt::nondetPicks", "{ branch: Str, task: Str }"]]),
    schema: "1", scheme: page.kernel.id, scenario: page.subject.scenario, invariant: page.subject.invariant,
    without: removedFrom(page), ...(bug ? { bug } : {}), engine: page.answer?.engine ?? "", why: page.answer?.why ?? "",
    blocked: JSON.stringify(trace.view.blocked), ghosts: seen.filter((v) => v.kind === "ghost").map((v) => v.full).join("; "),
    unchanged: pairsOf(still.map((v) => [v.full, showValue(v, v.init)]).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  const states = Array.from({ length: trace.length + 1 }, (_, n) => stateOf(trace, seen, n));
  const loop = trace.loop === null ? {} : { loop: trace.loop };
  return `${JSON.stringify({ "#meta": meta, vars: [...seen.map((v) => v.full), "mbt::actionTaken", "mbt::nondetPicks"], states, ...loop })}\n`;
}

function stateOf(trace, seen, n) {
  const state = trace.state(n);
  const step = n ? trace.steps[n - 1] : null;
  const values = Object.fromEntries(seen.map((v) => [v.full, valueIn(v, state[v.id])]));
  return { "#meta": { index: n, ...(step ? stepMeta(trace, step) : {}) }, ...values,
    "mbt::actionTaken": step?.line.function ?? "init",
    "mbt::nondetPicks": { branch: step?.branch.label ?? "", task: step ? trace.tasks[step.task].name : "" } };
}

function stepMeta(trace, step) {
  const { line, branch } = step;
  const changed = [...step.shown, ...step.ghosts].sort((a, b) => a.variable.id - b.variable.id);
  return { task: trace.tasks[step.task].name, function: line.function, file: line.file, id: line.id, text: step.text, branch: branch.label,
    ...(line.rule ? { rule: line.rule.rule } : {}), changed: changed.map((c) => c.variable.full).join("; "),
    ...(step.stale.length ? { stale: pairsOf(step.stale.map((r) => [r.variable.full, showValue(r.variable, r.read)])) } : {}) };
}

// Has the browser save it.
export function saveItf(trace) {
  const { scheme, invariant } = trace.subject;
  const url = URL.createObjectURL(new Blob([itfText(trace)], { type: "application/json" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: `${scheme.replaceAll(":", "-")}.${invariant}.${trace.page.address}.itf.json` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
