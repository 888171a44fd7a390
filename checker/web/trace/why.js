// Why a state violates an invariant, in words: the sentence, the few variables that changed last, the rest
// folded. Of an endless execution: who starves, and which steps undo each other.

import { h } from "../dom.js";
import { holders, showValue } from "./model.js";

const FEW = 3;
const PAIRS = 3;

function stepButton(n, choose) {
  const text = `step ${n}`;
  return choose ? h("button", { type: "button", class: "to-step", on: { click: () => choose(n) } }, text) : text;
}

function valueOf(trace, variable, value) {
  return variable.name.endsWith(".readers") || variable.name === "handles" ? holders(trace, value) : showValue(variable, value);
}

// What makes it so, each with the step that stored it last; the first few tell most: what changed last, and of
// each object one.
export function evidenceOf(trace, violation) {
  const all = violation.evidence.map(([id, value]) => {
    const variable = trace.vars[id];
    const by = trace.storedBy(variable, violation.step);
    return { variable, value, step: by ? by.number + 1 : 0 };
  }).sort((a, b) => b.step - a.step);
  const moved = all.filter((one) => one.step);
  const few = [];
  for (const one of moved) {
    if (few.length === FEW || few.some((f) => f.variable.object === one.variable.object)) continue;
    // Of words, the same of each object: what is in memory beside what is on disk.
    const same = moved.find((o) => o.variable.object === one.variable.object && few.some((f) => f.variable.name === o.variable.name));
    few.push(same ?? one);
  }
  few.push(...moved.filter((one) => !few.includes(one)).slice(0, FEW - few.length));
  return { few, rest: all.filter((one) => !few.includes(one)) };
}

function becauseLine(trace, { variable, value, step }, choose) {
  return h("li", {}, h("code", {}, variable.full), " is ", h("b", {}, valueOf(trace, variable, value)),
    step ? [" since ", stepButton(step, choose)] : " from the beginning");
}

// The sentence, and what it rests on. `choose(n)` goes to the state after n steps.
export function whyNode(trace, violation, choose) {
  // An error of the model is a sentence of its own.
  if (violation.invariant === "errors") return h("div", { class: "why" }, h("p", {}, h("b", {}, "Why: "), `${trace.page.answer?.why ?? violation.why}.`));
  const { few, rest } = evidenceOf(trace, violation);
  return h("div", { class: "why" },
    h("p", {}, h("b", {}, "Why: "), `${violation.sentence}.`),
    few.length ? h("ul", { class: "evidence" }, few.map((one) => becauseLine(trace, one, choose))) : null,
    rest.length ? h("details", {}, h("summary", {}, few.length ? `${rest.length} more variables make it so` : `${rest.length} variables make it so`),
      h("ul", { class: "evidence" }, rest.map((one) => becauseLine(trace, one, choose)))) : null);
}

// Steps of the repeated part of which one sets what another takes back, of different tasks first.
export function undone(trace) {
  const start = trace.view.loop_start;
  const round = trace.steps.slice(start);
  const stores = new Map();
  for (const step of round) {
    for (const change of step.shown) {
      if (change.variable.kind !== "shared") continue;
      if (!stores.has(change.variable)) stores.set(change.variable, []);
      stores.get(change.variable).push({ step, change });
    }
  }
  const pairs = [];
  for (const [variable, list] of stores) {
    list.forEach((one, n) => {
      const next = list[(n + 1) % list.length];
      if (next !== one && one.change.from === next.change.to && one.change.to === next.change.from) pairs.push({ variable, one, next });
    });
  }
  const apart = pairs.filter((p) => p.one.step.task !== p.next.step.task);
  // Both halves of a pair say the same.
  const seen = new Set();
  return (apart.length ? apart : pairs).filter((p) => !seen.has(p.variable) && seen.add(p.variable)).slice(0, PAIRS);
}

// Who never finishes, what it does meanwhile, and what goes round.
export function roundNode(trace, choose) {
  const start = trace.view.loop_start;
  const round = trace.steps.slice(start);
  const starving = trace.view.starves.map((name) => {
    const task = trace.tasks.findIndex((t) => t.name === name);
    const mine = round.filter((s) => s.task === task);
    const wait = trace.waiting(trace.length).find((w) => w.task === task);
    const back = mine.find((s) => s.branch.next <= s.loc);
    const asleep = wait ? [" sleeps in ", h("code", {}, wait.function)] : " does not move";
    return h("li", {}, h("b", {}, name), " starves: it ",
      mine.length ? [`takes ${mine.length} of the ${round.length} steps`, back ? [", and begins again at ", stepButton(back.number + 1, choose)] : ""] : asleep, ".");
  });
  const pairs = undone(trace).map(({ variable, one, next }) => {
    const told = ({ step, change }, back) => [h("b", {}, trace.tasks[step.task].name), " sets ", back ? "it back" : h("code", {}, variable.full), " to ",
      h("b", {}, valueOf(trace, variable, change.to)), " in ", stepButton(step.number + 1, choose)];
    return h("li", {}, told(one, ""), "; ", told(next, " back"), ".");
  });
  return h("ul", { class: "evidence" }, starving, pairs);
}
