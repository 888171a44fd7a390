// What was said on the lists, and what the runs say of it.

import { grouped, h, picker, plural, put, verdictMark } from "../dom.js";
import { ask, catalog } from "../api.js";
import { sourced } from "../archive.js";
import { notAmong } from "../strange.js";
import { address, changed, go, traceAddress } from "../route.js";

const PARTS = { control: "control", test: "test" };

// Each outcome has a mark, so that it is told without colour and without reading.
const MARKS = { confirmed: "✓", "confirmed-only-if": "◐", refuted: "✗", "not-expressible": "–", untested: "?", open: "◌" };

function outcomeMark(kind) {
  return h("span", { class: "shape", "aria-hidden": "true" }, MARKS[kind] ?? "◌");
}

function kindOf(outcome) {
  return typeof outcome === "string" ? outcome : Object.keys(outcome)[0];
}

function evidenceLine(evidence, subject) {
  const part = PARTS[evidence.part] ?? "only if";
  const where = evidence.verdict === "violated" && evidence.scenario ? ` in ${evidence.scenario}` : `, ${plural(evidence.scenarios, "scenario")}, ${grouped(evidence.states)} states`;
  const to = evidence.verdict === "violated" && subject ? traceAddress(subject)
    : address(["cell", evidence.scheme, evidence.invariant]);
  const what = `${evidence.invariant} under ${evidence.scheme}${evidence.without ? ` (${evidence.without})` : ""}`;
  return h("li", {}, h("span", { class: "part" }, part), h("span", {},
    evidence.verdict === "violated" || !evidence.without ? h("a", { href: to }, what) : what,
    ": ", verdictMark(evidence.verdict, evidence.length), where,
    evidence.met === "yes" ? "" : h("b", {}, evidence.met === "open" ? " (open)" : " (not as claimed)")));
}

export const claimsPage = {
  keys: ["outcome", "q"],
  key: () => "claims",
  async strange({ query }) {
    const claims = await ask("/api/claims");
    return claims.length ? notAmong(query, "outcome", "outcome", [...new Set(claims.map((c) => kindOf(c.outcome)))]) : [];
  },
  async open() {
    const [claims, known] = await Promise.all([ask("/api/claims"), catalog()]);
    const kinds = [...new Set(claims.map((c) => kindOf(c.outcome)))];
    const list = h("div", {});
    const count = h("p", { class: "count", role: "status" });
    const bar = h("div", {});
    return {
      title: "Claims",
      nodes: [h("h1", {}, "Claims"),
        h("p", { class: "lede" }, "Technical statements made on the mailing lists. Each is tested by runs; the outcome is computed, not stated. A control is a run without which the tests would mean nothing."),
        bar, count, list],
      update({ query }) {
        const kind = query.get("outcome") ?? "";
        const q = (query.get("q") ?? "").toLowerCase();
        if (!bar.firstChild) {
          put(bar, h("form", { class: "filters", role: "search", on: { submit: (e) => e.preventDefault() } },
            h("label", {}, "Filter ", h("input", { type: "search", value: query.get("q") ?? "", placeholder: "text, author, scheme", on: { input: (e) => go(changed({ q: e.target.value }), true) } })),
            h("label", {}, "Outcome ", picker({ on: { change: (e) => go(changed({ outcome: e.target.value }), true) } }, [["", "all"], ...kinds.map((k) => [k, k.replaceAll("-", " ")])], kind))));
        }
        const shown = claims.filter((c) => (!kind || kindOf(c.outcome) === kind)
          && (!q || JSON.stringify([c.id, c.text, c.author, c.place, c.evidence.map((e) => [e.scheme, e.invariant])]).toLowerCase().includes(q)));
        put(count, claims.length ? `${shown.length} of ${plural(claims.length, "claim")}: ${kinds.map((k) => `${MARKS[k] ?? "◌"} ${shown.filter((c) => kindOf(c.outcome) === k).length} ${k.replaceAll("-", " ")}`).join(", ")}` : known.folder ? "Claims are about the project's scenarios, and these are your own: start foliocheck without --scenarios to see them." : "No claims are kept here: `foliocheck claims --bless` writes them.");
        put(list, shown.map((c) => h("article", { class: "entry", "aria-label": c.id },
          h("div", {}, h("h2", {}, c.id),
            h("p", { class: "what" }, c.text), h("p", { class: `outcome ${kindOf(c.outcome)}` }, outcomeMark(kindOf(c.outcome)), " ", c.says), h("p", { class: "muted small" }, `${c.author}, `, sourced(c.place))),
          h("ul", {}, c.evidence.map((e, n) => evidenceLine(e, c.traces[n]))))));
      },
    };
  },
};
