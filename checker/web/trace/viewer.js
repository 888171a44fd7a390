// The parts of a trace's page together: one state at a time, whatever moves it.

import { h } from "../dom.js";
import { Controls } from "./controls.js";
import { Detail } from "./detail.js";
import { Lanes } from "./lanes.js";
import { Picture } from "./picture.js";
import { Program } from "./program.js";
import { Strip, legend } from "./strip.js";
import { waitGraph } from "./waitgraph.js";

export class Viewer {
  // `moved(n)`: another state is shown; `narrowed(filters)`: other filters; `take`: see Detail.
  constructor(trace, catalog, { moved, narrowed, take, filters }) {
    this.trace = trace;
    this.moved = moved;
    this.narrowed = narrowed;
    this.filters = filters;
    const choose = (n) => this.go(n);
    this.lanes = new Lanes(trace, choose);
    this.strip = new Strip(trace, catalog, choose);
    this.picture = new Picture(trace);
    this.program = new Program(trace);
    this.detail = new Detail(trace, choose, take);
    this.controls = new Controls(trace, { choose, narrow: (change) => this.narrow(change), filters,
      fold: this.lanes.calls.any ? { any: this.lanes.calls.folded.size > 0, act: (is) => this.lanes.foldAll(is) } : null });
    this.parts = [this.controls, this.strip, this.lanes, this.detail, this.picture, this.program];
    this.node = h("div", { class: "viewer" },
      trace.length ? this.controls.node : null,
      this.strip.node, legend(trace),
      waitGraph(trace.view.blocked, trace.view.loop_start !== null),
      h("div", { class: "panes" },
        h("div", { class: "pane lanes" }, this.lanes.node),
        h("div", { class: "pane middle", tabindex: "0", role: "region", "aria-label": "Picture of the machine" }, this.picture.node),
        h("div", { class: "pane right" }, this.detail.node, this.program.node)));
    this.onKey = (event) => this.controls.key(event);
    document.addEventListener("keydown", this.onKey);
    this.current = null;
  }

  // Somebody goes to the state after `n` steps.
  go(n) {
    this.show(n);
    this.moved(n);
  }

  // Shows it.
  show(n) {
    if (n === this.current) return;
    this.current = n;
    for (const part of this.parts) part.show(n);
  }

  narrow(change) {
    this.filters = { ...this.filters, ...change };
    this.applyFilters();
    this.narrowed(this.filters);
  }

  applyFilters() {
    const { tasks, variable, search } = this.filters;
    const wanted = variable.toLowerCase();
    const inTask = (s) => tasks.length === 0 || tasks.includes(this.trace.tasks[s.task].name);
    const inVariable = (s) => !wanted || [...s.shown, ...s.ghosts].some((c) => c.variable.full.toLowerCase().includes(wanted));
    const keep = (s) => inTask(s) && inVariable(s);
    const all = tasks.length === 0 && !wanted;
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (s) => [this.trace.tasks[s.task].name, s.line.function, s.line.id, s.line.file, s.text, s.line.rule?.rule ?? "",
      ...s.shown.map((c) => c.variable.full), ...s.breaks].join(" ").toLowerCase();
    const hits = words.length ? this.trace.steps.filter((s) => keep(s) && words.every((w) => text(s).includes(w))).map((s) => s.number) : [];
    this.lanes.hits = new Set(hits);
    this.lanes.filter(all && !words.length ? null : keep);
    this.controls.narrowed(all ? null : this.trace.steps.filter(keep).map((s) => s.number + 1), hits.map((n) => n + 1), words.length > 0);
    if (this.current !== null) this.lanes.show(this.current);
  }

  leave() {
    document.removeEventListener("keydown", this.onKey);
    for (const part of this.parts) part.leave?.();
  }
}
