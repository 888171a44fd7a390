// Lanes: one per task, CPU and device; a step is a card in its lane, waiting is drawn as waiting. Where lanes
// would be too narrow to read, they become rails beside one column of cards. Only the cards in sight exist,
// however long the trace is.

import { breakable, h, plural, put } from "../dom.js";
import { Calls } from "./calls.js";
import { showChange, staleWords, untilText } from "./model.js";
import { Ruler } from "./ruler.js";

const HEAD = 20;
const LINE = 17;
const PAD = 16;
const CHANGES_MAX = 6;
const LANE_MIN = 150;
// A lane without room for cards.
const RAIL = 16;
const CALL = 24;
// What of a lane's width is not text.
const EDGES = 29;
const MARGIN = 600;
const LOOP = 30;
const TAIL = 74;

// The lanes that a trace needs, with their names; and the tasks that need none.
function lanesOf(trace) {
  const lanes = [];
  const absent = [];
  trace.tasks.forEach((task, n) => {
    const has = (kind) => trace.steps.some((s) => s.lane.kind === kind && s.task === n);
    const waits = trace.view.waits.some((w) => w.task === n && !w.idle);
    if (trace.length && !waits && !["task", "cpu", "device"].some(has)) {
      absent.push(task.name);
      return;
    }
    const calls = task.calls.join(", ") + (task.forever ? ", for ever" : "");
    // A task of which only the hardware is seen needs no lane beside that.
    if (has("task") || !(has("cpu") || has("device"))) lanes.push({ kind: "task", task: n, name: task.name, what: calls });
    if (has("cpu")) lanes.push({ kind: "cpu", task: n, name: `${task.name}: CPU`, what: `translation, TLB, ${calls}` });
    if (has("device")) lanes.push({ kind: "device", task: n, name: `${task.name}: device`, what: "DMA" });
  });
  return { lanes, absent };
}

// How high a card is: known before it is drawn.
function heightOf(trace, row, ruler, named) {
  if (row.folded) return HEAD + LINE + PAD;
  const { step } = row;
  // The lane's name is written smaller.
  const name = named ? ` ${"n".repeat(Math.ceil(named.length * 0.8))}` : "";
  const head = ruler.lines(`${step.number + 1}  ${step.line.function}${name}`, "head");
  let lines = 0;
  if (step.text) lines += Math.min(3, ruler.lines(step.text, "text"));
  if (step.line.rule) lines += ruler.lines(`§ rule ${step.line.rule.rule}`, "bold");
  for (const change of step.shown.slice(0, CHANGES_MAX)) {
    const [name, from, to] = showChange(trace, change);
    lines += ruler.lines(`${name} ${from} → ${to}`, "mono");
  }
  if (step.shown.length > CHANGES_MAX) lines += 1;
  for (const read of step.stale) {
    const [what, but] = staleWords(trace, step, read);
    lines += ruler.lines(`≠ read ${what}, though ${but}`, "bold");
  }
  for (const name of step.breaks) lines += ruler.lines(`◆ ${name} broken`, "bold");
  return HEAD * head + LINE * lines + PAD;
}

