// The bench: a scenario, a scheme, its rules one by one, bounds; run, watch, cancel; the trace in place.

import { announce, breakable, columnHead, grouped, h, picker, plural, put, problem, short, taskLine, verdictMark } from "../dom.js";
import { ask, catalog, end, live, tell, tracePath } from "../api.js";
import { address, changed, go, here, traceAddress } from "../route.js";
import { named, notAmong } from "../strange.js";
import { Trace } from "../trace/model.js";
import { Viewer } from "../trace/viewer.js";
import { roundNode, whyNode } from "../trace/why.js";

const FIRST = { scheme: "stable-pin-mkclean", scenario: "mmap-store-dirty-pte" };

function listOf(query, key) {
  return (query.get(key) ?? "").split(",").filter(Boolean);
}

// The twin of a real bug stands where a scheme does. Its rules are part of what is wrong, and stay.
function bugScheme(id) {
  return { id, title: "the kernel of a real bug", family: "bug", rules: [] };
}

class Bench {
  constructor(known, ceiling) {
    this.known = known;
    this.ceiling = ceiling;
    this.form = h("form", { class: "bench-form", on: { submit: (e) => {
      e.preventDefault();
      this.run();
    } } });
    this.results = h("section", { "aria-label": "Results" });
    this.inPlace = h("section", { "aria-label": "Trace in place" });
    this.node = h("div", {}, this.form, this.results, this.inPlace);
    this.viewer = null;
    this.source = null;
  }

  // The settings that the address has.
  set({ query }) {
    const { known } = this;
    const wanted = query.get("scheme") || FIRST.scheme;
    this.scheme = wanted.startsWith("bug:") ? bugScheme(wanted) : named("scheme", wanted, known.schemes);
    const concerned = known.scenarios.filter((s) => s.schemes.includes(this.scheme.id));
    const usual = known.scenarios.find((s) => s.id === FIRST.scenario) ?? concerned[0] ?? known.scenarios[0];
    if (!usual) throw new Error("There are no scenarios here.");
    this.scenario = named("scenario", query.get("scenario") || usual.id, known.scenarios);
    const off = listOf(query, "off").filter((r) => this.scheme.rules.some((rule) => rule.name === r));
    this.off = off;
    this.asked = listOf(query, "ask").filter((i) => this.scenario.invariants.includes(i));
    this.bounds = Object.fromEntries(["states", "seconds", "mib"].map((k) => [k, query.get(k) ?? ""]));
    this.draw(concerned);
  }

  subject(invariant) {
    return { scheme: this.scheme.id, without: this.off.map((r) => `rule:${r}`), scenario: this.scenario.id, invariant };
  }

  draw(concerned) {
    const { known, scheme, scenario } = this;
    const families = [...new Set(known.schemes.map((s) => s.family))];
    const set = (changes) => go(changed(changes));
    const toggle = (list, name, on) => (on ? [...list, name] : list.filter((x) => x !== name)).join(",");
    const bound = (key, text, most) => h("label", {}, `${text} `, h("input", { type: "number", min: "1", max: String(most), step: "1",
      value: this.bounds[key], placeholder: String(most), on: { change: (e) => go(changed({ [key]: e.target.value }), true) } }));
    const others = known.scenarios.filter((s) => !concerned.includes(s));
    const focused = document.activeElement?.id;
    put(this.form,
      h("div", { class: "bench-choice" },
        h("label", {}, "Scheme ", picker({ id: "bench-scheme", on: { change: (e) => set({ scheme: e.target.value, off: "" }) } },
          [...families.map((f) => ({ label: f, options: known.schemes.filter((s) => s.family === f).map((s) => s.id) })),
            ...(scheme.family === "bug" ? [{ label: "bug", options: [scheme.id] }] : [])], scheme.id)),
        h("p", { class: "muted" }, scheme.family === "bug" ? h("a", { href: "#/bugs" }, scheme.title) : h("a", { href: address(["scheme", scheme.id]) }, scheme.title)),
        h("label", {}, "Scenario ", picker({ id: "bench-scenario", on: { change: (e) => set({ scenario: e.target.value, ask: "" }) } },
          [{ label: "where the scheme is run", options: concerned.map((s) => s.id) },
            { label: "where it is not run by itself", options: others.map((s) => s.id) }].filter((g) => g.options.length), scenario.id)),
        h("p", { class: "muted" }, h("a", { href: address(["scenario", scenario.id]) }, scenario.title)),
        h("ul", { class: "bench-tasks" }, scenario.tasks.map((t) => h("li", {}, taskLine(t))))),
      h("fieldset", {}, h("legend", {}, "Rules"),
        scheme.rules.length ? scheme.rules.map((r) => h("label", { class: "switch" },
          h("input", { type: "checkbox", id: `rule-${r.name}`, checked: !this.off.includes(r.name), on: { change: (e) => set({ off: toggle(this.off, r.name, !e.target.checked) }) } }),
          h("span", {}, h("code", {}, r.name), h("span", { class: "muted" }, ` ${r.purpose}`))))
          : h("p", { class: "muted" }, scheme.family === "bug" ? "The kernel has the bug: nothing here is switched on or off." : "This is the kernel as it is: no rules.")),
      h("fieldset", {}, h("legend", {}, "Invariants (none chosen: all)"),
        h("div", { class: "bench-asked" }, scenario.invariants.map((i) => h("label", { class: "switch" },
          h("input", { type: "checkbox", id: `ask-${i}`, checked: this.asked.includes(i), on: { change: (e) => set({ ask: toggle(this.asked, i, e.target.checked) }) } }),
          h("span", {}, breakable(i)))))),
      h("div", { class: "bench-go" },
        bound("states", "States at most", this.ceiling.states), bound("seconds", "Seconds", this.ceiling.seconds), bound("mib", "MiB", this.ceiling.mib),
        this.goButton = h("button", { type: "submit", class: "primary" }, "Run"),
        this.stopButton = h("button", { type: "button", disabled: true, on: { click: () => this.cancel() } }, "Cancel")));
    if (focused) document.getElementById(focused)?.focus();
    this.busy(Boolean(this.source));
  }

