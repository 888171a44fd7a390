// The committed verdicts, as rows and as cells of tables.

import { grouped, plural } from "./dom.js";
import { ask, catalog } from "./api.js";

const WORDS = { h: "holds", v: "violated", i: "inconclusive" };

let gathered;
let loomed;

// What loom found: `of(scheme, scenario)` is a unit, or nothing; `problem` says why nothing is known.
export function threads() {
  loomed ??= ask("/api/threads")
    .catch((error) => ({ units: [], problem: error.message }))
    .then(({ units, problem }) => {
      const all = new Map(units.map((u) => [`${u.scheme} ${u.scenario}`, u]));
      return { problem, of: (scheme, scenario) => all.get(`${scheme} ${scenario}`) };
    });
  return loomed;
}

// What loom covered of a unit, in words.
export function executionWords(unit) {
  const within = unit.preemptions === undefined
    ? "all executions" : `executions with at most ${plural(unit.preemptions, "preemption")}`;
  const weak = unit.weak === 0 ? "" : `, ${grouped(unit.weak)} of them on weak memory only`;
  return `${within}: ${grouped(unit.executions)}${weak}${unit.bound ? `; ${unit.bound}` : ""}`;
}

// { catalog, rows }: a row is one run.
export function verdicts() {
  gathered ??= gather().catch((error) => {
    gathered = undefined;
    throw error;
  });
  return gathered;
}

async function gather() {
  const [known, v, loom] = await Promise.all([catalog(), ask("/api/verdicts"), threads()]);
  const scenarios = new Map(known.scenarios.map((s) => [s.id, s]));
  const needsChange = new Set(known.invariants.filter((i) => i.needs_change).map((i) => i.id));
  const rows = v.scheme.map((number, n) => {
    const scheme = v.schemes[number];
    const scenario = v.scenarios[v.scenario[n]];
    const invariant = v.invariants[v.invariant[n]];
    const unit = loom.of(scheme, scenario);
    return {
      scheme,
      scenario,
      invariant,
      engine: v.engines[v.engine[n]],
      verdict: WORDS[v.verdict[n]],
      states: v.states[n],
      transitions: v.transitions[n],
      depth: v.depth[n],
      length: v.length[n],
      environment: scenarios.get(scenario)?.environment ?? 0,
      triples: [...scenarios.get(scenario)?.triples ?? [], ...scenarios.get(scenario)?.more_triples[scheme] ?? []],
      // It holds for want of anything that could violate it.
      unchanged: v.verdict[n] === "h" && needsChange.has(invariant) && scenarios.get(scenario)?.changes === false,
      threads: unit,
      // Only executions that are no interleaving violate it.
      weakly: unit?.violated?.includes(invariant) ?? false,
    };
  });
  return { catalog: known, scenarios, rows, problem: loom.problem };
}

// What a set of runs comes to: violated if any is, else inconclusive if any is.
export function sum(rows) {
  if (rows.length === 0) return null;
  const violated = rows.filter((r) => r.verdict === "violated");
  const shortest = violated.reduce((a, r) => (!a || r.length < a.length
    || (r.length === a.length && r.scenario < a.scenario) ? r : a), null);
  const open = rows.some((r) => r.verdict === "inconclusive");
  return {
    verdict: shortest ? "violated" : open ? "inconclusive" : "holds",
    shortest,
    rows,
    scenarios: new Set(rows.map((r) => r.scenario)).size,
    // What changes a page, what reads it, in which kind of file: how many of those were run.
    triples: new Set(rows.flatMap((r) => r.triples)).size,
    states: rows.reduce((a, r) => a + r.states, 0),
    weakly: rows.filter((r) => r.weakly),
    unchanged: rows.every((r) => r.unchanged),
    threads: [...new Set(rows.map((r) => r.threads).filter(Boolean))],
    engines: [...new Set(rows.flatMap((r) => r.engine.split(", ")))],
  };
}

// Rows by what `by` says of them.
export function grouping(rows, by) {
  const map = new Map();
  for (const row of rows) {
    const key = by(row);
    if (!map.has(key)) map.set(key, []);
    map.get(key).push(row);
  }
  return map;
}
