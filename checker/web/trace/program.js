// The program of each task as pseudo-C, the current step marked, the scheme's rules marked.

import { h, put } from "../dom.js";

const SOURCE = "https://elixir.bootlin.com/linux/v6.12/";

// A link to a C function: its name, and its file.
export function sourceLink(line) {
  if (line.file.startsWith("(")) return h("span", { class: "source muted" }, line.file.slice(1, -1));
  const out = { rel: "noreferrer noopener", target: "_blank" };
  return h("span", { class: "source" },
    h("a", { ...out, href: `${SOURCE}C/ident/${encodeURIComponent(line.function)}` }, h("code", {}, line.function)), " in ",
    h("a", { ...out, href: `${SOURCE}source/${line.file}` }, h("code", {}, line.file)));
}

export class Program {
  constructor(trace) {
    this.trace = trace;
    this.task = 0;
    // Somebody chose a task: it stays, whoever moves.
    this.chosen = null;
    this.code = h("div", { class: "code", tabindex: "0", role: "tabpanel", id: "program-code" });
    this.tabs = trace.tasks.map((task, n) => h("button", { type: "button", role: "tab", "aria-controls": "program-code",
      class: `f${n % 8}`, on: { click: () => {
        this.chosen = n;
        this.show(this.current);
      }, keydown: (event) => {
        const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!by) return;
        event.stopPropagation();
        event.preventDefault();
        this.chosen = (n + by + trace.tasks.length) % trace.tasks.length;
        this.show(this.current);
        this.tabs[this.chosen].focus();
      } } }, task.name));
    this.follow = h("button", { type: "button", class: "plain", on: { click: () => {
      this.chosen = null;
      this.show(this.current);
    } } }, "follow");
    this.lines = [];
    this.node = h("section", { class: "program", "aria-label": "Programs" },
      h("div", { class: "tabs" }, h("div", { role: "tablist", "aria-label": "Programs of tasks" }, this.tabs), this.follow),
      this.code);
    this.written = null;
  }

  show(n) {
    this.current = n;
    const step = n > 0 ? this.trace.steps[n - 1] : null;
    this.task = this.chosen ?? step?.task ?? this.trace.steps[0]?.task ?? 0;
    this.tabs.forEach((tab, t) => {
      tab.setAttribute("aria-selected", String(t === this.task));
      tab.tabIndex = t === this.task ? 0 : -1;
    });
    this.follow.hidden = this.chosen === null;
    if (this.written !== this.task) this.write();
    const done = step && step.task === this.task ? step.loc : null;
    const state = this.trace.state(n);
    const next = state[this.trace.tasks[this.task].pc];
    for (const [loc, node] of this.lines.entries()) {
      node.classList.toggle("now", loc === done);
      node.classList.toggle("next", loc === next);
      const pointer = node.querySelector(".at");
      pointer.textContent = loc === done ? "►" : loc === next ? "▷" : "";
      if (loc === done) node.setAttribute("aria-current", "step");
      else node.removeAttribute("aria-current");
    }
    const here = this.lines[done ?? next];
    if (here) {
      const top = here.offsetTop;
      const { scrollTop, clientHeight } = this.code;
      if (top < scrollTop + 30 || top + here.offsetHeight > scrollTop + clientHeight - 30) {
        this.code.scrollTop = Math.max(0, top - clientHeight / 3);
      }
    }
  }

  write() {
    const { steps, calls, name } = this.trace.tasks[this.task];
    this.written = this.task;
    this.lines = [];
    const nodes = [h("p", { class: "comment" }, `/* ${name}: ${calls.join(", ")} */`)];
    const open = [];
    const indent = (depth) => ({ "--depth": String(depth) });
    const close = (common) => {
      while (open.length > common) {
        open.pop();
        nodes.push(h("div", { class: "scope", style: indent(open.length) }, "}"));
      }
    };
    steps.forEach((line, loc) => {
      let common = 0;
      while (common < open.length && open[common] === line.scope[common]) common += 1;
      close(common);
      for (const name of line.scope.slice(common)) {
        nodes.push(h("div", { class: "scope", style: indent(open.length) }, `${name}() {`));
        open.push(name);
      }
      const node = lineOf(line, loc, open.length, steps.length);
      this.lines.push(node);
      nodes.push(node);
    });
    close(0);
    put(this.code, nodes);
  }
}

function lineOf(line, loc, depth, count) {
  const tags = [
    line.rule ? h("span", { class: "rule" }, `§ rule ${line.rule.rule} at ${line.rule.hook}`) : null,
    line.changed?.map((t) => h("span", { class: "rule" }, `§ waits by rule ${t.rule}`)),
  ];
  const single = line.branches.length === 1;
  return h("div", { class: `line${line.rule || line.changed?.length ? " ruled" : ""}`, style: { "--depth": String(depth) } },
    h("span", { class: "at", "aria-hidden": "true" }), h("span", { class: "loc" }, String(loc)),
    h("div", { class: "said" },
      h("div", {}, h("span", { class: "call" }, `${line.function}();`),
        h("span", { class: "comment" }, ` /* ${[line.id, line.text].filter(Boolean).join(": ")} */`)),
      tags,
      line.guard ? h("div", { class: "guard" }, `wait until ${line.guard};`) : null,
      line.branches.map((b, n) => [
        !single || b.when ? h("div", { class: "when" }, condition(line, b, n),
          b.label ? h("span", { class: "comment" }, ` /* ${b.label} */`) : null) : null,
        b.does.map((d) => h("div", { class: single && !b.when ? "does" : "does deep" }, d)),
        b.next === loc + 1 ? null : h("div", { class: single && !b.when ? "does" : "does deep" }, target(b.next, count)),
      ])));
}

function target(next, count) {
  if (next < count) return `goto ${next};`;
  return next === count ? "return;" : "stop for ever;";
}

function condition(line, branch, n) {
  const word = line.choice ? "either" : n === 0 ? "if" : "else if";
  if (branch.when) return `${word} (${branch.when})`;
  return line.choice || n === 0 ? word : "else";
}
