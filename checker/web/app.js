// Starts the page and goes where the address says.

import { h, problem, put } from "./dom.js";
import { answers, live, ready, tracePath } from "./api.js";
import { acceptFiles } from "./files.js";
import { acceptKeys } from "./keys.js";
import { keepPlace, leavePlace, restorePlace } from "./place.js";
import { here } from "./route.js";
import { leftOver, unknown } from "./strange.js";
import { themeButton } from "./theme.js";
import { verdicts } from "./verdicts.js";
import { verdictsPage } from "./pages/verdicts.js";
import { cellPage } from "./pages/cell.js";
import { schemePage } from "./pages/scheme.js";
import { scenarioPage, startPath } from "./pages/scenario.js";
import { invariantPage } from "./pages/invariant.js";
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
  scenario: scenarioPage,
  invariant: invariantPage,
  trace: tracePage,
  bench: benchPage,
  claims: claimsPage,
  bugs: bugsPage,
  ablation: ablationPage,
  cost: costPage,
};

// Pages that the table leads to.
const WITHIN_VERDICTS = ["cell", "scheme", "scenario", "invariant", "trace"];

const main = document.getElementById("page");
const notes = document.getElementById("notes");

// The page that is shown: `key` of what it is about, `update` for an address with the same key.
let shown = null;
let turn = 0;

async function update(route) {
  try {
    await shown.update(route);
  } catch (error) {
    put(main, h("h1", {}, "This cannot be shown"), problem(error));
    shown = null;
  }
}

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
    put(notes);
    return put(main, h("h1", {}, "There is no such page"), problem(`Nothing is at ${location.hash}. ${unknown("page", name, Object.keys(PAGES))}`));
  }
  tellStrange(page, route);
  const key = page.key ? page.key(route) : location.hash;
  if (shown?.key === key && shown.update) {
    return update(route);
  }
  turn += 1;
  const mine = turn;
  leavePlace();
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
  if (content.update) await update(here());
  restorePlace();
  return undefined;
}

// Says above the page what of the address is not understood.
async function tellStrange(page, route) {
  const hash = location.hash;
  const texts = leftOver(route, page.parts ?? 1, page.keys ?? []);
  try {
    texts.push(...await page.strange?.(route) ?? []);
  } catch {
    // The page itself says what is wrong.
  }
  if (hash === location.hash) put(notes, texts.map((text) => h("p", { class: "notice wrong" }, text)));
}

// In a file, a link that leads to what is not in it is no link.
function leads({ path, query }, known) {
  const [page, ...rest] = path;
  if (page === "bench") return false;
  if (page === "claims" || page === "bugs") return answers(`/api/${page}`);
  // Those without a name are in a file that has everything.
  if (page === "ablation" || page === "cost") return answers(rest[0] ? `/api/${page}/${rest[0]}` : "/api/claims");
  if (page === "scenario") return answers(startPath(rest[0]));
  if (page === "cell") return known.cells.has(`${rest[0]} ${rest[1]}`);
  if (page !== "trace") return true;
  if (query.has("then") || query.has("from")) return false;
  const [scheme, scenario, invariant] = rest;
  const without = (query.get("without") ?? "").split(",").filter(Boolean);
  return answers(tracePath({ scheme, scenario, invariant, without }, query.get("memory")))
    || (!without.length && !query.get("memory") && known.kept.has(rest.join(" ")));
}

async function unlink() {
  const { rows } = await verdicts();
  const known = {
    cells: new Set(rows.map((r) => `${r.scheme} ${r.invariant}`)),
    kept: new Set(rows.filter((r) => r.verdict !== "violated").map((r) => `${r.scheme} ${r.scenario} ${r.invariant}`)),
  };
  const look = (root) => {
    for (const link of root.querySelectorAll("a[href^='#/']")) {
      if (!leads(here(link.getAttribute("href")), known)) link.removeAttribute("href");
    }
  };
  for (const link of document.querySelectorAll(".top nav a")) {
    if (!leads(here(link.getAttribute("href")), known)) link.remove();
  }
  new MutationObserver(() => look(main)).observe(main, { childList: true, subtree: true });
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
acceptKeys(document.getElementById("keys"));
keepPlace();
if (live) {
  acceptFiles(document.getElementById("open-file"));
  show();
} else {
  document.getElementById("open-file").remove();
  ready().then(unlink).then(show);
}
