// One invariant: what it says, who demands it, and which schemes keep it.

import { h } from "../dom.js";
import { marked, sourced } from "../archive.js";
import { rove } from "../grid.js";
import { named } from "../strange.js";
import { byFamily, cellOf, schemeHead } from "../tables.js";
import { grouping, sum, verdicts } from "../verdicts.js";

export const invariantPage = {
  parts: 2,
  async open({ path }) {
    const data = await verdicts();
    const known = data.catalog;
    const invariant = named("invariant", path[1] ?? "", known.invariants);
    const rows = data.rows.filter((r) => r.invariant === invariant.id);
    const worlds = [...new Set(rows.map((r) => r.environment))].sort((a, b) => a - b);
    const cells = grouping(rows, (r) => `${r.scheme} ${r.environment}`);
    const schemes = known.schemes.filter((s) => rows.some((r) => r.scheme === s.id));
    const asked = known.scenarios.filter((s) => s.invariants.includes(invariant.id)).length;
    const row = (scheme) => h("tr", {}, schemeHead(scheme),
      worlds.map((w) => cellOf(sum(cells.get(`${scheme.id} ${w}`) ?? []), scheme.id, invariant.id, { world: w })));
    return {
      title: invariant.id,
      nodes: [
        h("h1", {}, invariant.id),
        h("p", { class: "lede" }, `${invariant.title}.`),
        invariant.definition ? h("p", {}, h("b", {}, "In full: "), marked(invariant.definition), ".") : null,
        h("p", {}, h("b", {}, "Where it is violated: "), `${invariant.why}.`),
        h("p", { class: "muted" }, `Asked in ${asked} of ${known.scenarios.length} scenarios. Source: `, sourced(invariant.source), "."),
        h("h2", {}, "By scheme and part of the world"),
        rows.length ? h("div", { class: "scroll tall", role: "region", "aria-label": "Verdicts by scheme" },
          rove(h("table", { class: "matrix loose" },
            h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "scheme"), worlds.map((w) => h("th", { scope: "col" }, known.environments[w])))),
            h("tbody", {}, byFamily(schemes, worlds.length, row)))))
          : h("p", { class: "muted" }, "No verdicts are kept for it here."),
      ],
    };
  },
};
