// One cell: every run in it, sorted and filtered.

import { grouped, h, fact, plural, put, statesText, taskLine, verdictMark } from "../dom.js";
import { address, changed, go, traceAddress } from "../route.js";
import { named, notAmong } from "../strange.js";
import { countText, matches, subjectOf, unknownThreads } from "../tables.js";
import { executionWords, sum, verdicts } from "../verdicts.js";
import { groupsOf, selected } from "./verdicts.js";

const WEIGHT = { violated: 0, inconclusive: 1, holds: 2 };

// Columns that rows can be sorted by; after a minus sign, the other way round.
const ORDERS = {
  scenario: (a, b) => (a.scenario < b.scenario ? -1 : 1),
  verdict: (a, b) => WEIGHT[a.verdict] - WEIGHT[b.verdict] || a.length - b.length || ORDERS.scenario(a, b),
  covered: (a, b) => a.states - b.states || ORDERS.scenario(a, b),
};

function sorted(rows, by) {
  const order = ORDERS[by.replace(/^-/, "")] ?? ORDERS.scenario;
  const list = [...rows].sort(order);
  return by.startsWith("-") ? list.reverse() : list;
}

// The head of a column that sorts.
function sortHead(key, text, by) {
  const now = by === key ? "ascending" : by === `-${key}` ? "descending" : null;
  const next = now === "ascending" ? `-${key}` : key;
  return h("th", { scope: "col", "aria-sort": now ?? "none" },
    h("button", { type: "button", class: "sort", id: `sort-${key}`, on: { click: () => go(changed({ sort: next === "scenario" ? "" : next }), true) } },
      text, h("span", { class: "arrow-mark", "aria-hidden": "true" }, now === "ascending" ? " ▲" : now === "descending" ? " ▼" : "")));
}

export const cellPage = {
  parts: 3,
  keys: ["world", "group", "scenario", "find", "sort"],
  key: ({ path, query }) => [...path, query.get("world"), query.get("group"), query.get("scenario")].join(" "),
  async strange({ query }) {
    const { catalog: known } = await verdicts();
    return [...notAmong(query, "world", "part of the world", known.environments.map((_, n) => String(n))),
      ...notAmong(query, "group", "group", groupsOf(known)),
      ...notAmong(query, "scenario", "scenario", known.scenarios.map((s) => s.id)),
      ...notAmong(query, "sort", "column to sort by", Object.keys(ORDERS).flatMap((k) => [k, `-${k}`]))];
  },
  async open({ path, query }) {
    const data = await verdicts();
    const scheme = named("scheme", path[1] ?? "", data.catalog.schemes).id;
    const what = named("invariant", path[2] ?? "", data.catalog.invariants);
    const rows = selected(data, query).filter((r) => r.scheme === scheme && r.invariant === what.id
      && (query.get("world") === null || r.environment === Number(query.get("world"))));
    const total = sum(rows);
    if (!total) throw new Error(`Nothing is kept for ${scheme} and ${what.id} there.`);
    const covered = h("dl", { class: "facts" },
      fact("Scenarios", String(total.scenarios)),
      fact("Combinations of change, reader and kind of file", grouped(total.triples)),
      fact("States", total.states ? grouped(total.states) : "none needed: no loop"),
      total.states ? fact("Transitions", grouped(rows.reduce((a, r) => a + r.transitions, 0))) : null,
      total.states ? fact("Greatest depth", String(Math.max(...rows.map((r) => r.depth)))) : null,
      fact("Answered by", total.engines.join(", ")),
      fact("Also as threads, by loom", data.problem ? "not known" : `${total.threads.length} of ${plural(total.scenarios, "scenario")}`),
      total.threads.length ? fact("Executions", grouped(total.threads.reduce((a, u) => a + u.executions, 0))) : null,
      total.threads.length ? fact("of them on weak memory only", grouped(total.threads.reduce((a, u) => a + u.weak, 0))) : null);
    const list = h("div", {});
    const count = h("p", { class: "count", role: "status" });
    return {
      title: `${scheme}, ${what.id}`,
      nodes: [
        h("h1", {}, h("a", { href: address(["scheme", scheme]) }, scheme), " · ", h("a", { href: address(["invariant", what.id]) }, what.id)),
        h("p", { class: "lede" }, verdictMark(total.verdict, total.shortest?.length), ": ", `${what.title}.`),
        covered,
        h("p", { class: "muted" }, total.verdict === "holds"
          ? "Every reachable state of these scenarios was visited, or is represented by one that was. This says nothing about larger configurations."
          : "Each run has its own verdict:"),
        data.problem ? unknownThreads(data) : h("p", { class: "muted" }, "loom executes the same programs as threads, with the memory orders that the kernel's primitives give. It ends with the outcomes that the states have, and beyond them only with those counted as weak."),
        total.weakly.length ? h("p", { class: "notice wrong" }, h("b", {}, "◇ Not on weak memory. "),
          `${plural(total.weakly.length, "scenario")} below: every interleaving keeps ${what.id}, and an execution that only weak memory allows violates it.`) : null,
        h("form", { class: "filters", role: "search", on: { submit: (e) => e.preventDefault() } },
          h("label", {}, "Filter ", h("input", { type: "search", value: query.get("find") ?? "", placeholder: "scenario, task, call, verdict",
            on: { input: (e) => go(changed({ find: e.target.value }), true) } }))),
        count, list,
      ],
      update(route) {
        const by = route.query.get("sort") || "scenario";
        const find = route.query.get("find") ?? "";
        const focused = document.activeElement?.id;
        const kept = sorted(rows.filter((r) => !find || matches(find, r.verdict, wordsOf(r, data))), by);
        put(count, `${kept.length} of ${plural(rows.length, "run")}: ${countText(kept)}`);
        put(list, h("div", { class: "scroll", role: "region", "aria-label": "Runs" },
          h("table", { class: "runs" },
            h("thead", {}, h("tr", {}, sortHead("scenario", "scenario", by), h("th", { scope: "col" }, "what runs"), sortHead("verdict", "verdict", by), sortHead("covered", "what was covered", by))),
            h("tbody", {}, kept.map((r) => runRow(r, data))))));
        if (focused?.startsWith("sort-")) document.getElementById(focused)?.focus();
      },
    };
  },
};

function wordsOf(row, data) {
  const scenario = data.scenarios.get(row.scenario);
  return [row.scenario, scenario?.title ?? "", ...scenario?.groups ?? [], ...scenario?.tasks.flatMap((t) => [t.name, ...t.calls]) ?? []].join(" ");
}

function runRow(row, data) {
  const scenario = data.scenarios.get(row.scenario);
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: address(["scenario", row.scenario]), title: scenario?.title }, row.scenario)),
    h("td", {}, scenario?.tasks.map(taskLine) ?? ""),
    h("td", {}, h("a", { href: traceAddress(subjectOf(row)) }, verdictMark(row.verdict, row.length))),
    h("td", { class: "covered" }, h("ul", { class: "bare" },
      h("li", {}, h("b", {}, row.engine), row.states ? `: ${plural(row.states, "state")}, ${plural(row.transitions, "transition")}, depth ${row.depth}` : `: ${statesText(0)}, every execution ends`),
      row.unchanged ? h("li", {}, h("b", {}, "It may say little"), ": no call of this scenario changes bytes of the file, and only that could violate it") : null,
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
