// The table of verdicts: schemes × invariants, a table for each part of the world; one scheme by
// scenario; one cell with everything that was covered.

import { breakable, columnHead, grouped, h, picker, plural, put, short, verdictMark } from "../dom.js";
import { address, changed, go, traceAddress } from "../route.js";
import { executionWords, grouping, sum, verdicts } from "../verdicts.js";

function subjectOf(row) {
  return { scheme: row.scheme, scenario: row.scenario, invariant: row.invariant };
}

// A cell: the verdict, in one click its shortest counterexample or what was covered.
function cellOf(total, scheme, invariant, more) {
  if (!total) return h("td", { class: "none" }, h("span", { class: "unseen" }, "does not apply"));
  const to = total.shortest
    ? traceAddress(subjectOf(total.shortest))
    : address(["cell", scheme, invariant], more);
  const title = total.shortest
    ? `${scheme}, ${invariant}: violated in ${total.shortest.length} steps in ${total.shortest.scenario}`
    : `${scheme}, ${invariant}: ${total.verdict} in ${plural(total.scenarios, "scenario")}, on ${plural(total.triples, "triple")} of what changes a page, what reads it and kind of file`;
  const weakly = total.verdict !== "violated" && total.weakly.length > 0;
  return h("td", { class: total.verdict },
    h("a", { href: to, title },
      verdictMark(total.verdict, total.shortest?.length),
      h("span", { class: "states" }, total.verdict === "holds" ? `${plural(total.triples, "triple")}, ` : "", `${short(total.states)} states`),
      weakly ? weakMark() : null));
}

function unknownThreads({ problem }) {
  return h("p", { class: "notice" }, `Nothing is known of runs as threads: ${problem}.`);
}

// Interleavings keep it, weak memory does not.
function weakMark() {
  return h("span", { class: "weakly" }, h("span", { class: "shape", "aria-hidden": "true" }, "◇"), " not on weak memory");
}

function headOf(invariants, known) {
  const title = (id) => known.invariants.find((i) => i.id === id)?.title;
  return invariants.map((id) => h("th", { scope: "col", title: title(id) }, breakable(id)));
}

// The order of listings.
function inOrder(list, present) {
  return list.map((i) => i.id).filter((id) => present.has(id));
}

function matches(text, ...fields) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const all = fields.join(" ").toLowerCase();
  return words.every((w) => all.includes(w));
}

