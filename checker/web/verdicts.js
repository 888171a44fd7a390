// The committed verdicts, as rows and as cells of tables.

import { ask, catalog } from "./api.js";

const WORDS = { h: "holds", v: "violated", i: "inconclusive" };

let gathered;

// { catalog, rows }: a row is one run.
export function verdicts() {
  gathered ??= gather().catch((error) => {
    gathered = undefined;
    throw error;
  });
  return gathered;
}

async function gather() {
  const [known, v] = await Promise.all([catalog(), ask("/api/verdicts")]);
  const scenarios = new Map(known.scenarios.map((s) => [s.id, s]));
  const rows = v.scheme.map((scheme, n) => ({
    scheme: v.schemes[scheme],
    scenario: v.scenarios[v.scenario[n]],
    invariant: v.invariants[v.invariant[n]],
    engine: v.engines[v.engine[n]],
    verdict: WORDS[v.verdict[n]],
    states: v.states[n],
    transitions: v.transitions[n],
    depth: v.depth[n],
    length: v.length[n],
    environment: scenarios.get(v.scenarios[v.scenario[n]])?.environment ?? 0,
  }));
  return { catalog: known, scenarios, rows };
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
    states: rows.reduce((a, r) => a + r.states, 0),
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
