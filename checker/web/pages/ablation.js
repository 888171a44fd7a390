// What each part of a scheme, and of the kernel below it, is for: what breaks without it.

import { grouped, h, picker, plural, problem } from "../dom.js";
import { ask, catalog } from "../api.js";
import { address, go, traceAddress } from "../route.js";
import { named } from "../strange.js";

const FIRST_ABLATED = "stable-pin-mkclean";

const KINDS = { rule: "Rules", lock: "Locks", wait: "Waits", flush: "TLB flushes", flag: "Flags" };
const CONCLUSIONS = { needed: "needed", redundant: "redundant within bounds", "nothing-left": "nothing left to break",
  unasked: "no question asks about it", inconclusive: "inconclusive" };
const COUNTS = { needed: "needed", redundant: "redundant within bounds", "nothing-left": "with nothing left to break",
  unasked: "that no question asks about", inconclusive: "inconclusive" };

// What is said of the question that a part could have answered.
const ASKED = { redundant: "could have shown it", "nothing-left": "is violated with it", unasked: "depends on it, but no execution comes to where it matters" };

function broken(text) {
  return h("span", { class: "verdict violated" }, h("span", { class: "shape", "aria-hidden": "true" }, "◆"), ` ${text}`);
}

function breaksOf(scheme, part) {
  const subject = (scenario, invariant) => traceAddress({ scheme, without: [part.without], scenario, invariant });
  const lines = part.breaks.map((b) => h("li", {}, h("a", { href: subject(b.scenario, b.invariant) },
    broken(`${b.invariant} ${b.exact ? "" : "at most "}${b.length}`)), ` in ${b.scenario}`));
  if (part.errs) {
    lines.push(h("li", {}, part.errs.length
      ? [h("a", { href: subject(part.errs.scenario, "errors") }, broken(`the model errs ${part.errs.length}`)), ` in ${part.errs.scenario}`]
      : ["an error of the model in ", part.errs.scenario], h("span", { class: "muted" }, ` (${part.errs.error})`)));
  }
  if (part.conclusion !== "needed") {
    const { asked } = part;
    const could = asked ? [": ", h("a", { href: traceAddress({ scheme, scenario: asked.scenario, invariant: asked.invariant }) }, asked.invariant),
      ` in ${asked.scenario} ${ASKED[part.conclusion] ?? ""}`] : null;
    lines.push(h("li", { class: "muted" }, CONCLUSIONS[part.conclusion], could, ` (${plural(part.scenarios, "scenario")}, ${grouped(part.states)} states)`));
  }
  return lines;
}

export const ablationPage = {
  parts: 2,
  async open({ path }) {
    const known = await catalog();
    const scheme = named("scheme", path[1] ?? FIRST_ABLATED, known.schemes).id;
    // Of somebody's own scenarios nothing may be kept yet: the page says how that is done.
    let missing = null;
    const parts = await ask(`/api/ablation/${encodeURIComponent(scheme)}`).catch((error) => {
      missing = error;
      return [];
    });
    const families = [...new Set(known.schemes.map((s) => s.family))];
    const count = (c) => parts.filter((p) => p.conclusion === c).length;
    const sections = Object.entries(KINDS).map(([kind, title]) => {
      const mine = parts.filter((p) => p.removal.kind === kind);
      return mine.length ? [h("h2", {}, title), h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
        h("table", { class: "runs parts" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "without"), h("th", { scope: "col" }, "what breaks"))),
          h("tbody", {}, mine.map((p) => h("tr", {},
            h("th", { scope: "row" }, h("code", {}, kind === "rule" ? p.removal.id : p.name), kind === "rule" ? h("span", { class: "muted" }, ` ${p.removal.what}`) : null),
            h("td", {}, h("ul", { class: "bare" }, breaksOf(scheme, p))))))))] : null;
    });
    return {
      title: `Ablation of ${scheme}`,
      nodes: [h("h1", {}, "Ablation of ", h("a", { href: address(["scheme", scheme]) }, scheme)),
        h("p", { class: "lede" }, "Each rule, lock, wait, flush and flag is removed in turn; what breaks is what it was for. A number is the steps of the shortest counterexample in the smallest scenario that shows it. Redundant is said only where a question was asked that the part could have answered."),
        h("form", { class: "filters", on: { submit: (e) => e.preventDefault() } }, h("label", {}, "Scheme ",
          picker({ on: { change: (e) => go(address(["ablation", e.target.value])) } },
            families.map((f) => ({ label: f, options: known.schemes.filter((s) => s.family === f).map((s) => s.id) })), scheme))),
        missing ? problem(missing) : h("p", { class: "count" }, `${plural(parts.length, "part")}: ${Object.entries(COUNTS).map(([c, words]) => `${count(c)} ${words}`).join(", ")}`),
        sections],
    };
  },
};
