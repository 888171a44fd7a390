// A table of links is one stop of the Tab key; arrows go from cell to cell.

function linksOf(row) {
  return [...row.cells].map((cell) => cell.querySelector("a"));
}

// Makes it so.
export function rove(table) {
  const links = [...table.querySelectorAll("tbody a")];
  const enter = (link) => {
    table.querySelector("a[tabindex='0']")?.setAttribute("tabindex", "-1");
    link.tabIndex = 0;
  };
  links.forEach((link) => { link.tabIndex = -1; });
  if (links.length) enter(table.querySelector("tbody td a") ?? links[0]);
  table.addEventListener("focusin", (event) => {
    const link = event.target.closest("tbody a");
    if (link) enter(link);
  });
  table.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const cell = event.target.closest("tbody td, tbody th");
    const to = cell && reached(event.key, cell.parentElement, cell.cellIndex);
    if (!to) return;
    event.preventDefault();
    event.stopPropagation();
    to.focus({ preventScroll: true });
    to.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  return table;
}

// The nearest link there, past cells that have none.
function reached(key, row, column) {
  const inRow = (step) => {
    const links = linksOf(row);
    for (let n = column + step; n >= 0 && n < links.length; n += step) if (links[n]) return links[n];
    return null;
  };
  const inColumn = (sibling) => {
    for (let other = row[sibling]; other; other = other[sibling]) {
      const link = linksOf(other)[column];
      if (link) return link;
    }
    return null;
  };
  return {
    ArrowRight: () => inRow(1),
    ArrowLeft: () => inRow(-1),
    ArrowDown: () => inColumn("nextElementSibling"),
    ArrowUp: () => inColumn("previousElementSibling"),
    Home: () => linksOf(row).find(Boolean),
    End: () => linksOf(row).findLast(Boolean),
  }[key]?.() ?? null;
}
