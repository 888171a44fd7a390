// Real bugs of the kernel, each with its fixed twin.

import { h, verdictMark } from "../dom.js";
import { ask, catalog } from "../api.js";
import { sourced } from "../archive.js";
import { address, traceAddress } from "../route.js";
import { notAmong } from "../strange.js";

// A case, in its own scenario; where that is not there, on the bench in one that is.
function caseLine(c, known) {
  const there = known.scenarios.some((s) => s.id === c.buggy.scenario);
  const what = [c.title, c.removed.length ? h("span", { class: "muted" }, ` (${c.removed.join("; ")})`) : null, h("br")];
  if (!there) {
    const bench = (subject) => address(["bench"], { scheme: subject.scheme, scenario: known.scenarios[0]?.id });
    return [what, `${c.buggy.invariant} in ${c.buggy.scenario}, which is not among your scenarios; try on yours: `,
      h("a", { href: bench(c.buggy) }, "with the bug"), " · ", h("a", { href: bench(c.fixed) }, "fixed twin")];
  }
  return [what, h("a", { href: traceAddress(c.buggy) }, `${c.buggy.invariant} in ${c.buggy.scenario}: `, verdictMark("violated", c.length)), " · ",
    h("a", { href: traceAddress(c.fixed) }, "fixed twin")];
}

export const bugsPage = {
  keys: ["bug"],
  async strange({ query }) {
    return notAmong(query, "bug", "bug", (await ask("/api/bugs")).map((b) => b.id));
  },
  async open({ query }) {
    const [bugs, known] = await Promise.all([ask("/api/bugs"), catalog()]);
    const wanted = bugs.find((b) => b.id === query.get("bug"));
    const shown = wanted ? [wanted] : bugs;
    return {
      title: wanted ? `${wanted.id} ${wanted.title}` : "Bugs",
      nodes: [h("h1", {}, wanted ? `${wanted.id}: ${wanted.title}` : "Bugs"),
        wanted ? h("p", {}, h("a", { href: "#/bugs" }, "All bugs")) : h("p", { class: "lede" }, "Real bugs of this class. Each is the model with something removed or misplaced, which must violate the invariant, and a fixed twin, which must hold in the same scenario."),
        shown.map((b) => h("article", { class: "entry", "aria-label": b.id },
          h("div", {}, h("h2", {}, h("a", { class: "tag", href: address(["bugs"], { bug: b.id }) }, b.id), " ", b.title),
            h("p", { class: "what" }, b.story),
            h("p", { class: "muted small" }, `${b.kernel}. Fix: `, sourced(b.fix), `.${b.test ? ` Test: ${b.test}.` : ""}`)),
          h("div", {}, b.reason ? h("p", { class: "muted" }, `Not carried: ${b.reason}`) : null,
            h("ul", {}, b.cases.map((c) => h("li", {}, caseLine(c, known)))))))],
    };
  },
};
