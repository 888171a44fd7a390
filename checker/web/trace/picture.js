// The machine at one state: page cache, page tables and TLBs, pipes and sockets, disk, what consumers
// were handed. Words bear the name of who wrote them; what the last step changed stands out; arrows say
// what refers to which folio.

import { h, put } from "../dom.js";
import { arrows } from "./arrows.js";
import { holders, isWord, showValue, writerOf } from "./model.js";

// Variables by object.
function objectsOf(trace) {
  const objects = new Map();
  for (const v of trace.vars) {
    if (v.kind === "pc") continue;
    if (!objects.has(v.object)) objects.set(v.object, []);
    objects.get(v.object).push(v);
  }
  return objects;
}

const PLACES = [
  ["tables", "Page tables and TLBs", /^(pte|tlb|vma)\(|^mm\d+$/],
  ["cache", "Page cache", /^folio\d|^i_pages$/],
  ["queues", "Pipes, sockets, consumers", /^(pipe|socket|page)\d/],
  ["disk", "Disk", /^(disk|buffer|block)\[|^journal$/],
  ["inode", "Inode and locks", /^(inode|mapping)$|^$/],
];

// The page of the file that something on the disk is of.
function pageOf(name) {
  return Number(/\[(\d+)/.exec(name)?.[1] ?? -1);
}

export class Picture {
  // `of`: whose it is, where there are several. `whole`: what could change is drawn, not what does.
  constructor(trace, of, whole = false) {
    this.trace = trace;
    this.whole = whole;
    this.objects = objectsOf(trace);
    this.look();
    this.handed = trace.vars.filter((v) => v.kind === "private" && isWord(v));
    this.node = h("section", { class: "picture", "aria-label": of ? `The machine under ${of}` : "The machine" });
    this.watch = new ResizeObserver(() => this.connect());
    this.watch.observe(this.node);
  }

  // What is known of the whole trace: which variables change, how high, and which words were handed over,
  // or written, in a step that broke something, each with the states in which they are still there.
  look() {
    this.highest = this.trace.vars.map((v) => v.init);
    this.moves = new Set();
    this.torn = [];
    const open = new Map();
    for (const step of this.trace.steps) {
      for (const [id, to] of this.trace.view.steps[step.number].set) {
        this.moves.add(id);
        this.highest[id] = Math.max(this.highest[id], to);
      }
      const data = step.shown.filter((c) => isWord(c.variable)).map((c) => c.variable.id);
      for (const id of data) {
        if (open.has(id)) open.get(id).to = step.number;
        open.delete(id);
        if (!step.breaks.length) continue;
        const word = { id, from: step.number + 1, to: Infinity };
        open.set(id, word);
        this.torn.push(word);
      }
    }
  }

  // Draws the state after `n` steps.
  show(n) {
    this.state = this.trace.state(n);
    const step = n > 0 ? this.trace.steps[n - 1] : null;
    this.before = n > 0 ? this.trace.state(n - 1) : this.state;
    this.fresh = new Set((step ? [...step.shown, ...step.ghosts] : []).map((c) => c.variable.id));
    this.broken = new Set(this.torn.filter((word) => word.from <= n && n <= word.to).map((word) => word.id));
    this.links = [];
    this.anchors = new Map();
    const names = [...this.objects.keys()];
    const placed = new Set();
    const regions = PLACES.map(([id, title, pattern]) => {
      const mine = names.filter((name) => !placed.has(name) && pattern.test(name));
      // A page's mapping, then the blocks that it can lead to.
      if (id === "disk") mine.sort((a, b) => pageOf(a) - pageOf(b) || a.startsWith("block") - b.startsWith("block"));
      mine.forEach((name) => placed.add(name));
      const all = mine.map((name) => this.box(id, name)).filter(Boolean);
      const flats = all.filter((box) => box.classList.contains("flat"));
      const boxes = all.filter((box) => !flats.includes(box));
      if (id === "queues") boxes.push(...this.delivered());
      if (!all.length && !boxes.length) return null;
      const small = flats.length ? h("div", { class: "flats" }, flats) : null;
      const large = boxes.length ? h("div", { class: "boxes" }, boxes) : null;
      return h("div", { class: `region ${id}` }, h("h2", {}, title), id === "tables" ? [small, large] : [large, small]);
    });
    this.layer = h("div", { class: "arrow-layer", "aria-hidden": "true" });
    put(this.node, this.layer, regions, this.ghostList(names.filter((name) => !placed.has(name))));
    this.connect();
  }

  connect() {
    if (this.layer?.isConnected) arrows(this.layer, this.node, this.links, this.anchors);
  }

  value(v) {
    if (v.name.endsWith(".readers") || v.name === "handles") return holders(this.trace, this.state[v.id]);
    return showValue(v, this.state[v.id]);
  }

  was(v) {
    return this.fresh.has(v.id) ? `was ${showValue(v, this.before[v.id])}` : null;
  }

  // A word of data, coloured and named by who wrote it.
  word(v, title) {
    const label = showValue(v, this.state[v.id]);
    const writer = writerOf(this.trace, label);
    const torn = this.broken.has(v.id);
    const kind = writer >= 0 ? `f${writer % 8} by` : label === "-" ? "empty" : label;
    const said = [title ?? v.full, this.was(v), torn ? "in the step that broke the invariant" : null].filter(Boolean).join("; ");
    return h("span", { class: `word ${kind}${this.fresh.has(v.id) ? " fresh" : ""}${torn ? " torn" : ""}`, title: said },
      torn ? "◆ " : "", label);
  }

  words(list) {
    if (list.length === 0) return null;
    const labels = list.map((v) => showValue(v, this.state[v.id]));
    const mixed = new Set(labels).size > 1 && !labels.includes("-");
    return h("div", { class: `words${mixed ? " mixed" : ""}` }, list.map((v) => this.word(v)),
      mixed ? h("span", { class: "mixed-note" }, "mixture") : null);
  }

  // A flag: on, off; a counter, a state: its value.
  chip(v, name = v.name) {
    const value = this.state[v.id];
    const fresh = this.fresh.has(v.id) ? " fresh" : "";
    const title = [v.full, this.was(v)].filter(Boolean).join("; ");
    if (this.isFlag(v)) return h("span", { class: `chip ${value ? "on" : "off"}${fresh}`, title }, value ? name : h("s", {}, name));
    return h("span", { class: `chip value${fresh}`, title }, `${name} `, h("b", {}, this.value(v)));
  }

  // A variable that never has another value than 0 and 1 here is a flag.
  isFlag(v) {
    return !v.labels && this.highest[v.id] <= 1
      && !/count|users|version|seq|ctime|clock|used|head|tail|len|block|holders/.test(v.name);
  }

  // A lock: who holds it.
  lock(name, owner, readers) {
    const held = [owner, readers].filter((v) => v && this.state[v.id]).map((v) => this.value(v));
    const fresh = [owner, readers].some((v) => v && this.fresh.has(v.id)) ? " fresh" : "";
    return h("span", { class: `chip lock ${held.length ? "on" : "off"}${fresh}` },
      held.length ? [`${name} `, h("b", {}, held.join(", ")), readers && this.state[readers.id] ? " (shared)" : ""] : h("s", {}, name));
  }

  // Locks of a list of variables, and the rest.
  split(vars) {
    const locks = [];
    const rest = [];
    for (const v of vars) {
      if (v.kind === "ghost") continue;
      if (v.name.endsWith(".writer")) {
        const name = v.name.slice(0, -".writer".length);
        locks.push(this.lock(name, v, vars.find((r) => r.name === `${name}.readers`)));
      } else if (v.name.endsWith(".readers")) {
        // With its writer.
      } else if (v.labels?.[0] === "-" && v.labels[1] === this.trace.tasks[0].name) {
        locks.push(this.lock(v.name, v));
      } else {
        rest.push(v);
      }
    }
    return { locks, rest };
  }

  link(from, to, kind, fresh) {
    this.links.push({ from, to, kind, fresh });
  }

  box(place, name) {
    const vars = this.objects.get(name);
    const { locks, rest } = this.split(vars);
    const data = rest.filter(isWord);
    const others = rest.filter((v) => !isWord(v));
    if (name.startsWith("block[")) return this.blockBox(name, data, others);
    const special = { tables: "tableBox", queues: "queueBox", cache: "cacheBox" }[place];
    if (special) return this[special](name, data, others, locks);
    if (!vars.some((v) => v.kind !== "ghost")) return null;
    const used = [...others, ...data].some((v) => this.interesting(v));
    if (place === "inode") {
      const shown = others.filter((v) => this.interesting(v));
      if (!name && !shown.length) return null;
      return h("div", { class: "box flat" }, name ? h("span", { class: "box-name" }, name) : null, locks, shown.map((v) => this.chip(v)));
    }
    if (!used && !data.length) return null;
    return this.frame(name, {}, this.words(data), h("div", { class: "chips" }, others.map((v) => this.chip(v)), locks));
  }

  // It changes in this trace.
  interesting(v) {
    return this.whole ? v.kind === "shared" : this.moves.has(v.id);
  }

  frame(name, { faded, fresh, note }, ...inner) {
    const node = h("div", { class: `box${faded ? " faded" : ""}${fresh ? " fresh" : ""}` },
      h("div", { class: "box-head" }, h("span", { class: "box-name" }, name), note ? h("span", { class: "box-note" }, note) : null), inner);
    this.anchors.set(name, node);
    return node;
  }

  cacheBox(name, data, others, locks) {
    if (name === "i_pages") {
      const slots = others.filter((v) => /^\[\d+\]$/.test(v.name)).map((v) => {
        const to = showValue(v, this.state[v.id]);
        const marks = others.filter((m) => m.name.startsWith(`${v.name}.`));
        if (to !== "-" && !marks.length && !this.fresh.has(v.id)) return null;
        return h("span", { class: `slot${this.fresh.has(v.id) ? " fresh" : ""}` }, `i_pages${v.name}: ${to === "-" ? "nothing cached" : to} `,
          marks.map((m) => this.chip(m, m.name.slice(v.name.length + 1))));
      }).filter(Boolean);
      return slots.length ? h("div", { class: "slots" }, slots) : null;
    }
    const get = (field) => others.find((v) => v.name === field);
    const cached = get("mapping") ? this.state[get("mapping").id] === 1 : true;
    const touched = [...others, ...data].some((v) => this.interesting(v));
    // A folio that a scheme or a hole might bring, and this trace does not.
    if (!cached && !touched) return null;
    const order = ["PG_dirty", "PG_writeback", "PG_uptodate"];
    const flags = others.filter((v) => v.name !== "refs" && v.name !== "mapping")
      .sort((a, b) => (order.indexOf(a.name) + 9) % 9 - (order.indexOf(b.name) + 9) % 9);
    const refs = get("refs");
    const slot = this.objects.get("i_pages")?.find((v) => /^\[\d+\]$/.test(v.name) && showValue(v, this.state[v.id]) === name);
    return this.frame(name, { faded: !cached, note: slot ? `index ${slot.name.slice(1, -1)}` : "not in the cache" }, this.words(data),
      h("div", { class: "chips" }, locks, flags.map((v) => this.chip(v)), refs ? this.chip(refs) : null,
        get("mapping") && this.fresh.has(get("mapping").id) ? this.chip(get("mapping")) : null));
  }

  // A block of the disk that page `n` of the file could be in: what it holds, and who maps it.
  blockBox(name, data, others) {
    const [page, number] = name.slice(6, -1).split(".");
    const map = this.objects.get(`disk[${page}]`) ?? [];
    const field = (wanted) => map.find((v) => v.name === wanted);
    const inFork = (fork, there) => field(fork) && String(this.state[field(fork).id]) === number && there;
    const cow = field("cow");
    const mappers = [
      inFork("block", true) ? "this file" : null,
      inFork("cow block", cow && !["-", "delalloc"].includes(showValue(cow, this.state[cow.id]))) ? "its COW fork" : null,
      ...others.filter((v) => /other file|clone/.test(v.name) && this.state[v.id]).map(() => "a clone"),
    ].filter(Boolean);
    const fresh = [...others, field("block"), field("cow block"), cow].some((v) => v && this.fresh.has(v.id));
    if (!mappers.length && !this.whole && ![...data, ...others].some((v) => this.interesting(v))) return null;
    const node = this.frame(`block ${page}.${number}`, { faded: !mappers.length, note: mappers.length ? mappers.join(", ") : "free", fresh: fresh && mappers.length > 0 }, this.words(data));
    node.classList.add("block");
    if (mappers.includes("a clone")) node.classList.add("cloned");
    return node;
  }

  tableBox(name, data, others, locks) {
    const get = (field) => others.find((v) => v.name === field);
    const folio = get("folio");
    const entry = get("present") ?? get("WD");
    const there = entry ? this.state[entry.id] === 1 : true;
    if (name.startsWith("mm")) {
      return locks.length || others.length ? h("div", { class: "box flat" }, h("span", { class: "box-name" }, name), locks,
        others.filter((v) => this.interesting(v)).map((v) => this.chip(v))) : null;
    }
    const kernel = others.filter((v) => v !== folio && v !== get("present"));
    const note = name.startsWith("tlb")
      ? (there ? "entry" : "no entry")
      : name.startsWith("pte") && !there ? "not present" : null;
    const node = this.frame(name, { faded: !there && !name.startsWith("vma"), note, fresh: entry && this.fresh.has(entry.id) },
      h("div", { class: "chips" }, kernel.map((v) => this.chip(v)), locks));
    if (folio && there) this.link(node, showValue(folio, this.state[folio.id]), "map", this.fresh.has(folio.id) || this.fresh.has(entry.id));
    return node;
  }

  queueBox(name, data, others, locks) {
    const page = others.find((v) => v.name === "page");
    if (!page) {
      const shown = others.filter((v) => this.interesting(v) || /^(used|len)$/.test(v.name));
      return h("div", { class: "box flat" }, h("span", { class: "box-name" }, name), locks, shown.map((v) => this.chip(v)));
    }
    const to = showValue(page, this.state[page.id]);
    const copied = to === "copy" || to === "pipe's own";
    const fresh = this.fresh.has(page.id);
    const node = this.frame(name, { faded: to === "-", fresh, note: to === "-" ? "empty" : copied ? to : `→ ${to}` },
      copied ? this.words(data) : null,
      h("div", { class: "chips" }, others.filter((v) => v !== page && (this.state[v.id] || this.fresh.has(v.id))).map((v) => this.chip(v)), locks));
    if (to !== "-" && !copied) this.link(node, to, "refer", fresh);
    return node;
  }

  // What consumers were handed, as far as it went.
  delivered() {
    const calls = new Map();
    for (const v of this.handed) {
      const key = `${v.object} ${v.name.replace(/\[\d+\]$/, "")}`;
      if (!calls.has(key)) calls.set(key, []);
      calls.get(key).push(v);
    }
    return [...calls.values()].map((words) => {
      const some = words.some((v) => showValue(v, this.state[v.id]) !== "-");
      const torn = words.some((v) => this.broken.has(v.id));
      const what = words[0].name.replace(/\d*#\d+(\.\d+)?\[\d+\]$/, "");
      return h("div", { class: `box handed${some ? "" : " faded"}${torn ? " torn" : ""}` },
        h("div", { class: "box-head" }, h("span", { class: "box-name" }, `${words[0].object} was handed`),
          h("span", { class: "box-note" }, `${what}${torn ? ": not what it should be" : ""}`)),
        this.words(words));
    });
  }

  // What no kernel could show: what invariants remember. And whatever has no place above.
  ghostList(rest) {
    const rows = [];
    for (const [name, vars] of this.objects) {
      for (const v of vars) {
        const ghost = v.kind === "ghost" && (v.object !== "broken" || this.state[v.id]);
        const homeless = rest.includes(name) && v.kind !== "ghost" && !this.handed.includes(v);
        if (!(ghost || homeless) || !(this.interesting(v) || this.state[v.id] !== v.init)) continue;
        rows.push(h("tr", { class: this.fresh.has(v.id) ? "fresh" : null },
          h("th", { scope: "row" }, v.full), h("td", {}, this.remembered(v))));
      }
    }
    const open = this.node.querySelector("details")?.open ?? false;
    return h("details", { class: "ghosts", open },
      h("summary", {}, "Registers, and what only the checker sees"),
      rows.length ? h("table", {}, h("tbody", {}, rows)) : h("p", { class: "muted" }, "Nothing yet."));
  }

  remembered(v) {
    const seen = /^seen\((.*)\)(\[\d+\])$/.exec(v.name);
    if (!seen) return this.value(v);
    const labels = this.trace.vars.find((d) => d.object === seen[1] && d.name === `data${seen[2]}`)?.labels ?? [];
    const list = labels.filter((_, n) => (this.state[v.id] >> n) & 1);
    return `{${list.join(", ")}}`;
  }

  leave() {
    this.watch.disconnect();
  }
}
