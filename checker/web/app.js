// Starts the page and goes where the address says.

import { h, put, problem } from "./dom.js";
import { here } from "./route.js";
import { live } from "./api.js";
import { acceptFiles } from "./files.js";
import { themeButton } from "./theme.js";
import { verdictsPage, cellPage, schemePage } from "./pages/verdicts.js";
import { askAhead, tracePage } from "./pages/trace.js";
import { benchPage } from "./pages/bench.js";
import { claimsPage } from "./pages/claims.js";
import { bugsPage } from "./pages/bugs.js";
import { ablationPage } from "./pages/ablation.js";
import { costPage } from "./pages/cost.js";

const PAGES = {
  verdicts: verdictsPage,
  cell: cellPage,
  scheme: schemePage,
  trace: tracePage,
  bench: benchPage,
  claims: claimsPage,
  bugs: bugsPage,
  ablation: ablationPage,
  cost: costPage,
};

// Pages that the table leads to.
const WITHIN_VERDICTS = ["cell", "scheme", "trace"];

const main = document.getElementById("page");

// The page that is shown: `key` of what it is about, `update` for an address with the same key.
let shown = null;
let turn = 0;

async function show() {
  const route = here();
  const name = route.path[0] ?? "verdicts";
  const page = PAGES[name];
  for (const link of document.querySelectorAll(".top nav a")) {
    const to = link.getAttribute("href");
    if (to === `#/${name}`) link.setAttribute("aria-current", "page");
    else if (to === "#/verdicts" && WITHIN_VERDICTS.includes(name)) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  if (!page) {
    shown = null;
    document.title = "No such page · foliocheck";
    return put(main, h("h1", {}, "There is no such page"), problem(`Nothing is at ${location.hash}.`));
  }
  const key = page.key ? page.key(route) : location.hash;
  if (shown?.key === key && shown.update) {
    try {
      await shown.update(route);
    } catch (error) {
      put(main, h("h1", {}, "This cannot be shown"), problem(error));
      shown = null;
    }
    return undefined;
  }
  turn += 1;
  const mine = turn;
  shown?.leave?.();
  shown = { key };
  const slow = setTimeout(() => put(main, h("p", { class: "waiting", role: "status" }, page.slow ?? "Loading …")), 150);
  let content;
  try {
    content = await page.open(route);
  } catch (error) {
    content = { title: "Not shown", nodes: [h("h1", {}, "This cannot be shown"), problem(error)] };
  }
  clearTimeout(slow);
  // Somebody may have gone elsewhere while it was loading.
  if (mine !== turn) {
    content.leave?.();
    return undefined;
  }
  document.title = `${content.title} · foliocheck`;
  put(main, content.nodes);
  main.className = `page-${name}`;
  shown = { key, update: content.update, leave: content.leave };
  content.shown?.();
  // The address may have changed meanwhile.
  if (content.update) await content.update(here());
  return undefined;
}

let resting = 0;

// The pointer rests on a link, or the keyboard has come to it.
function rest(event) {
  clearTimeout(resting);
  const link = event.target.closest?.('a[href^="#/trace/"]');
  if (link) resting = setTimeout(() => askAhead(link.hash), 80);
}

document.addEventListener("pointerover", rest);
document.addEventListener("focusin", rest);
window.addEventListener("hashchange", show);
themeButton(document.getElementById("theme"));
if (live) {
  acceptFiles(document.getElementById("open-file"));
} else {
  document.getElementById("open-file").remove();
  document.querySelector('.top nav a[href="#/bench"]').remove();
}
show();
