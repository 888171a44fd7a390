// A trace as the server tells it: the states along it, what each step is, in words.

import { plural } from "../dom.js";

const EVERY = 64;

export class Trace {
  constructor(page) {
    this.page = page;
    this.subject = page.subject;
    this.machine = page.machine;
    this.vars = page.machine.vars.map((v, id) => ({ ...v, id, full: v.object ? `${v.object}.${v.name}` : v.name }));
    this.tasks = page.machine.tasks;
    this.view = page.view;
    this.length = page.view.steps.length;
    // A whole state now and then, so that any other is near one.
    this.kept = [this.vars.map((v) => v.init)];
    const state = this.kept[0].slice();
    this.steps = page.view.steps.map((step, n) => {
      const changes = step.set.map(([id, to]) => ({ variable: this.vars[id], from: state[id], to }));
      const stale = (step.stale ?? []).map(([id, read]) => ({ variable: this.vars[id], read, held: state[id] }));
      for (const [id, to] of step.set) state[id] = to;
      if ((n + 1) % EVERY === 0) this.kept.push(state.slice());
      return this.told(step, n, changes, stale);
    });
    this.breaks = new Map(page.view.violations.map((v) => [v.invariant, v]));
    const asked = this.breaks.get(this.subject.invariant);
    // The first state that violates what was asked.
    this.violation = asked ? asked.step : null;
    this.loop = page.view.loop_start;
    // The first step that read what memory did not hold any more.
    this.outdated = this.steps.find((s) => s.stale.length)?.number ?? null;
  }

  // Where it is looked at first: the step that read something outdated, the violation, the end.
  get opening() {
    if (this.outdated !== null) return this.outdated + 1;
    return this.violation ?? this.length;
  }

  // How long it is, in words.
  get extent() {
    if (this.loop === null) return `in ${plural(this.violation ?? this.length, "step")}`;
    const round = `by ${plural(this.length - this.loop, "step")} that repeat for ever`;
    return this.loop ? `${round}, after ${plural(this.loop, "step")}` : round;
  }

  // The state after `n` steps and one more, or one fewer: an endless execution goes round.
  next(n) {
    if (n < this.length) return n + 1;
    return this.loop === null ? n : this.loop + 1;
  }

  told(step, number, changes, stale) {
    const task = this.tasks[step.task];
    const line = task.steps[step.loc];
    const branch = line.branches[step.branch];
    const shown = changes.filter((c) => c.variable.kind !== "pc" && c.variable.kind !== "ghost");
    const ghosts = changes.filter((c) => c.variable.kind === "ghost");
    return {
      number,
      task: step.task,
      loc: step.loc,
      line,
      branch,
      lane: laneOf(line, step.task),
      shown,
      ghosts,
      stale,
      breaks: ghosts.filter((c) => c.variable.object === "broken" && c.to === 1).map((c) => c.variable.name),
      text: [line.text, branch.label].filter(Boolean).join(": "),
    };
  }

  // The state after `n` steps.
  state(n) {
    const near = Math.floor(n / EVERY);
    const state = this.kept[near].slice();
    for (let k = near * EVERY; k < n; k += 1) {
      for (const [id, to] of this.view.steps[k].set) state[id] = to;
    }
    return state;
  }

  // The first `n` steps, or all, by name.
  choices(n = this.length) {
    return this.steps.slice(0, n).map((s) => {
      const name = this.nameOf(s.task, s.line, s.branch);
      if (s.stale.length) name.push(s.stale.map((r) => [r.variable.full, showValue(r.variable, r.read)]));
      return name;
    });
  }

  nameOf(task, line, branch) {
    return [this.tasks[task].name, line.id, branch.label];
  }

  // The step before `n` that stored what memory holds of a variable there; none if it was there from the first.
  storedBy(variable, n) {
    for (let k = n - 1; k >= 0; k -= 1) {
      if (this.view.steps[k].set.some(([id]) => id === variable.id)) return this.steps[k];
    }
    return null;
  }

  // What can be done in the state after `n` steps.
  enabled(n) {
    const state = this.state(n);
    return this.view.enabled[n].map(([task, branch]) => {
      const line = this.tasks[task].steps[state[this.tasks[task].pc]];
      return { task, line, branch: line.branches[branch] };
    });
  }

  // Who waits in the state after `n` steps.
  waiting(n) {
    return this.view.waits.filter((w) => w.from <= n && n < w.to);
  }

  // Where a task is in a state: its step, or "done" or "stopped".
  at(state, task) {
    const { pc, steps } = this.tasks[task];
    return steps[state[pc]] ?? (state[pc] === steps.length ? "done" : "stopped");
  }
}

// Steps of hardware have lanes of their own.
function laneOf(line, task) {
  if (line.file !== "(hardware)") return { kind: "task", task };
  return line.function === "mov" ? { kind: "cpu", task } : { kind: "device", task };
}

// A value as a reader wants to see it.
export function showValue(variable, value) {
  if (variable.labels?.[value] !== undefined) return variable.labels[value];
  return String(value);
}

// A set of tasks, kept as bits.
export function holders(trace, value) {
  const names = trace.tasks.filter((_, n) => (value >> n) & 1).map((t) => t.name);
  return names.length ? names.join(", ") : "-";
}

// `name: from → to`, its parts.
export function showChange(trace, change) {
  const { variable, from, to } = change;
  if (variable.name.endsWith(".readers") || variable.name === "handles") {
    return [variable.full, holders(trace, from), holders(trace, to)];
  }
  return [variable.full, showValue(variable, from), showValue(variable, to)];
}

// What somebody waits for, without the parentheses around all of it.
export function untilText(until) {
  return until.replace(/^\(([^()]*)\)(?=,|$)/, "$1");
}

// What a step read that memory did not hold, in words.
export function staleWords(trace, step, { variable, read, held }) {
  const [name, was, is] = showChange(trace, { variable, from: read, to: held });
  const by = trace.storedBy(variable, step.number);
  const stored = by ? `${trace.tasks[by.task].name} had stored ${is} in step ${by.number + 1}` : `memory holds ${is}`;
  return [`${name} = ${was}`, stored];
}

// Whether a variable is a word of data.
export function isWord(variable) {
  return variable.labels?.[0] === "old";
}

// The task that writes tokens of that name; -1 for what was there before.
export function writerOf(trace, label) {
  return trace.tasks.findIndex((t) => label === t.name || label.startsWith(`${t.name}.`));
}