// The first of `count` numbers of which `is` says so, as it does of all that follow.
function firstWhere(count, is) {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (is(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

export class Lanes {
  // `choose(n)`: somebody wants to see the state after n steps.
  constructor(trace, choose) {
    this.trace = trace;
    this.choose = choose;
    const { lanes, absent } = lanesOf(trace);
    this.lanes = lanes;
    this.calls = new Calls(trace);
    this.rows = this.calls.rows();
    this.keep = null;
    this.current = 0;
    this.hits = new Set();
    this.cards = new Map();
    const columns = { "--lanes": String(this.lanes.length), "--least": `${LANE_MIN}px`, "--rail": `${RAIL}px` };
    this.body = h("div", { class: "lane-body" });
    this.backs = this.lanes.map((lane, n) => h("div", { class: `lane-line f${lane.task % 8}`, style: { "--lane": String(n) } }));
    this.scroller = h("div", { class: "lane-scroll", style: columns, tabindex: "0", role: "region", "aria-label": "Lanes",
      on: { scroll: () => this.draw() } },
      h("div", { class: "lane-heads" }, this.lanes.map((lane) =>
        h("div", { class: `lane-head f${lane.task % 8}`, title: lane.what }, h("b", {}, lane.name), h("span", {}, lane.what))),
      absent.length ? h("p", { class: "absent" }, `Without a step here: ${absent.join(", ")}`) : null),
      this.body);
    this.node = this.scroller;
    this.watch = new ResizeObserver(() => this.fit());
    this.watch.observe(this.scroller);
    this.layOut();
  }

  // Shows only the steps that `keep` says; all, by call, if it is none.
  filter(keep) {
    this.keep = keep;
    this.arrange();
  }

  // Folds all calls, or unfolds them.
  foldAll(is) {
    if (is) this.calls.foldAll();
    else this.calls.unfoldAll();
    this.arrange();
    this.reveal(this.current);
  }

  fold(call) {
    this.calls.toggle(call);
    this.arrange();
  }

  arrange() {
    this.rows = this.keep
      ? this.trace.steps.filter(this.keep).map((step) => ({ step, first: step.number, last: step.number }))
      : this.calls.rows();
    this.layOut();
    this.draw();
  }

  // Lines break anew when lanes become wider or narrower.
  fit() {
    if (this.textWidth() !== this.laidFor) this.layOut();
    if (this.current !== null) this.reveal(this.current);
    this.draw();
  }

  textWidth() {
    const width = this.scroller.clientWidth;
    this.narrow = width > 0 && width / this.lanes.length < LANE_MIN;
    if (this.narrow) return Math.floor(width - RAIL * this.lanes.length - EDGES);
    return Math.floor(Math.max(LANE_MIN, width / this.lanes.length) - EDGES);
  }

  layOut() {
    this.laidFor = this.textWidth();
    this.scroller.classList.toggle("narrow", this.narrow);
    const ruler = new Ruler(this.laidFor);
    // Where each card begins and ends, and where the next could.
    this.tops = [0];
    this.bottoms = [];
    const start = this.trace.view.loop_start;
    let top = 0;
    this.loopTop = null;
    this.headTops = new Map();
    for (const row of this.rows) {
      if (start !== null && this.loopTop === null && row.first >= start) {
        this.loopTop = top;
        top += LOOP;
        this.tops[this.tops.length - 1] = top;
      }
      if (row.head) {
        this.headTops.set(row.head, top);
        top += CALL;
        this.tops[this.tops.length - 1] = top;
      }
      top += heightOf(this.trace, row, ruler, this.narrow ? this.laneOf(row.step).name : null);
      this.bottoms.push(top);
      this.tops.push(top);
    }
    if (this.loopTop !== null) top += LOOP;
    // Room for who waits at the end.
    if (this.trace.waiting(this.trace.length).length) top += TAIL;
    this.height = top;
    this.body.style.setProperty("--wide", `${this.laidFor + EDGES}px`);
    this.body.style.setProperty("height", `${Math.max(top, 40)}px`);
    this.cards.clear();
    this.heads = new Map();
    put(this.body, this.backs);
    if (this.rows.length) this.body.setAttribute("role", "list");
    else this.body.removeAttribute("role");
    if (this.rows.length === 0) {
      this.body.append(h("p", { class: "muted lane-note" }, this.trace.length ? "No step matches." : "Nothing has happened yet."));
    }
    if (this.loopTop !== null) {
      this.body.append(
        h("div", { class: "loop-mark", style: { top: `${this.loopTop}px` } }, `for ever, from step ${start + 1}:`),
        h("div", { class: "loop-mark end", style: { top: `${this.tops.at(-1)}px` } }, `↺ again from step ${start + 1}`),
        h("div", { class: "loop-side", style: { top: `${this.loopTop}px`, height: `${this.tops.at(-1) + LOOP - this.loopTop}px` } }));
    }
    this.layWaits();
  }

  // Where the state after `n` steps is.
  edge(n) {
    return this.tops[this.row(n)];
  }

  // The first row that has a step of that number or a higher one.
  row(number) {
    return firstWhere(this.rows.length, (row) => this.rows[row].last >= number);
  }

  layWaits() {
    for (const node of this.waitNodes ?? []) node.remove();
    this.waitNodes = [];
    // Of a long trace, only what is in sight is worth drawing; of a short one, all.
    const laneOfTask = (task) => this.lanes.findIndex((l) => l.task === task);
    this.waits = this.trace.view.waits.map((wait) => {
      const top = this.edge(wait.from);
      const bottom = wait.to > this.trace.length ? this.height : this.edge(wait.to);
      return { wait, top, bottom, lane: laneOfTask(wait.task) };
    }).filter((w) => w.bottom > w.top && w.lane >= 0);
  }

  show(n, scroll = true) {
    this.current = n;
    if (scroll) this.reveal(n);
    this.draw();
  }

  reveal(n) {
    const row = this.row(n - 1);
    const view = this.scroller;
    if (n === 0) {
      view.scrollTop = 0;
      return;
    }
    if (!(this.rows[row]?.first <= n - 1)) return;
    const head = view.firstElementChild.offsetHeight;
    const top = this.tops[row];
    const bottom = this.bottoms[row];
    // A pane that reaches below the window is seen in part.
    const seen = window.innerHeight - view.getBoundingClientRect().top;
    const height = Math.max(160, Math.min(view.clientHeight, seen) - head);
    if (top < view.scrollTop + 20) view.scrollTop = Math.max(0, top - height / 3);
    else if (bottom > view.scrollTop + height - 40) view.scrollTop = bottom - height * 0.6;
    // Sideways, where there are many lanes.
    if (this.narrow) return;
    const lane = this.laneNumber(this.rows[row].step);
    const wide = this.body.scrollWidth / this.lanes.length;
    if (lane * wide < view.scrollLeft || (lane + 1) * wide > view.scrollLeft + view.clientWidth) {
      view.scrollLeft = Math.max(0, (lane + 0.5) * wide - view.clientWidth / 2);
    }
  }

  laneNumber(step) {
    const own = this.lanes.findIndex((l) => l.kind === step.lane.kind && l.task === step.task);
    return own >= 0 ? own : this.lanes.findIndex((l) => l.task === step.task);
  }

  laneOf(step) {
    return this.lanes[this.laneNumber(step)];
  }

  draw() {
    const from = this.scroller.scrollTop - MARGIN;
    const to = this.scroller.scrollTop + (this.scroller.clientHeight || 800) + MARGIN;
    const first = firstWhere(this.rows.length, (row) => this.tops[row + 1] >= from);
    const seen = new Map();
    for (let n = first; n < this.rows.length && this.tops[n] < to; n += 1) {
      const row = this.rows[n];
      const card = this.cards.get(row.first) ?? (row.folded ? this.foldedCard(row, n) : this.card(row, n));
      this.mark(card, row);
      seen.set(row.first, card);
    }
    for (const [number, card] of this.cards) if (!seen.has(number)) card.remove();
    let after = null;
    for (const card of seen.values()) {
      if (!card.isConnected) {
        if (after) after.after(card);
        else this.body.append(card);
      }
      after = card;
    }
    this.cards = seen;
    this.drawHeads(from, to);
    this.drawWaits(from, to);
  }

  drawHeads(from, to) {
    for (const [call, node] of this.heads) {
      const top = this.headTops.get(call);
      if (top < from || top > to) {
        node.remove();
        this.heads.delete(call);
      }
    }
    for (const [call, top] of this.headTops) {
      if (top >= from && top <= to && !this.heads.has(call)) {
        const node = this.callHead(call);
        this.heads.set(call, node);
        this.body.append(node);
      }
    }
  }

  drawWaits(from, to) {
    for (const node of this.waitNodes) node.remove();
    this.waitNodes = this.waits.filter((w) => w.bottom > from && w.top < to).map(({ wait, top, bottom, lane }) => {
      const now = wait.from <= this.current && this.current < wait.to;
      const words = wait.stopped ? "stopped for ever" : wait.idle ? `no work: ${untilText(wait.until)}` : `waits until ${untilText(wait.until)}`;
      const tall = bottom - top;
      return h("div", { class: `wait f${wait.task % 8}${now ? " now" : ""}${wait.idle ? " idle" : ""}`, title: `${wait.function}: ${words}`,
        style: { "--lane": String(lane), top: `${top + 2}px`, height: `${tall - 4}px` } },
        h("span", {}, words));
    });
    this.body.append(...this.waitNodes);
  }

  mark(card, row) {
    const now = row.first < this.current && this.current <= row.last + 1;
    card.classList.toggle("now", now);
    card.classList.toggle("later", row.first >= this.current);
    card.classList.toggle("hit", this.hits.has(row.step.number));
    const button = card.querySelector(".card");
    if (now) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
    if (row.folded) {
      const step = now ? this.trace.steps[this.current - 1] : null;
      card.querySelector(".step-text").textContent = step ? `at ${step.number + 1} ${step.line.function}` : plural(row.call.steps.length, "step");
    }
  }

  // Where a card stands.
  placed(kind, row, n, ...inner) {
    const top = this.tops[n];
    return h("div", { class: `step f${row.step.task % 8}${kind}`, role: "listitem",
      style: { "--lane": String(this.laneNumber(row.step)), top: `${top}px`, height: `${this.bottoms[n] - top - 6}px` } },
    h("span", { class: "dot", "aria-hidden": "true" }), inner);
  }

  // A call, its steps not shown.
  foldedCard(row, n) {
    return this.placed(" folded", row, n,
      h("button", { type: "button", class: "card", "aria-expanded": "false", title: `Unfold ${row.call.name}`, on: { click: () => this.fold(row.call) } },
        h("span", { class: "step-head" }, h("span", { class: "n" }, `▸ ${row.first + 1}–${row.last + 1}`), h("code", {}, row.call.name), this.named(row)),
        h("span", { class: "step-text" })));
  }

  // Before the steps of a call.
  callHead(call) {
    const lane = this.laneNumber(call.steps[0]);
    return h("div", { class: `call-head f${call.task % 8}`, role: "listitem", style: { "--lane": String(lane), top: `${this.headTops.get(call)}px` } },
      h("button", { type: "button", "aria-expanded": "true", title: `Fold ${call.name}`, on: { click: () => this.fold(call) } },
        "▾ ", h("code", {}, call.name), h("span", {}, ` ${plural(call.steps.length, "step")}`)));
  }

  named(row) {
    return h("span", { class: "lane-name" }, this.laneOf(row.step).name);
  }

  card(row, n) {
    const { step } = row;
    const more = step.shown.length - CHANGES_MAX;
    return this.placed(`${step.breaks.length ? " breaks" : ""}${step.line.rule ? " ruled" : ""}${step.stale.length ? " stale-read" : ""}`, row, n,
      h("button", { type: "button", class: "card", title: step.text, on: { click: () => this.choose(step.number + 1) } },
        h("span", { class: "step-head" }, h("span", { class: "n" }, String(step.number + 1)), h("code", {}, breakable(step.line.function)), this.named(row)),
        step.line.rule ? h("span", { class: "rule" }, `§ rule ${step.line.rule.rule}`) : null,
        step.text ? h("span", { class: "step-text" }, step.text) : null,
        step.shown.slice(0, CHANGES_MAX).map((c) => changeLine(this.trace, c)),
        more > 0 ? h("span", { class: "change muted" }, `and ${more} more`) : null,
        step.stale.map((read) => staleLine(this.trace, step, read)),
        step.breaks.map((b) => h("span", { class: "broken" }, `◆ ${b} broken`))));
  }

  leave() {
    this.watch.disconnect();
  }
}

// What was read, though memory held something else.
export function staleLine(trace, step, read) {
  const [what, but] = staleWords(trace, step, read);
  return h("span", { class: "outdated" }, h("span", { "aria-hidden": "true" }, "≠ "), "read ", h("b", {}, what), `, though ${but}`);
}

// A changed variable, old → new.
export function changeLine(trace, change) {
  const [name, from, to] = showChange(trace, change);
  return h("span", { class: "change" }, h("span", { class: "var" }, name), " ",
    h("span", { class: "from" }, from), " → ", h("b", {}, to));
}