  busy(is) {
    this.goButton.disabled = is;
    this.stopButton.disabled = !is;
  }

  async run() {
    this.hush();
    const number = (key) => this.bounds[key] === "" ? undefined : Number(this.bounds[key]);
    this.answers = new Map();
    this.subjectOf = this.subject.bind({ scheme: this.scheme, off: this.off, scenario: this.scenario });
    this.progress = h("p", { class: "count", role: "status" }, "Starting …");
    this.bar = h("progress", { "aria-label": "Invariants answered", max: "1", value: "0" });
    this.rows = h("tbody", {});
    const off = this.off.length ? `${this.scheme.id} without ${this.off.join(", ")}` : this.scheme.id;
    put(this.inPlace);
    put(this.results, h("h2", {}, `${off} in ${this.scenario.id}`), this.progress, this.bar,
      h("div", { class: "scroll" }, h("table", { class: "runs" }, h("thead", {}, h("tr", {}, ["invariant", "verdict", "states", "depth", "engine", "trace"].map(columnHead))), this.rows)));
    this.busy(true);
    try {
      const begun = await tell("/api/runs", { scheme: this.scheme.id, without: this.off.map((r) => `rule:${r}`), scenario: this.scenario.id,
        invariants: this.asked, states: number("states"), seconds: number("seconds"), mib: number("mib") });
      this.id = begun.id;
      this.source = new EventSource(`/api/runs/${this.id}/events`);
      this.source.onmessage = (event) => this.news(JSON.parse(event.data));
      this.source.onerror = () => {
        this.finish("The connection to the server is lost.");
      };
    } catch (error) {
      put(this.results, problem(error));
      this.busy(false);
    }
  }

  news(news) {
    const took = (ms) => `${(ms / 1000).toFixed(1)} s`;
    if (news.kind === "begin") {
      this.expected = news.invariants;
      this.bar.max = news.invariants.length;
      put(this.rows, news.invariants.map((i) => h("tr", { id: `result-${i}` }, h("th", { scope: "row" }, i), h("td", { colspan: "5", class: "muted" }, "…"))));
    } else if (news.kind === "progress") {
      put(this.progress, `${grouped(news.states)} states, ${took(news.elapsed)}; ${this.answers.size} of ${this.expected?.length ?? "?"} answered`);
    } else if (news.kind === "verdict") {
      this.answers.set(news.invariant, news);
      this.bar.value = this.answers.size;
      document.getElementById(`result-${news.invariant}`)?.replaceWith(this.answer(news));
      if (news.verdict === "violated" && !this.viewer && !this.opening) this.open(news.invariant);
    } else if (news.kind === "end") {
      const all = [...this.answers.values()];
      const count = (v) => all.filter((a) => a.verdict === v).length;
      this.finish(`${news.cancelled ? "Cancelled" : "Done"}: ${count("holds")} hold, ${count("violated")} violated, ${count("inconclusive")} inconclusive${count("erred") ? `, ${count("erred")} not answered for an error of the model` : ""}; ${grouped(news.states)} states in ${took(news.elapsed)}.`);
    } else if (news.kind === "erred") {
      this.answers.set(news.invariant, { verdict: "erred" });
      this.bar.value = this.answers.size;
      document.getElementById(`result-${news.invariant}`)?.replaceWith(h("tr", { id: `result-${news.invariant}` }, h("th", { scope: "row" }, news.invariant),
        h("td", { colspan: "5" }, h("b", {}, "the model errs: "), news.error, " ",
          news.steps.length ? h("a", { href: traceAddress(this.subjectOf("errors")) }, "step by step") : null, this.steps(news.steps))));
    }
  }

