// What every invariant says of every state: a row each, a column a state.

import { h, plural, put, svg } from "../dom.js";

const ASKED_WORDS = {
  always: "in every state",
  finally: "where nobody can move",
  endlessly: "of endless executions",
};

const KIND = { "+": "ok", "!": "bad", "~": "open", ".": "none" };

// More columns than this are not told apart: of several states together, the gravest mark is drawn.
const COLUMNS = 1000;
const GRAVEST = "!~+.";

// Runs of equal marks: [mark, from, to).
function spansOf(marks) {
  const wide = Math.ceil(marks.length / COLUMNS);
  const spans = [];
  for (let n = 0; n < marks.length; n += wide) {
    const some = marks.slice(n, n + wide);
    const mark = [...GRAVEST].find((m) => some.includes(m));
    const to = n + some.length;
    const last = spans.at(-1);
    if (last && last[0] === mark) last[2] = to;
    else spans.push([mark, n, to]);
  }
  return spans;
}

function saidOf(row, trace) {
  const bad = row.marks.indexOf("!");
  if (bad >= 0 && row.asked === "endlessly" && trace.loop !== null) return "never finishes";
  if (bad >= 0) return bad ? `violated after ${plural(bad, "step")}` : "violated from the beginning";
  const last = row.marks.at(-1);
  if (last === "~") return "not finished yet";
  if (row.asked === "endlessly") return "finished";
  if (last === ".") return "asked only at an end";
  return "holds in every state";
}

export class Strip {
  constructor(trace, catalog, choose) {
    this.states = trace.length + 1;
    this.cursors = [];
    const order = [...trace.view.strip].sort((a, b) => rank(a, trace) - rank(b, trace));
    this.node = h("div", { class: "strip", role: "group", "aria-label": "Invariants at every step" }, order.map((row) => {
      const known = catalog.invariants.find((i) => i.id === row.invariant);
      const cursor = svg("rect", { class: "cursor", y: "0", width: "1", height: "1" });
      this.cursors.push(cursor);
      const bad = row.marks.indexOf("!");
      const said = saidOf(row, trace);
      const track = svg("svg", { class: "track", viewBox: `0 0 ${this.states} 1`, preserveAspectRatio: "none", "aria-hidden": "true",
        on: { click: (event) => {
          const box = track.getBoundingClientRect();
          choose(Math.min(this.states - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * this.states))));
        } } },
        spansOf(row.marks).map(([mark, from, to]) => svg("rect", { class: `mark ${KIND[mark]}`, x: String(from), y: "0", width: String(to - from), height: "1" })),
        trace.steps.filter((s) => s.stale.length).map((s) => svg("rect", { class: "mark outdated-read", x: String(s.number + 1), y: "0", width: "1", height: "1" })),
        this.states === 1 ? null : cursor);
      return h("div", { class: `strip-row${bad >= 0 ? " bad" : ""}` },
        h("button", { type: "button", disabled: bad < 0, title: `${known?.title ?? ""}; asked ${ASKED_WORDS[row.asked]}`,
          "aria-label": `${row.invariant}: ${said}`, on: { click: () => choose(bad) } },
          `${bad >= 0 ? "◆ " : ""}${row.invariant}`),
        track,
        h("span", { class: "said" }, said));
    }));
  }

  show(n) {
    for (const cursor of this.cursors) cursor.setAttribute("x", String(n));
  }
}

// The one asked first, then what is violated.
function rank(row, trace) {
  if (row.invariant === trace.subject.invariant) return 0;
  return row.marks.includes("!") ? 1 : 2;
}

// The meaning of the marks.
export function legend(trace) {
  const key = (kind, text) => h("span", {}, svg("svg", { class: "key", viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: `mark ${kind}`, width: "1", height: "1" })), ` ${text}`);
  return put(h("p", { class: "legend muted" }), key("ok", "holds"), key("bad", "violated"), key("open", "still to come"), key("none", "not asked here"),
    trace.outdated === null ? [] : key("outdated-read", "a step that read what memory did not hold any more"));
}
