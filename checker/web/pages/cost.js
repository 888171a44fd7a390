// What schemes cost in a scenario: least to most over all executions, today's kernel first.

import { grouped, h, picker } from "../dom.js";
import { ask, catalog, live } from "../api.js";
import { address, go, traceAddress, writeChoices } from "../route.js";
import { named } from "../strange.js";

const METRICS = {
  "page-copies": ["page copies", "The kernel copies a page that is spliced, or replaces it by a copy."],
  "tlb-flushes": ["TLB flushes", "An interrupt to every CPU that may have the entry."],
  faults: ["faults", "handle_mm_fault is entered."],
  "writer-waits": ["writer waits", "A writer has moved, and cannot move on."],
  retries: ["retries", "Work is thrown away and done again."],
};

function figureText(figure) {
  const { least, most } = figure;
  // No execution ends, so none costs the least.
  if (least === null) return most === null ? "unbounded" : most === 0 ? "0" : `at most ${most}`;
  if (most === null) return `${least} to unbounded`;
  return most === least ? String(least) : `${least} to ${most}`;
}

function figureCell(bill, n, known) {
  const figure = bill.figures[n];
  if (!figure) return h("td", { class: "muted" }, "inconclusive");
  const text = figureText(figure);
  if (!figure.cycle) return h("td", { class: `number${text === "0" ? " muted" : ""}` }, text);
  return h("td", { class: "number" }, h("details", {}, h("summary", {}, text),
    cycleLink(bill, n, known),
    h("ol", { class: "cycle", start: "1" }, figure.cycle.steps.map((s, n) => h("li", { class: n >= figure.cycle.loop_start ? "again" : null },
      n === figure.cycle.loop_start ? h("b", {}, "for ever: ") : null, h("b", {}, s.task), " ", h("code", {}, s.function), s.text ? ` ${s.text}` : "")))));
}

// The cycle, step by step.
function cycleLink(bill, n, scenario) {
  const invariant = scenario?.invariants.find((i) => i.endsWith("-progress")) ?? scenario?.invariants[0];
  if (!live || !bill.cycles[n] || !invariant) return null;
  const subject = { scheme: bill.scheme, scenario: bill.scenario, invariant };
  return h("a", { href: traceAddress(subject, { from: 0, then: writeChoices(bill.cycles[n]), loop: bill.figures[n].cycle.loop_start }) }, "step by step");
}

export const costPage = {
  parts: 2,
  slow: "Counting … every scheme in this scenario.",
  async open({ path }) {
    const known = await catalog();
    const first = known.scenarios.find((s) => s.id === "mmap-store-dirty-pte") ?? known.scenarios[0];
    if (!first) throw new Error("There are no scenarios here.");
    const shown = named("scenario", path[1] ?? first.id, known.scenarios);
    const scenario = shown.id;
    const bills = await ask(`/api/cost/${encodeURIComponent(scenario)}`);
    const metrics = Object.keys(METRICS);
    const states = bills.reduce((a, b) => a + b.states, 0);
    return {
      title: `Cost in ${scenario}`,
      nodes: [h("h1", {}, "Cost in ", h("a", { href: address(["scenario", scenario]) }, scenario)),
        h("p", { class: "lede" }, `${shown.title}. `, "Least to most, over all executions. ", h("i", {}, "unbounded"), ": as often as others make it so; it unfolds to the cycle."),
        h("form", { class: "filters", on: { submit: (e) => e.preventDefault() } }, h("label", {}, "Scenario ",
          picker({ on: { change: (e) => go(address(["cost", e.target.value])) } }, known.scenarios.filter((s) => s.default || s === shown).map((s) => s.id), scenario))),
        h("p", { class: "count" }, `${bills.length} state graphs, ${grouped(states)} states`),
        h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Costs" }, h("table", { class: "runs" },
          h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "scheme"), metrics.map((m) => h("th", { scope: "col", class: "number", title: METRICS[m][1] }, METRICS[m][0])))),
          h("tbody", {}, bills.map((b) => h("tr", {}, h("th", { scope: "row" }, h("a", { href: address(["scheme", b.scheme]) }, b.scheme)),
            metrics.map((m) => figureCell(b, b.figures.findIndex((f) => f.metric === m), shown))))))) ],
    };
  },
};
