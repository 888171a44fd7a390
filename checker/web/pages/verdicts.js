// The table of verdicts: schemes × invariants, a table for each part of the world.

import { grouped, h, picker, plural, put, short, taskLine, verdictMark } from "../dom.js";
import { address, changed, go } from "../route.js";
import { rove } from "../grid.js";
import { notAmong } from "../strange.js";
import { byFamily, cellOf, countText, headOf, inOrder, matches, schemeHead, unknownThreads, UNCHANGED, weakMark } from "../tables.js";
import { grouping, sum, verdicts } from "../verdicts.js";

const FILTERS = ["q", "family", "group", "scenario", "verdict"];

function tableOf(environment, rows, known, query) {
  const schemes = known.schemes.filter((s) => rows.some((r) => r.scheme === s.id));
  const invariants = inOrder(known.invariants, new Set(rows.map((r) => r.invariant)));
  const cells = grouping(rows, (r) => `${r.scheme} ${r.invariant}`);
  const more = { world: environment, group: query.get("group"), scenario: query.get("scenario") };
  const title = known.environments[environment];
  const row = (scheme) => h("tr", {}, schemeHead(scheme),
    invariants.map((i) => cellOf(sum(cells.get(`${scheme.id} ${i}`) ?? []), scheme.id, i, more)));
  return h("section", { "aria-label": title },
    h("h2", {}, title),
    h("div", { class: "scroll tall", role: "region", "aria-label": `Table: ${title}` },
      rove(h("table", { class: "matrix" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "scheme"), headOf(invariants, known))),
        h("tbody", {}, byFamily(schemes, invariants.length, row))))));
}

function filters(known, rows, query) {
  const families = [...new Set(known.schemes.map((s) => s.family))];
  const used = new Set(rows.map((r) => r.scenario));
  const set = (key) => (event) => go(changed({ [key]: event.target.value }), true);
  return h("form", { class: "filters", role: "search", on: { submit: (e) => e.preventDefault() } },
    h("label", {}, "Filter ", h("input", { type: "search", value: query.get("q") ?? "",
      placeholder: "scheme or invariant", on: { input: set("q") } })),
    h("label", {}, "Family ", picker({ on: { change: set("family") } },
      [["", "all"], ...families], query.get("family") ?? "")),
    h("label", {}, "Group of scenarios ", picker({ on: { change: set("group") } },
      [["", "all"], ...groupsOf(known)], query.get("group") ?? "")),
    h("label", {}, "Scenario ", picker({ on: { change: set("scenario") } },
      [["", "all"], ...known.scenarios.map((s) => s.id).filter((s) => used.has(s))], query.get("scenario") ?? "")),
    h("label", {}, "Verdict ", picker({ on: { change: set("verdict") } },
      [["", "all"], "violated", "holds", "inconclusive"], query.get("verdict") ?? "")));
}

export function groupsOf(known) {
  return [...new Set(known.scenarios.flatMap((s) => s.groups))].sort();
}

// The rows that the filters of an address leave.
export function selected({ catalog: known, scenarios, rows }, query) {
  const [q, family, group, scenario, verdict] = FILTERS.map((k) => query.get(k) ?? "");
  const schemes = new Map(known.schemes.map((s) => [s.id, s]));
  let kept = rows.filter((r) => {
    const s = schemes.get(r.scheme);
    return (!family || s?.family === family)
      && (!scenario || r.scenario === scenario)
      && (!group || scenarios.get(r.scenario)?.groups.includes(group))
      && (!q || matches(q, r.scheme, r.invariant) || matches(q, r.scheme, s?.title ?? ""));
  });
  if (verdict) {
    const cells = grouping(kept, (r) => `${r.environment} ${r.scheme} ${r.invariant}`);
    kept = [...cells.values()].filter((c) => sum(c).verdict === verdict).flat();
  }
  return kept;
}

