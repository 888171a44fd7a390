// Steps by call: what one task does without a break within one outermost function. A call can be folded.

// Calls of fewer steps than this are not worth a heading.
const WORTH = 3;

// Counterexamples longer than this show their calls folded at first.
const LONG = 40;

function callName(step) {
  return step.line.scope[0] ?? step.line.function;
}

// Rows of lanes: a step each, a heading before the steps of a call, or a folded call in their place.
export class Calls {
  constructor(trace) {
    this.trace = trace;
    this.calls = [];
    const start = trace.view.loop_start;
    for (const step of trace.steps) {
      const last = this.calls.at(-1);
      if (last && last.task === step.task && last.name === callName(step) && step.number !== start) last.steps.push(step);
      else this.calls.push({ task: step.task, name: callName(step), steps: [step] });
    }
    this.calls.forEach((call) => { call.worth = call.steps.length >= WORTH; });
    this.any = this.calls.some((call) => call.worth);
    this.folded = new Set();
    // Somebody's own steps are few, and all are looked at.
    if (trace.length > LONG && trace.page.answer) this.foldAll();
  }

  // Folds every call in which nothing is broken and nothing outdated is read.
  foldAll() {
    const telling = (s) => s.breaks.length > 0 || s.stale.length > 0 || s.number + 1 === this.trace.violation;
    this.folded = new Set(this.calls.filter((c) => c.worth && !c.steps.some(telling)));
  }

  unfoldAll() {
    this.folded.clear();
  }

  toggle(call) {
    if (!this.folded.delete(call)) this.folded.add(call);
  }

  rows() {
    return this.calls.flatMap((call) => {
      if (!call.worth) return call.steps.map((step) => ({ step, first: step.number, last: step.number }));
      const [first, last] = [call.steps[0].number, call.steps.at(-1).number];
      if (this.folded.has(call)) return [{ call, folded: true, step: call.steps[0], first, last }];
      return call.steps.map((step, n) => ({ step, first: step.number, last: step.number, head: n === 0 ? call : null }));
    });
  }
}
