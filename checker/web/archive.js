// Sources as links: messages of the kernel's lists, commits, files.

import { h } from "./dom.js";

const LORE = "https://lore.kernel.org/r/";
const COMMIT = "https://git.kernel.org/torvalds/c/";
const FILES = "https://elixir.bootlin.com/linux/v6.12/source/";
const NAMED = /([\w.+=/-]{6,}@[\w-]+(?:\.[\w-]+)+)|\b([0-9a-f]{12})\b|\b((?:fs|mm|net|kernel|include|Documentation)\/[\w./-]+\.(?:c|h|rst))/g;

// A link out of the page.
export function outside(href, ...text) {
  return h("a", { href, rel: "noreferrer noopener", target: "_blank" }, text);
}

// A text in which every message, commit and file of the kernel is a link to where it is kept.
export function sourced(text) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(NAMED)) {
    const [all, message, commit] = match;
    nodes.push(text.slice(at, match.index), message ? outside(LORE + message, all)
      : outside(commit ? COMMIT + commit : FILES + all, h("code", {}, all)));
    at = match.index + all.length;
  }
  nodes.push(text.slice(at));
  return nodes;
}

// A text in which `code` is marked.
export function marked(text) {
  return text.split("`").map((part, n) => (n % 2 ? h("code", {}, part) : part));
}
