// Arrows of the picture: from what refers to a folio, to the folio.

import { put, svg } from "../dom.js";

// Draws `links` over `frame`, between nodes and the anchors that they name.
export function arrows(layer, frame, links, anchors) {
  const origin = frame.getBoundingClientRect();
  if (origin.width === 0) return;
  const place = (node) => {
    const box = node.getBoundingClientRect();
    return {
      left: box.left - origin.left + frame.scrollLeft,
      right: box.right - origin.left + frame.scrollLeft,
      top: box.top - origin.top + frame.scrollTop,
      bottom: box.bottom - origin.top + frame.scrollTop,
    };
  };
  const drawn = links.map((link) => {
    const target = anchors.get(link.to);
    if (!target) return null;
    const from = place(link.from);
    const to = place(target);
    const middle = (box) => (box.left + box.right) / 2;
    const clamp = (x, box) => Math.min(box.right - 12, Math.max(box.left + 12, x));
    const x1 = middle(from);
    const below = to.top >= from.bottom - 4;
    const y1 = below ? from.bottom : from.top;
    const y2 = below ? to.top : to.bottom;
    const x2 = clamp(x1, to);
    const bend = Math.max(10, Math.abs(y2 - y1) * 0.45) * (below ? 1 : -1);
    return svg("path", { class: `arrow ${link.kind}${link.fresh ? " fresh" : ""}`,
      d: `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2 - (below ? 2 : -2)}`, "marker-end": "url(#arrow-tip)" });
  });
  put(layer, svg("svg", { width: String(frame.scrollWidth), height: String(frame.scrollHeight) },
    svg("defs", {}, svg("marker", { id: "arrow-tip", viewBox: "0 0 8 8", refX: "7", refY: "4", markerWidth: "6", markerHeight: "6", orient: "auto" },
      svg("path", { class: "tip", d: "M0 0L8 4L0 8z" }))),
    drawn.filter(Boolean)));
}
