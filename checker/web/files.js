// Trace files that are dropped on the page, or chosen.

import { h, announce } from "./dom.js";
import { tell } from "./api.js";
import { go, traceAddress, writeChoices } from "./route.js";

const LARGEST = 32 * 1024 * 1024;

// Takes files from `label`'s input and from the whole window.
export function acceptFiles(label) {
  label.querySelector("input").addEventListener("change", (event) => {
    const [file] = event.target.files;
    if (file) openFile(file);
    event.target.value = "";
  });
  const veil = h("div", { class: "veil", hidden: true }, "Drop a trace (.itf.json) to open it");
  document.body.append(veil);
  window.addEventListener("dragover", (event) => {
    event.preventDefault();
    veil.hidden = false;
  });
  window.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) veil.hidden = true;
  });
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    veil.hidden = true;
    const [file] = event.dataTransfer.files;
    if (file) openFile(file);
  });
}

async function openFile(file) {
  document.querySelector(".toast")?.remove();
  try {
    if (file.size > LARGEST) throw new Error(`${file.name} is larger than ${LARGEST >> 20} MiB.`);
    const opened = await tell("/api/open", await file.text());
    announce(`${file.name} opened`);
    go(traceAddress(opened.subject, {
      from: 0,
      then: writeChoices(opened.choices),
      loop: opened.loop_start ?? "",
      file: file.name,
    }));
  } catch (error) {
    complain(`${file.name}: ${error.message}`);
  }
}

// A message over the page, until it is closed.
export function complain(message) {
  document.querySelector(".toast")?.remove();
  const toast = h("div", { class: "toast", role: "alert" },
    h("p", {}, message),
    h("button", { type: "button", on: { click: () => toast.remove() } }, "Close"));
  document.body.append(toast);
}