  // The shortest way to where the model errs: the same for every invariant, shown once.
  steps(steps) {
    const lines = steps.map((s) => `${s.task} ${s.function}: ${s.text}`);
    if (!lines.length || this.results.querySelector(".errs")) return null;
    return h("details", { class: "errs" }, h("summary", {}, plural(lines.length, "step")), h("ol", {}, lines.map((l) => h("li", {}, l))));
  }

  answer(news) {
    return h("tr", { id: `result-${news.invariant}` },
      h("th", { scope: "row" }, news.invariant),
      h("td", {}, verdictMark(news.verdict, news.length), [news.reason, news.caution].filter(Boolean).map((why) => h("span", { class: "muted small" }, ` ${why}`))),
      h("td", { class: "number" }, short(news.states)), h("td", { class: "number" }, String(news.depth)), h("td", {}, news.engine),
      h("td", {}, news.verdict === "violated" ? [
        h("button", { type: "button", on: { click: () => this.open(news.invariant) } }, "show here"), " ",
        h("a", { href: traceAddress(this.subjectOf(news.invariant)) }, "page")] : ""));
  }

  async open(invariant) {
    this.opening = true;
    try {
      const page = await ask(tracePath(this.subjectOf(invariant)));
      this.viewer?.leave();
      const trace = new Trace(page);
      this.viewer = new Viewer(trace, this.known, { moved() {}, narrowed() {}, take: null, filters: { tasks: [], variable: "", search: "" } });
      const breaks = trace.breaks.get(invariant);
      const choose = (n) => this.viewer.go(n);
      put(this.inPlace, h("h2", {}, `${invariant}, violated ${trace.extent}`),
        breaks ? whyNode(trace, breaks, choose) : null, trace.loop === null ? null : roundNode(trace, choose), this.viewer.node);
      this.viewer.applyFilters();
      this.viewer.show(trace.opening);
    } catch (error) {
      put(this.inPlace, problem(error));
    }
    this.opening = false;
  }

  async cancel() {
    this.stopButton.disabled = true;
    put(this.progress, "Cancelling …");
    try {
      await end(`/api/runs/${this.id}`);
    } catch (error) {
      put(this.progress, error.message);
    }
  }

  finish(text) {
    this.source?.close();
    this.source = null;
    put(this.progress, text);
    announce(text);
    this.bar.remove();
    for (const cell of this.rows.querySelectorAll("td.muted[colspan]")) put(cell, "not answered");
    this.busy(false);
  }

  hush() {
    this.source?.close();
    this.source = null;
    this.viewer?.leave();
    this.viewer = null;
  }
}

export const benchPage = {
  keys: ["scheme", "scenario", "off", "ask", "states", "seconds", "mib"],
  key: () => "bench",
  async strange({ query }) {
    const known = await catalog();
    const scheme = known.schemes.find((s) => s.id === (query.get("scheme") || FIRST.scheme));
    const scenario = known.scenarios.find((s) => s.id === query.get("scenario"));
    return [...(scheme ? notAmong(query, "off", "rule", scheme.rules.map((r) => r.name)) : []),
      ...notAmong(query, "ask", "invariant", scenario?.invariants ?? known.invariants.map((i) => i.id)),
      ...["states", "seconds", "mib"].filter((k) => query.get(k) && !/^\d+$/.test(query.get(k))).map((k) => `${k}=${query.get(k)} is no number.`)];
  },
  async open() {
    if (!live) throw new Error("The bench needs the machine: `foliocheck ui`.");
    const [known, ceiling] = await Promise.all([catalog(), ask("/api/limits")]);
    const bench = new Bench(known, ceiling);
    return {
      title: "Bench",
      nodes: [h("h1", {}, "Bench"),
        h("p", { class: "lede" }, "Switch single rules on and off, and see what breaks. What is set here is in the address."), bench.node],
      update: (route) => bench.set(route.path[0] === "bench" ? route : here()),
      leave: () => bench.hush(),
    };
  },
};
