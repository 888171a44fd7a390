// Elements, without markup in strings: nothing that is shown is ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

// An element. `props`: `class`, `on` (handlers by event), `style` (set through the object model, as
// the policy of the page demands), properties of booleans, and attributes.
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

// An element of a drawing.
export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "on") {
      for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    } else if (key === "style") {
      for (const [name, v] of Object.entries(value)) node.style.setProperty(name, v);
    } else if (key === "value") {
      node.value = value;
    } else {
      node.setAttribute(key, value === true ? "" : value);
    }
  }
  node.append(...flat(children));
  return node;
}

function flat(children) {
  return children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false);
}

// Replaces everything in `node`.
export function put(node, ...children) {
  node.replaceChildren(...flat(children));
  return node;
}

// `1`, `12.3k`, `1.2M`.
export function short(n) {
  if (n < 1000) return String(n);
  if (n < 1e6) return `${(n / 1e3).toFixed(n < 1e4 ? 1 : 0)}k`;
  return `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)}M`;
}

// `1,234,567`. What the browser has for it takes as long at its first use as all the rest of a page.
export function grouped(n) {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

// `1 step`, `2 steps`.
export function plural(n, word) {
  return `${grouped(n)} ${word}${n === 1 ? "" : "s"}`;
}

// How many states were visited. Where no task can take a step twice, none need be.
export function statesText(n) {
  return n === 0 ? "no loop" : `${short(n)} ${n === 1 ? "state" : "states"}`;
}

// Tells people who listen instead of looking.
export function announce(text) {
  document.getElementById("said").textContent = text;
}

// A name that may be broken after its hyphens and underscores.
export function breakable(name) {
  return name.split(/(?<=[-_])/).flatMap((part, n) => (n === 0 ? [part] : [h("wbr"), part]));
}

const SHAPES = { holds: "✓", violated: "◆", inconclusive: "◌" };

// A verdict in shape and word.
export function verdictMark(verdict, length) {
  const word = length ? `${verdict} ${length}` : verdict;
  return h("span", { class: `verdict ${verdict}` },
    h("span", { class: "shape", "aria-hidden": "true" }, SHAPES[verdict]), "\u00a0", word);
}

// A choice among `options`: values, or [value, text], or { label, options }.
export function picker(props, options, value) {
  const option = (o) => {
    const [v, text] = Array.isArray(o) ? o : [o, o];
    return h("option", { value: v, selected: v === value }, text);
  };
  const node = h("select", props, options.map((o) =>
    o.options ? h("optgroup", { label: o.label }, o.options.map(option)) : option(o)));
  node.value = value;
  return node;
}

// What a scenario's task does, in a line.
export function taskLine(task) {
  return h("span", { class: "task" }, h("b", {}, task.name), ` ${task.calls.join(", ")}${task.forever ? ", for ever" : ""}`);
}

// A fact of a list of facts.
export function fact(name, ...value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

// The head of a column; numbers stand to the right.
export function columnHead(text) {
  const number = ["states", "transitions", "depth"].includes(text);
  return h("th", { scope: "col", class: number ? "number" : null }, text);
}

// A line of text that says what is wrong.
export function problem(error) {
  return h("p", { class: "notice wrong", role: "alert" }, error.message ?? String(error));
}
