// One scheme: what it is, its rules, and its verdicts by scenario.

import { breakable, h } from "../dom.js";
import { answers } from "../api.js";
import { sourced } from "../archive.js";
import { rove } from "../grid.js";
import { address } from "../route.js";
import { named } from "../strange.js";
import { headOf, inOrder, runCell } from "../tables.js";
import { verdicts } from "../verdicts.js";

export const schemePage = {
  parts: 2,
  async open({ path }) {
    const data = await verdicts();
    const scheme = named("scheme", path[1] ?? "", data.catalog.schemes);
    const rows = data.rows.filter((r) => r.scheme === scheme.id);
    const invariants = inOrder(data.catalog.invariants, new Set(rows.map((r) => r.invariant)));
    const scenarios = inOrder(data.catalog.scenarios, new Set(rows.map((r) => r.scenario)));
    const cells = new Map(rows.map((r) => [`${r.scenario} ${r.invariant}`, r]));
    const concerned = data.catalog.scenarios.filter((s) => s.schemes.includes(scheme.id)).length;
    return {
      title: scheme.id,
      nodes: [
        h("h1", {}, scheme.id),
        h("p", { class: "lede" }, `${scheme.title}.`),
        h("p", { class: "muted" }, `Family ${scheme.family}. It is run in ${concerned} of ${data.catalog.scenarios.length} scenarios: those in which it can change anything. Source: `, sourced(scheme.source), "."),
        h("h2", {}, "Rules"),
        scheme.rules.length ? h("dl", { class: "rules" }, scheme.rules.map((r) => h("div", {}, h("dt", {}, h("code", {}, r.name)),
          h("dd", {}, r.purpose, h("span", { class: "muted" }, ` at ${r.hooks.join(", ")}`)))))
          : h("p", { class: "muted" }, "None: this is the kernel as it is."),
        h("p", {}, h("a", { href: address(["bench"], { scheme: scheme.id }) }, "Try it on the bench"), " · ",
          answers(`/api/ablation/${scheme.id}`) ? h("a", { href: address(["ablation", scheme.id]) }, "What each part is for") : null),
        h("h2", {}, "By scenario"),
        rows.length ? h("div", { class: "scroll tall", role: "region", "aria-label": "Verdicts by scenario" },
          rove(h("table", { class: "matrix" },
            h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "scenario"), headOf(invariants, data.catalog))),
            h("tbody", {}, scenarios.map((s) => h("tr", {},
              h("th", { scope: "row", title: data.scenarios.get(s)?.title },
                h("a", { href: address(["scenario", s]) }, breakable(s))),
              invariants.map((i) => runCell(cells.get(`${s} ${i}`)))))))))
          : h("p", { class: "muted" }, "No verdicts are kept for it here."),
      ],
    };
  },
};