function tableOf(environment, rows, known, query) {
  const schemes = known.schemes.filter((s) => rows.some((r) => r.scheme === s.id));
  const invariants = inOrder(known.invariants, new Set(rows.map((r) => r.invariant)));
  const cells = grouping(rows, (r) => `${r.scheme} ${r.invariant}`);
  const more = { world: environment, group: query.get("group"), scenario: query.get("scenario") };
  const body = [];
  let family = null;
  for (const scheme of schemes) {
    if (scheme.family !== family) {
      family = scheme.family;
      body.push(h("tr", { class: "family" },
        h("th", { scope: "rowgroup", colspan: invariants.length + 1 }, h("span", {}, family))));
    }
    body.push(h("tr", {},
      h("th", { scope: "row", title: scheme.title },
        h("a", { href: address(["scheme", scheme.id]) }, breakable(scheme.id))),
      invariants.map((i) => cellOf(sum(cells.get(`${scheme.id} ${i}`) ?? []), scheme.id, i, more))));
  }
  return h("section", { "aria-label": known.environments[environment] },
    h("h2", {}, known.environments[environment]),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Table: ${known.environments[environment]}` },
      h("table", { class: "matrix" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "scheme"), headOf(invariants, known))),
        h("tbody", {}, body))));
}

function filters(known, rows, query) {
  const families = [...new Set(known.schemes.map((s) => s.family))];
  const groups = [...new Set(known.scenarios.flatMap((s) => s.groups))].sort();
  const used = new Set(rows.map((r) => r.scenario));
  const set = (key) => (event) => go(changed({ [key]: event.target.value }), true);
  return h("form", { class: "filters", role: "search", on: { submit: (e) => e.preventDefault() } },
    h("label", {}, "Filter ", h("input", { type: "search", value: query.get("q") ?? "",
      placeholder: "scheme or invariant", on: { input: set("q") } })),
    h("label", {}, "Family ", picker({ on: { change: set("family") } },
      [["", "all"], ...families], query.get("family") ?? "")),
    h("label", {}, "Group of scenarios ", picker({ on: { change: set("group") } },
      [["", "all"], ...groups], query.get("group") ?? "")),
    h("label", {}, "Scenario ", picker({ on: { change: set("scenario") } },
      [["", "all"], ...known.scenarios.map((s) => s.id).filter((s) => used.has(s))], query.get("scenario") ?? "")),
    h("label", {}, "Verdict ", picker({ on: { change: set("verdict") } },
      [["", "all"], "violated", "holds", "inconclusive"], query.get("verdict") ?? "")));
}

function selected({ catalog: known, scenarios, rows }, query) {
  const [q, family, group, scenario, verdict] =
    ["q", "family", "group", "scenario", "verdict"].map((k) => query.get(k) ?? "");
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

export const verdictsPage = {
  key: () => "verdicts",
  async open({ query }) {
    const data = await verdicts();
    const tables = h("div", {});
    const count = h("p", { class: "count", role: "status" });
    const all = sum(data.rows);
    const intro = h("p", { class: "lede" },
      "Can data spliced from a file into a pipe or a socket be kept from changing under its reader? ",
      "Each cell is one scheme and one guarantee over all scenarios: ",
      verdictMark("violated", "N"), " has a counterexample of N steps, ",
      verdictMark("holds"), " was explored to the end, ",
      verdictMark("inconclusive"), " was not; ", weakMark(), " holds in every interleaving, and in some execution on weak memory does not. A cell leads to its shortest counterexample, or to what was covered.");
    return {
      title: "Verdicts",
      nodes: [h("h1", {}, "Verdicts"), intro, filters(data.catalog, data.rows, query), count,
        data.problem ? unknownThreads(data) : null, tables],
      update(route) {
        const rows = selected(data, route.query);
        const worlds = grouping(rows, (r) => r.environment);
        const order = [...worlds.keys()].sort((a, b) => a - b);
        put(tables, order.map((e) => tableOf(e, worlds.get(e), data.catalog, route.query)));
        const totals = ["violated", "holds", "inconclusive"]
          .map((v) => `${grouped(rows.filter((r) => r.verdict === v).length)} ${v}`);
        const of = rows.length === data.rows.length ? "" : ` of ${grouped(data.rows.length)}`;
        put(count, data.rows.length === 0
          ? "No verdicts are committed here: `foliocheck check --bless` writes them."
          : `${grouped(rows.length)}${of} runs: ${totals.join(", ")}; ${short(sum(rows)?.states ?? 0)} states`
            + (all && all.engines.length ? `; engines: ${all.engines.join(", ")}` : "")
            + (data.problem ? "" : `, and loom for ${grouped(sum(rows)?.threads.length ?? 0)} pairs of scheme and scenario`));
      },
    };
  },
};

// One cell: every run in it.
export const cellPage = {
  async open({ path, query }) {
    const [, scheme, invariant] = path;
    const data = await verdicts();
    const known = data.catalog;
    const rows = selected(data, query).filter((r) => r.scheme === scheme && r.invariant === invariant
      && (query.get("world") === null || r.environment === Number(query.get("world"))));
    const what = known.invariants.find((i) => i.id === invariant);
    const total = sum(rows);
    if (!total) throw new Error(`Nothing is committed for ${scheme} and ${invariant}.`);
    const covered = h("dl", { class: "facts" },
      fact("Scenarios", String(total.scenarios)),
      fact("Triples of change, reader and kind of file", grouped(total.triples)),
      fact("States", grouped(total.states)),
      fact("Transitions", grouped(rows.reduce((a, r) => a + r.transitions, 0))),
      fact("Greatest depth", String(Math.max(...rows.map((r) => r.depth)))),
      fact("Answered by", total.engines.join(", ")),
      fact("Also as threads, by loom", data.problem ? "not known" : `${total.threads.length} of ${plural(total.scenarios, "scenario")}`),
      total.threads.length ? fact("Executions", grouped(total.threads.reduce((a, u) => a + u.executions, 0))) : null,
      total.threads.length ? fact("of them on weak memory only", grouped(total.threads.reduce((a, u) => a + u.weak, 0))) : null);
    return {
      title: `${scheme}, ${invariant}`,
      nodes: [
        h("h1", {}, h("a", { href: address(["scheme", scheme]) }, scheme), " · ", invariant),
        h("p", { class: "lede" }, verdictMark(total.verdict, total.shortest?.length), " ", what ? `${what.title}.` : ""),
        covered,
        h("p", { class: "muted" }, total.verdict === "holds"
          ? "Every reachable state of these scenarios was visited, or is represented by one that was. This says nothing about larger configurations."
          : "Each run has its own verdict:"),
        data.problem ? unknownThreads(data) : h("p", { class: "muted" }, "loom executes the same programs as threads, with the memory orders that the kernel's primitives give. It ends with the outcomes that the states have, and beyond them only with those counted as weak."),
        total.weakly.length ? h("p", { class: "notice wrong" }, h("b", {}, "◇ Not on weak memory. "),
          `${plural(total.weakly.length, "scenario")} below: every interleaving keeps ${invariant}, and an execution that only weak memory allows violates it.`) : null,
        h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Runs" },
          h("table", { class: "runs" },
            h("thead", {}, h("tr", {}, ["scenario", "what runs", "verdict", "what was covered"].map(columnHead))),
            h("tbody", {}, rows.map((r) => runRow(r, data))))),
      ],
    };
  },
};

function fact(name, value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

function runRow(row, data) {
  const scenario = data.scenarios.get(row.scenario);
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: traceAddress(subjectOf(row)), title: scenario?.title }, row.scenario)),
    h("td", {}, scenario?.tasks.map((t) => h("span", { class: "task" },
      h("b", {}, t.name), ` ${t.calls.join(", ")}${t.forever ? ", for ever" : ""}`)) ?? ""),
    h("td", {}, verdictMark(row.verdict, row.length)),
    h("td", { class: "covered" }, h("ul", { class: "bare" },
      h("li", {}, h("b", {}, row.engine), `: ${plural(row.states, "state")}, ${plural(row.transitions, "transition")}, depth ${row.depth}`),
      h("li", {}, threadsLine(row)))));
}

// What loom covered there, and what it found that interleavings do not have.
function threadsLine(row) {
  const unit = row.threads;
  if (!unit) return h("span", { class: "muted" }, "not run as threads");
  return [h("b", {}, "loom"), `: ${executionWords(unit)}`,
    unit.weak_outcomes ? h("span", { class: "muted" }, `; ${plural(unit.weak_outcomes, "outcome")} that no interleaving has`) : null,
    row.weakly ? [h("br"), h("a", { class: "verdict violated", href: traceAddress(subjectOf(row), { memory: "weak" }) },
      h("span", { class: "shape", "aria-hidden": "true" }, "◇"), " violated on weak memory")] : null];
}

// One scheme: what it is, and its verdicts by scenario.
export const schemePage = {
  async open({ path }) {
    const data = await verdicts();
    const scheme = data.catalog.schemes.find((s) => s.id === path[1]);
    if (!scheme) throw new Error(`There is no scheme ${path[1]}.`);
    const rows = data.rows.filter((r) => r.scheme === scheme.id);
    const invariants = inOrder(data.catalog.invariants, new Set(rows.map((r) => r.invariant)));
    const scenarios = inOrder(data.catalog.scenarios, new Set(rows.map((r) => r.scenario)));
    const cells = new Map(rows.map((r) => [`${r.scenario} ${r.invariant}`, r]));
    return {
      title: scheme.id,
      nodes: [
        h("h1", {}, scheme.id),
        h("p", { class: "lede" }, `${scheme.title}. `, h("span", { class: "muted" }, `Family ${scheme.family}; ${scheme.source}.`)),
        scheme.rules.length ? h("section", {}, h("h2", {}, "Rules"), h("dl", { class: "rules" },
          scheme.rules.map((r) => h("div", {}, h("dt", {}, h("code", {}, r.name)),
            h("dd", {}, r.purpose, h("span", { class: "muted" }, ` at ${r.hooks.join(", ")}`)))))) : null,
        h("p", {}, h("a", { href: address(["bench"], { scheme: scheme.id }) }, "Try it on the bench"), " · ",
          h("a", { href: address(["ablation", scheme.id]) }, "What each part is for")),
        h("h2", {}, "By scenario"),
        h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Verdicts by scenario" },
          h("table", { class: "matrix" },
            h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "scenario"), headOf(invariants, data.catalog))),
            h("tbody", {}, scenarios.map((s) => h("tr", {},
              h("th", { scope: "row", title: data.scenarios.get(s)?.title },
                h("a", { href: address(["verdicts"], { scenario: s }) }, breakable(s))),
              invariants.map((i) => oneRun(cells.get(`${s} ${i}`)))))))),
      ],
    };
  },
};

function oneRun(row) {
  if (!row) return h("td", { class: "none" }, h("span", { class: "unseen" }, "does not apply"));
  return h("td", { class: row.verdict }, h("a", { href: traceAddress(subjectOf(row)) },
    verdictMark(row.verdict, row.length),
    h("span", { class: "states" }, `${short(row.states)} states`),
    row.weakly ? weakMark() : null));
}
