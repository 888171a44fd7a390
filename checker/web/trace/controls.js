// Moving through a trace: buttons, slider, keys, play; filters and search.

import { h, announce } from "../dom.js";

const PLAY_EVERY = 900;

export class Controls {
  // `choose(n)` goes to a state; `narrow({ tasks, variable, search })` changes filters.
  constructor(trace, { choose, narrow, filters, fold }) {
    this.trace = trace;
    this.choose = choose;
    this.current = 0;
    this.stops = null;
    const button = (label, text, act) => h("button", { type: "button", "aria-label": label, title: label, on: { click: act } }, text);
    this.slider = h("input", { type: "range", min: "0", max: String(trace.length), step: "1", "aria-label": "Step",
      on: { input: () => choose(Number(this.slider.value)) } });
    this.play = button("Play", "▶ play", () => this.toggle());
    this.position = h("output", { class: "position" });
    this.moving = h("div", { class: "moving", role: "group", "aria-label": "Steps" },
      button("First state (Home)", "|◀", () => choose(0)),
      button("Step back (k)", "◀", () => this.by(-1)),
      button("Step on (j)", "▶", () => this.by(1)),
      button("Last state (End)", "▶|", () => choose(trace.length)),
      this.play,
      this.slider, this.position,
      trace.outdated === null ? null : h("button", { type: "button", class: "violation", title: "o", on: { click: () => choose(trace.outdated + 1) } }, "≠ to the outdated read"),
      trace.violation === null ? null : h("button", { type: "button", class: "violation", title: "v", on: { click: () => choose(trace.violation) } },
        trace.loop === null ? "◆ to the violation" : "◆ to where it begins to repeat"));
    const names = [...new Set(trace.steps.flatMap((s) => [...s.shown, ...s.ghosts].map((c) => c.variable.full)))].sort();
    this.search = h("input", { type: "search", value: filters.search, placeholder: "search steps", "aria-label": "Search steps",
      on: { input: () => narrow({ search: this.search.value }), keydown: (e) => {
        if (e.key === "Enter") this.nextHit(e.shiftKey ? -1 : 1);
      } } });
    this.found = h("span", { class: "muted", role: "status" });
    this.narrowing = h("div", { class: "narrowing" },
      h("span", { role: "group", "aria-label": "Tasks shown", class: "task-filter" }, trace.tasks.map((task, n) =>
        h("button", { type: "button", class: `f${n % 8}`, "aria-pressed": String(filters.tasks.includes(task.name)), on: { click: (e) => {
          const now = new Set(this.chosenTasks);
          if (!now.delete(task.name)) now.add(task.name);
          this.chosenTasks = now;
          e.currentTarget.setAttribute("aria-pressed", String(now.has(task.name)));
          narrow({ tasks: [...now] });
        } } }, `only ${task.name}`))),
      h("input", { type: "text", list: "variables", value: filters.variable, placeholder: "only steps that change …", "aria-label": "Only steps that change this variable",
        on: { input: (e) => narrow({ variable: e.target.value }) } }),
      h("datalist", { id: "variables" }, names.map((n) => h("option", { value: n }))),
      this.search, this.found,
      fold ? this.folding(fold) : null);
    this.chosenTasks = new Set(filters.tasks);
    this.node = h("div", { class: "controls" }, this.moving, this.narrowing);
    this.hits = [];
  }

  // Folds all calls, or unfolds them.
  folding({ any, act }) {
    const button = h("button", { type: "button", class: "plain", "aria-pressed": String(any), on: { click: () => {
      const now = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(now));
      act(now);
    } } }, "fold calls");
    return button;
  }

  // Goes to the next state, or the one before; of those that the filters leave.
  by(direction) {
    if (!this.stops) {
      this.choose(direction > 0 ? this.trace.next(this.current) : Math.max(0, this.current - 1));
      return;
    }
    const ahead = direction > 0 ? this.stops.find((n) => n > this.current) : this.stops.findLast((n) => n < this.current);
    if (ahead !== undefined) this.choose(ahead);
    else if (direction < 0) this.choose(0);
  }

  // `stops`: the states after the steps that the filters leave; none if they leave all.
  narrowed(stops, hits, searching) {
    this.stops = stops;
    this.hits = hits;
    this.found.textContent = searching ? `${hits.length} found` : stops ? `${stops.length} of ${this.trace.length} steps` : "";
  }

  nextHit(direction) {
    const ahead = direction > 0 ? this.hits.find((n) => n > this.current) : this.hits.findLast((n) => n < this.current);
    const to = ahead ?? (direction > 0 ? this.hits[0] : this.hits.at(-1));
    if (to !== undefined) this.choose(to);
  }

  show(n) {
    this.current = n;
    this.slider.value = String(n);
    this.slider.setAttribute("aria-valuetext", this.words(n));
    this.position.textContent = `step ${n} of ${this.trace.length}`;
    if (this.timer && n >= this.trace.length && this.trace.loop === null) this.stop();
    announce(this.words(n));
  }

  words(n) {
    if (n === 0) return "initial state";
    const step = this.trace.steps[n - 1];
    const broken = step.breaks.length ? `; breaks ${step.breaks.join(", ")}` : "";
    return `step ${n}: ${this.trace.tasks[step.task].name} ${step.line.function}${broken}`;
  }

  toggle() {
    if (this.timer) {
      this.stop();
      return;
    }
    if (this.current >= this.trace.length && this.trace.loop === null) this.choose(0);
    this.timer = setInterval(() => this.by(1), PLAY_EVERY);
    this.play.textContent = "❚❚ pause";
    this.play.setAttribute("aria-label", "Pause");
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.play.textContent = "▶ play";
    this.play.setAttribute("aria-label", "Play");
  }

  // A key that was pressed anywhere on the page.
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const typing = event.target.closest("input:not([type=range]), select, textarea");
    if (typing) {
      if (event.key === "Escape") typing.blur();
      return;
    }
    const slider = event.target === this.slider;
    const acts = {
      j: () => this.by(1), k: () => this.by(-1),
      v: () => this.trace.violation !== null && this.choose(this.trace.violation),
      o: () => this.trace.outdated !== null && this.choose(this.trace.outdated + 1),
      n: () => this.nextHit(1), N: () => this.nextHit(-1),
      "/": () => this.search.focus(), p: () => this.toggle(),
    };
    if (!slider) {
      Object.assign(acts, {
        ArrowRight: () => this.by(1), ArrowDown: () => this.by(1), ArrowLeft: () => this.by(-1), ArrowUp: () => this.by(-1),
        Home: () => this.choose(0), End: () => this.choose(this.trace.length),
      });
    }
    const act = acts[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  }

  leave() {
    this.stop();
  }
}
