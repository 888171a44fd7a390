// Two traces side by side, aligned: what is the same, where they part, what each machine comes to.

import { h, plural, put, verdictMark } from "../dom.js";
import { changeLine, staleLine } from "./lanes.js";
import { untilText } from "./model.js";
import { Picture } from "./picture.js";

const ROWS_MAX = 4000;

export class BesideView {
  // `left` and `right` are traces; `moved(row)`: another row is chosen.
  constructor(left, right, comparison, names, moved) {
    this.sides = [left, right];
    this.pairs = comparison.pairs;
    this.moved = moved;
    this.pictures = this.sides.map((trace, n) => new Picture(trace, `${names[n]}, ${n === 0 ? "left" : "right"}`));
    this.rows = this.pairs.slice(0, ROWS_MAX).map((pair, n) => this.row(pair, n, n === comparison.diverges));
    this.state = h("p", { class: "muted", role: "status" });
    const end = this.ends(right, names[1]);
    this.node = h("div", { class: "beside" },
      h("p", {}, comparison.diverges === null
        ? "Both do the same, step by step."
        : [h("b", {}, "They part at row ", String(comparison.diverges + 1)), ". ",
          h("button", { type: "button", on: { click: () => this.go(comparison.diverges) } }, "to the first difference")]),
      end,
      h("div", { class: "beside-panes" },
        h("div", { class: "beside-list", tabindex: "0", role: "region", "aria-label": "Aligned steps" },
          h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "row"), names.map((n) => h("th", { scope: "col" }, n)))),
            h("tbody", {}, this.rows))),
        h("div", { class: "beside-pictures" }, this.sides.map((_, n) =>
          h("div", {}, h("h2", {}, names[n]), this.pictures[n].node)))),
      this.state);
    this.onKey = (event) => this.key(event);
    document.addEventListener("keydown", this.onKey);
  }

  // What the other side comes to.
  ends(right, name) {
    const last = right.waiting(right.length).filter((w) => !w.idle);
    const bad = [...right.breaks.values()];
    return h("p", {}, h("b", {}, name), ": ",
      bad.length ? [verdictMark("violated"), ` ${bad.map((v) => `${v.invariant} after ${plural(v.step, "step")}`).join(", ")}. `] : "no invariant is violated by these steps. ",
      last.map((w) => [h("b", {}, right.tasks[w.task].name), w.stopped ? " has stopped. " : [" waits in ", h("code", {}, w.function), " until ", h("code", {}, untilText(w.until)), ". "]]));
  }

  row(pair, n, first) {
    const cell = (trace, number) => {
      if (number === null) return h("td", { class: "gap" }, h("span", { class: "unseen" }, "nothing"));
      const step = trace.steps[number];
      return h("td", { class: `f${step.task % 8}${step.breaks.length ? " breaks" : ""}` },
        h("span", { class: "n" }, String(number + 1)), " ", h("b", {}, trace.tasks[step.task].name), " ", h("code", {}, step.line.function),
        step.line.rule ? h("span", { class: "rule" }, `§ ${step.line.rule.rule}`) : null,
        step.text ? h("span", { class: "step-text" }, step.text) : null,
        step.shown.map((c) => changeLine(trace, c)),
        step.stale.map((r) => staleLine(trace, step, r)),
        step.breaks.map((b) => h("span", { class: "broken" }, `◆ ${b} broken`)));
    };
    return h("tr", { class: `${pair.same ? "same" : "differs"}${first ? " first" : ""}`, on: { click: () => this.go(n) } },
      h("th", { scope: "row" }, h("button", { type: "button", class: "row-button", "aria-label": `row ${n + 1}${pair.same ? "" : ", differs"}` }, `${n + 1}${pair.same ? "" : " ≠"}`)),
      cell(this.sides[0], pair.left), cell(this.sides[1], pair.right));
  }

  go(n) {
    const row = Math.min(this.rows.length - 1, Math.max(0, n));
    this.show(row);
    this.moved(row);
  }

  show(n) {
    if (this.rows.length === 0) return;
    const row = Math.min(this.rows.length - 1, Math.max(0, n));
    this.rows[this.current]?.classList.remove("now");
    this.rows[this.current]?.removeAttribute("aria-current");
    this.current = row;
    this.rows[row].classList.add("now");
    this.rows[row].setAttribute("aria-current", "true");
    this.rows[row].scrollIntoView({ block: "nearest" });
    const upTo = this.pairs.slice(0, row + 1);
    const counts = [upTo.filter((p) => p.left !== null).length, upTo.filter((p) => p.right !== null).length];
    this.pictures.forEach((picture, side) => picture.show(counts[side]));
    put(this.state, `Row ${row + 1} of ${this.rows.length}: after ${plural(counts[0], "step")} here, ${counts[1]} there.`);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const to = {
      j: this.current + 1, ArrowDown: this.current + 1, ArrowRight: this.current + 1,
      k: this.current - 1, ArrowUp: this.current - 1, ArrowLeft: this.current - 1,
      Home: 0, End: this.rows.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.go(to);
  }

  leave() {
    document.removeEventListener("keydown", this.onKey);
    for (const picture of this.pictures) picture.leave();
  }
}
