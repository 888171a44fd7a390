// Real bugs of the kernel, each with its fixed twin.

import { h, verdictMark } from "../dom.js";
import { ask } from "../api.js";
import { traceAddress } from "../route.js";

export const bugsPage = {
  async open() {
    const bugs = await ask("/api/bugs");
    return {
      title: "Bugs",
      nodes: [h("h1", {}, "Bugs"),
        h("p", { class: "lede" }, "Real bugs of this class. Each is the model with something removed or misplaced, which must violate the invariant, and a fixed twin, which must hold in the same scenario."),
        bugs.map((b) => h("article", { class: "entry", "aria-label": b.id },
          h("div", {}, h("h2", {}, h("span", { class: "tag" }, b.id), " ", b.title),
            h("p", { class: "what" }, b.story),
            h("p", { class: "muted small" }, `${b.kernel}. Fix: ${b.fix}.${b.test ? ` Test: ${b.test}.` : ""}`)),
          h("div", {}, b.reason ? h("p", { class: "muted" }, `Not carried: ${b.reason}`) : null,
            h("ul", {}, b.cases.map((c) => h("li", {},
              c.title, c.removed.length ? h("span", { class: "muted" }, ` (${c.removed.join("; ")})`) : null, h("br"),
              h("a", { href: traceAddress(c.buggy) }, `${c.buggy.invariant} in ${c.buggy.scenario}: `, verdictMark("violated", c.length)), " · ",
              h("a", { href: traceAddress(c.fixed) }, "fixed twin"))))))),
      ],
    };
  },
};
