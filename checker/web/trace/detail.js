// What the current step does, in words; what else could be done here.

import { breakable, h, plural, put } from "../dom.js";
import { changeLine, staleLine } from "./lanes.js";
import { isWord, showValue, untilText, writerOf } from "./model.js";
import { sourceLink } from "./program.js";
import { whyNode } from "./why.js";

export class Detail {
  // `choose(n)`: somebody wants to see the state after n steps. `take(choice)`: somebody takes another step
  // from here; none where there is no machine to ask.
  constructor(trace, choose, take) {
    this.trace = trace;
    this.choose = choose;
    this.take = take;
    this.node = h("section", { class: "detail", tabindex: "0", "aria-label": "The step" });
  }

  show(n) {
    const { trace } = this;
    const step = n > 0 ? trace.steps[n - 1] : null;
    const rule = step?.line.rule && trace.page.kernel.rules.find((r) => r.name === step.line.rule.rule);
    put(this.node,
      step ? [
        h("h2", {}, h("span", { class: `who f${step.task % 8}` }, trace.tasks[step.task].name), " ", h("code", {}, breakable(step.line.function)),
          step.text ? h("span", { class: "text" }, ` ${step.text}`) : null),
        h("p", { class: "muted small" }, sourceLink(step.line), step.line.scope.length ? `, called from ${[...step.line.scope].reverse().join(" ← ")}` : "",
          step.line.orders ? `; ${step.line.orders.join(", ")}` : ""),
        step.line.rule ? h("p", { class: "small" }, h("span", { class: "rule" }, `§ rule ${step.line.rule.rule} at ${step.line.rule.hook}`), rule ? ` ${rule.purpose}` : "") : null,
        step.shown.length ? h("ul", { class: "changes" }, step.shown.map((c) => h("li", {}, changeLine(trace, c)))) : step.stale.length ? null : h("p", { class: "muted small" }, "Nothing changes."),
        step.stale.length ? h("ul", { class: "changes" }, step.stale.map((r) => h("li", {}, staleLine(trace, step, r)))) : null,
        step.breaks.filter((b) => !this.trace.breaks.has(b)).map((b) => h("p", { class: "broken small" }, `◆ This breaks ${b}.`)),
      ] : [h("h2", {}, "The initial state"), h("p", { class: "muted small" }, "Nothing has happened yet.")],
      this.failures(n),
      step?.breaks.length ? this.origins(step) : null,
      this.waits(n),
      this.others(n));
  }

  // Why the state violates what it violates first.
  failures(n) {
    return [...this.trace.breaks.values()].filter((v) => v.step === n).map((v) => h("div", { class: "failure" },
      h("p", {}, h("b", {}, `◆ ${v.invariant} is violated. `)), whyNode(this.trace, v, this.choose)));
  }

  // Who stored, and when, the words that the step hands over.
  origins(step) {
    const { trace } = this;
    return step.shown.filter((c) => isWord(c.variable)).map((c) => {
      const label = showValue(c.variable, c.to);
      const by = writerOf(trace, label);
      const stored = trace.steps.slice(0, step.number).findLast((s) =>
        s.shown.some((other) => isWord(other.variable) && showValue(other.variable, other.to) === label));
      if (by < 0 || !stored) return null;
      return h("p", { class: "origin" }, h("b", {}, label), " is what ", h("b", {}, trace.tasks[by].name), " stored in ",
        h("button", { type: "button", on: { click: () => this.choose(stored.number + 1) } }, `step ${stored.number + 1}`), ".");
    });
  }

  waits(n) {
    const list = this.trace.waiting(n);
    if (!list.length) return null;
    return h("p", { class: "small" }, "Waiting: ", list.map((w, i) => [i ? "; " : "",
      h("b", {}, this.trace.tasks[w.task].name),
      w.stopped ? " has stopped for ever" : [w.idle ? " for work, in " : " in ", h("code", {}, w.function), " until ", h("code", {}, untilText(w.until))]]));
  }

  // The steps that could be taken here.
  others(n) {
    const { trace } = this;
    const list = trace.enabled(n);
    const next = trace.steps[n];
    const taken = (o) => next && o.task === next.task && o.branch === next.branch;
    if (!list.length) return h("p", { class: "small muted" }, "Nobody can move: this is an end.");
    const label = (o) => [h("b", {}, trace.tasks[o.task].name), " ", h("code", {}, o.line.function),
      o.branch.label ? ` ${o.branch.label}` : o.line.text ? ` ${o.line.text}` : ""];
    return h("details", { class: "whatif", open: this.open ?? trace.length === 0, on: { toggle: (e) => {
      if (e.target.isConnected) this.open = e.target.open;
    } } },
      h("summary", {}, `What if? ${plural(list.length, "step")} could be taken here`),
      h("ul", {}, list.map((o) => h("li", {},
        this.take
          ? h("button", { type: "button", class: `f${o.task % 8}`, on: { click: () => (taken(o) ? this.choose(n + 1) : this.take(trace.nameOf(o.task, o.line, o.branch), n)) } }, label(o))
          : h("span", {}, label(o)),
        taken(o) ? h("span", { class: "muted" }, " taken in this trace") : null))));
  }
}
