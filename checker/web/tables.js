// Parts of tables of verdicts that several pages have.

import { breakable, grouped, h, plural, statesText, verdictMark } from "./dom.js";
import { address, traceAddress } from "./route.js";

export function subjectOf(row) {
  return { scheme: row.scheme, scenario: row.scenario, invariant: row.invariant };
}

// Below a verdict that holds for want of anything that could violate it.
export const UNCHANGED = "nothing changes";

// Interleavings keep it, weak memory does not.
export function weakMark() {
  return h("span", { class: "weakly" }, h("span", { class: "shape", "aria-hidden": "true" }, "◇"), " not on weak memory");
}

// A cell of many runs: the verdict, in one click its shortest counterexample or what was covered.
export function cellOf(total, scheme, invariant, more) {
  if (!total) return h("td", { class: "none" }, h("span", { class: "unseen" }, "does not apply"));
  const to = total.shortest
    ? traceAddress(subjectOf(total.shortest))
    : address(["cell", scheme, invariant], more);
  const title = total.shortest
    ? `${scheme}, ${invariant}: violated in ${total.shortest.length} steps in ${total.shortest.scenario}`
    : `${scheme}, ${invariant}: ${total.verdict} in ${plural(total.scenarios, "scenario")}; ${plural(total.triples, "combination")} of what changes a page, what reads it and kind of file`;
  const weakly = total.verdict !== "violated" && total.weakly.length > 0;
  return h("td", { class: total.verdict },
    h("a", { href: to, title },
      verdictMark(total.verdict, total.shortest?.length),
      h("span", { class: "states" }, total.unchanged ? UNCHANGED : statesText(total.states)),
      weakly ? weakMark() : null));
}

// A cell of one run.
export function runCell(row) {
  if (!row) return h("td", { class: "none" }, h("span", { class: "unseen" }, "does not apply"));
  return h("td", { class: row.verdict }, h("a", { href: traceAddress(subjectOf(row)) },
    verdictMark(row.verdict, row.length),
    h("span", { class: "states" }, row.unchanged ? UNCHANGED : statesText(row.states)),
    row.weakly ? weakMark() : null));
}

// The heads of columns.
export function headOf(invariants, known) {
  const title = (id) => known.invariants.find((i) => i.id === id)?.title;
  return invariants.map((id) => h("th", { scope: "col", title: title(id) },
    h("a", { href: address(["invariant", id]) }, breakable(id))));
}

// The head of a row: a scheme.
export function schemeHead(scheme) {
  return h("th", { scope: "row", title: scheme.title }, h("a", { href: address(["scheme", scheme.id]) }, breakable(scheme.id)));
}

// Rows, with a row before each family of schemes.
export function byFamily(schemes, columns, row) {
  let family = null;
  return schemes.flatMap((scheme) => {
    if (scheme.family === family) return [row(scheme)];
    family = scheme.family;
    return [h("tr", { class: "family" }, h("th", { scope: "rowgroup", colspan: columns + 1 }, h("span", {}, family))), row(scheme)];
  });
}

// The order of listings.
export function inOrder(list, present) {
  return list.map((i) => i.id).filter((id) => present.has(id));
}

// Whether the fields have all words of the text.
export function matches(text, ...fields) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const all = fields.join(" ").toLowerCase();
  return words.every((w) => all.includes(w));
}

// A count of runs by verdict.
export function countText(rows) {
  return ["violated", "holds", "inconclusive"].map((v) => [rows.filter((r) => r.verdict === v).length, v])
    .filter(([n, v]) => n || v !== "inconclusive").map(([n, v]) => `${grouped(n)} ${v}`).join(", ");
}

export function unknownThreads({ problem }) {
  return h("p", { class: "notice" }, `Nothing is known of runs as threads: ${problem}.`);
}
