// Who waits for whom, where nobody can move.

import { h, svg } from "../dom.js";
import { untilText } from "./model.js";

const R = 120;

// A drawing, and the same in words.
export function waitGraph(blocked, endless) {
  if (blocked.length === 0) return null;
  const names = [...new Set(blocked.flatMap((b) => [b.task, ...b.waits_for.map((w) => w.replace(/ itself$/, ""))]))];
  const width = 420;
  const height = names.length > 2 ? 260 : edgesToSelf(blocked) ? 120 : 72;
  const centre = [width / 2, height / 2];
  const spot = new Map(names.map((name, n) => {
    if (names.length <= 2) return [name, [width * (names.length === 1 ? 0.5 : n ? 0.78 : 0.22), height / 2]];
    const angle = (2 * Math.PI * n) / names.length - Math.PI / 2;
    return [name, [centre[0] + 1.25 * R * Math.cos(angle), centre[1] + (R - 26) * Math.sin(angle)]];
  }));
  const edges = blocked.flatMap((b) => b.waits_for.map((w) => {
    const other = w.replace(/ itself$/, "");
    return other === b.task ? loopEdge(spot.get(b.task)) : edge(spot.get(b.task), spot.get(other));
  }));
  const nodes = names.map((name) => {
    const [x, y] = spot.get(name);
    const b = blocked.find((one) => one.task === name);
    return svg("g", { transform: `translate(${x} ${y})` },
      svg("rect", { class: `node${b?.stopped ? " stopped" : ""}`, x: "-58", y: "-19", width: "116", height: "38", rx: "6" }),
      svg("text", { "text-anchor": "middle", y: b ? "-3" : "5" }, name),
      b ? svg("text", { class: "small", "text-anchor": "middle", y: "12" }, b.stopped ? "stopped" : shorten(b.function)) : null);
  });
  return h("section", { class: "graph" },
    h("h2", {}, endless ? "Who never moves, and waits for whom" : "Nobody can move: who waits for whom"),
    h("div", { class: "graph-parts" },
      svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Wait-for graph; the list beside it says the same" },
        svg("defs", {}, svg("marker", { id: "tip", viewBox: "0 0 8 8", refX: "7", refY: "4", markerWidth: "7", markerHeight: "7", orient: "auto-start-reverse" },
          svg("path", { class: "tip", d: "M0 0L8 4L0 8z" }))),
        edges, nodes),
      h("ul", {}, blocked.map((b) => h("li", {}, h("b", {}, b.task), b.stopped
        ? " has stopped for ever"
        : [" sleeps in ", h("code", {}, b.function), " until ", h("code", {}, untilText(b.waits_until))],
        b.stopped ? null : b.waits_for.length ? `; only ${b.waits_for.join(", ")} could bring it about` : "; nobody can bring it about",
        b.holds.length ? [", holding ", h("code", {}, b.holds.join(", "))] : null)))));
}

function edgesToSelf(blocked) {
  return blocked.some((b) => b.waits_for.some((w) => w.replace(/ itself$/, "") === b.task));
}

function shorten(name) {
  return name.length > 19 ? `${name.slice(0, 18)}…` : name;
}

// From box to box.
function edge([x1, y1], [x2, y2]) {
  const bend = 18;
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
  const out = (x, y, sx, sy) => {
    const t = Math.min(60 / Math.abs(sx || 1e-9), 21 / Math.abs(sy || 1e-9));
    return [x + sx * t, y + sy * t];
  };
  const [ax, ay] = out(x1, y1, dx, dy);
  const [bx, by] = out(x2, y2, -dx, -dy);
  const [mx, my] = [(ax + bx) / 2 - dy * bend, (ay + by) / 2 + dx * bend];
  return svg("path", { class: "edge", d: `M${ax} ${ay}Q${mx} ${my} ${bx} ${by}`, "marker-end": "url(#tip)" });
}

function loopEdge([x, y]) {
  return svg("path", { class: "edge", d: `M${x + 30} ${y - 19}C${x + 50} ${y - 52} ${x - 50} ${y - 52} ${x - 30} ${y - 21}`, "marker-end": "url(#tip)" });
}