function howToRead() {
  return h("details", { class: "how" }, h("summary", {}, "How to read this"), h("ul", {},
    h("li", {}, "A row is a scheme: a proposal for how spliced data is kept from changing. A column is an invariant: what the scheme should guarantee. Both lead to a page that defines them."),
    h("li", {}, "A cell sums up all scenarios in which scheme and invariant mean something: small programs of a few tasks that splice, read, write, truncate and so on. An empty cell: there is none."),
    h("li", {}, verdictMark("violated", "N"), ": some order of steps breaks it; the shortest known one has N steps. The cell leads to it, step by step."),
    h("li", {}, verdictMark("holds"), ": every reachable state of every scenario was visited, and none breaks it. The cell leads to what was covered."),
    h("li", {}, verdictMark("inconclusive"), ": a bound ended the search before it was complete."),
    h("li", {}, weakMark(), ": holds in every order of steps; on a machine that reorders memory accesses some execution breaks it."),
    h("li", {}, "Below the verdict is the number of states visited. ", h("i", {}, "no loop"), ": no task can take a step twice, so every execution ends, and no search was needed."),
    h("li", {}, h("i", {}, UNCHANGED), " below a verdict: no call there changes bytes of the file, and only that could violate it."),
    h("li", {}, "The arrow keys go from cell to cell. ", h("kbd", {}, "?"), " lists all keys.")));
}

// Somebody's own scenarios have no committed verdicts at first.
function nothingCommitted(known) {
  return h("section", {},
    h("p", { class: "notice" }, "No verdicts are kept here yet. ", h("code", {}, known.bless), " runs everything and keeps them. The bench and the pages of scenarios work without."),
    h("h2", {}, "Scenarios"),
    h("div", { class: "scroll" }, h("table", { class: "runs" },
      h("thead", {}, h("tr", {}, ["scenario", "title", "what runs", ""].map((t) => h("th", { scope: "col" }, t || h("span", { class: "unseen" }, "to the bench"))))),
      h("tbody", {}, known.scenarios.map((s) => h("tr", {},
        h("th", { scope: "row" }, h("a", { href: address(["scenario", s.id]) }, s.id)), h("td", {}, s.title), h("td", {}, s.tasks.map(taskLine)),
        h("td", {}, h("a", { href: address(["bench"], { scenario: s.id, scheme: s.schemes[0] }) }, "bench"))))))));
}

export const verdictsPage = {
  keys: FILTERS,
  key: () => "verdicts",
  async strange({ query }) {
    const { catalog: known } = await verdicts();
    return [...notAmong(query, "family", "family", [...new Set(known.schemes.map((s) => s.family))]),
      ...notAmong(query, "group", "group", groupsOf(known)),
      ...notAmong(query, "scenario", "scenario", known.scenarios.map((s) => s.id)),
      ...notAmong(query, "verdict", "verdict", ["violated", "holds", "inconclusive"])];
  },
  async open({ query }) {
    const data = await verdicts();
    const tables = h("div", {});
    const count = h("p", { class: "count", role: "status" });
    const all = sum(data.rows);
    const head = [h("h1", {}, "Verdicts"), h("p", { class: "lede" },
      "Can data spliced from a file into a pipe or a socket be kept from changing under its reader? ",
      "Each cell is one scheme and one guarantee over all scenarios.")];
    if (!data.rows.length) return { title: "Verdicts", nodes: [head, nothingCommitted(data.catalog)] };
    return {
      title: "Verdicts",
      nodes: [head, howToRead(), filters(data.catalog, data.rows, query), count,
        data.problem ? unknownThreads(data) : null, tables],
      update(route) {
        const rows = selected(data, route.query);
        const worlds = grouping(rows, (r) => r.environment);
        const order = [...worlds.keys()].sort((a, b) => a - b);
        put(tables, order.map((e) => tableOf(e, worlds.get(e), data.catalog, route.query)));
        const of = rows.length === data.rows.length ? "" : ` of ${grouped(data.rows.length)}`;
        put(count, rows.length === 0 ? "No run matches these filters."
          : `${grouped(rows.length)}${of} runs: ${countText(rows)}; ${short(sum(rows).states)} states`
            + (all.engines.length ? `; engines: ${all.engines.join(", ")}` : "")
            + (data.problem ? "" : `, and loom for ${plural(sum(rows).threads.length, "pair")} of scheme and scenario`));
      },
    };
  },
};
