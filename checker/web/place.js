// Where somebody was on a page: how far it was scrolled, and on which link. Kept with the entry of the
// history, so that Back leads there.

const SOON = 150;

let noteTimer = 0;
// Between two pages nobody is anywhere.
let between = true;

function boxes() {
  return [...document.querySelectorAll("main .scroll")];
}

function note(link) {
  clearTimeout(noteTimer);
  if (between) return;
  const at = { top: window.scrollY, boxes: boxes().map((b) => [b.scrollLeft, b.scrollTop]) };
  at.link = link ?? history.state?.link ?? null;
  history.replaceState(at, "");
}

// Keeps it from now on.
export function keepPlace() {
  history.scrollRestoration = "manual";
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("main a[href^='#']");
    if (link) note(link.getAttribute("href"));
  }, true);
  document.addEventListener("scroll", ({ target }) => {
    if (target !== document && !target.classList.contains("scroll")) return;
    clearTimeout(noteTimer);
    noteTimer = setTimeout(() => note(null), SOON);
  }, true);
}

// The page is about to go.
export function leavePlace() {
  clearTimeout(noteTimer);
  between = true;
}

// Goes there, if this page was seen before; else to the top.
export function restorePlace() {
  clearTimeout(noteTimer);
  between = false;
  const { top, boxes: kept, link } = history.state ?? {};
  if (top === undefined) {
    window.scrollTo(0, 0);
    return;
  }
  const came = link && [...document.querySelectorAll("main a[href]")].find((a) => a.getAttribute("href") === link);
  came?.focus({ preventScroll: true });
  boxes().forEach((box, n) => {
    if (kept?.[n]) box.scrollTo(...kept[n]);
  });
  window.scrollTo(0, top);
}
