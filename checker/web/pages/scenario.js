// One scenario: what is there before anybody moves, who does what, and what every scheme makes of it.

import { fact, h, plural, taskLine } from "../dom.js";
import { answers, ask } from "../api.js";
import { marked } from "../archive.js";
import { rove } from "../grid.js";
import { address } from "../route.js";
import { named } from "../strange.js";
import { byFamily, headOf, inOrder, runCell, schemeHead } from "../tables.js";
import { Trace } from "../trace/model.js";
import { Picture } from "../trace/picture.js";
import { Program } from "../trace/program.js";
import { verdicts } from "../verdicts.js";

export function startPath(scenario) {
  return `/api/start?${new URLSearchParams({ scenario })}`;
}

export const scenarioPage = {
  parts: 2,
  async open({ path }) {
    const data = await verdicts();
    const scenario = named("scenario", path[1] ?? "", data.catalog.scenarios);
    const trace = answers(startPath(scenario.id)) ? new Trace(await ask(startPath(scenario.id))) : null;
    const rows = data.rows.filter((r) => r.scenario === scenario.id);
    const invariants = inOrder(data.catalog.invariants, new Set(rows.map((r) => r.invariant)));
    const schemes = data.catalog.schemes.filter((s) => rows.some((r) => r.scheme === s.id));
    const cells = new Map(rows.map((r) => [`${r.scheme} ${r.invariant}`, r]));
    const picture = trace ? new Picture(trace, null, true) : null;
    const program = trace ? new Program(trace) : null;
    const row = (scheme) => h("tr", {}, schemeHead(scheme), invariants.map((i) => runCell(cells.get(`${scheme.id} ${i}`))));
    return {
      title: scenario.id,
      nodes: [
        h("h1", {}, scenario.id),
        h("p", { class: "lede" }, `${scenario.title}.`),
        scenario.about ? h("p", {}, marked(scenario.about.trim())) : null,
        h("dl", { class: "facts" },
          fact("Filesystem", scenario.filesystem), fact("Pages", String(scenario.folios)), fact("Words of a page", String(scenario.words)),
          fact("Groups", scenario.groups.join(", ") || "none"), fact("Schemes that are run in it", String(scenario.schemes.length)),
          fact("Invariants that apply", String(scenario.invariants.length))),
        h("p", {}, h("a", { href: address(["bench"], { scenario: scenario.id, scheme: scenario.schemes[0] }) }, "Try it on the bench"), " · ",
          h("a", { href: address(["cost", scenario.id]) }, "What schemes cost in it")),
        h("div", { class: "beginning" },
          h("section", {}, h("h2", {}, "Who does what"), h("div", { class: "tasks" }, scenario.tasks.map(taskLine)),
            program ? [h("h2", {}, "Programs, under today's kernel"), h("div", { class: "framed" }, program.node)] : null),
          picture ? h("section", {}, h("h2", {}, "Before anybody moves"), h("div", { class: "framed" }, picture.node)) : null),
        h("h2", {}, "Verdicts"),
        rows.length ? h("div", { class: "scroll tall", role: "region", "aria-label": "Verdicts by scheme" },
          rove(h("table", { class: "matrix" },
            h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "scheme"), headOf(invariants, data.catalog))),
            h("tbody", {}, byFamily(schemes, invariants.length, row)))))
          : h("p", { class: "muted" }, `None are kept here. ${plural(scenario.schemes.length, "scheme")} can be run in it on the bench.`),
      ],
      shown() {
        picture?.show(0);
        program?.show(0);
      },
      leave: () => picture?.leave(),
    };
  },
};
