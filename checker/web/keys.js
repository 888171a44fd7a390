// What keys do, shown on `?`.

import { h } from "./dom.js";

const KEYS = [
  ["Everywhere", [["?", "shows this"], ["Tab", "goes to the next link, field or table"], ["Esc", "leaves a field, closes this"]]],
  ["A table", [["← → ↑ ↓", "go from cell to cell"], ["Home End", "go to the first and last cell of the row"], ["Enter", "follows the cell"]]],
  ["A trace", [["j → ↓", "one step on; at the end of an endless execution, round again"], ["k ← ↑", "one step back"], ["Home End", "the first state, the last"],
    ["v", "the violation, or where an endless execution begins to repeat"], ["o", "on weak memory: the step that read something outdated"],
    ["p", "plays, pauses"], ["/", "searches steps"], ["n N", "the next step that was found, the one before"]]],
];

let dialog = null;

function showKeys() {
  if (!dialog) {
    dialog = h("dialog", { class: "keys", "aria-labelledby": "keys-title" },
      h("h2", { id: "keys-title" }, "Keys"),
      KEYS.map(([where, list]) => [h("h3", {}, where), h("dl", {}, list.map(([keys, what]) =>
        h("div", {}, h("dt", {}, keys.split(" ").map((k) => [h("kbd", {}, k), " "])), h("dd", {}, what))))]),
      h("form", { method: "dialog" }, h("button", { type: "submit" }, "Close")));
    document.body.append(dialog);
  }
  dialog.showModal();
}

// Shows them on `?`, and where `button` is pressed.
export function acceptKeys(button) {
  button.addEventListener("click", showKeys);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=range]), select, textarea") || dialog?.open) return;
    event.preventDefault();
    showKeys();
  });
}
