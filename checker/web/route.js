// Addresses: `#/page/part/part?key=value`. Everything that is shown is in them.

// What is to be in the address and is not yet: steps come faster than browsers let an address change.
let pending = null;
let timer = 0;
const IDLE = 200;
const LATEST = 600;

// Puts changes of the query into the address soon, without a new entry in the history.
export function remember(changes) {
  const now = performance.now();
  if (pending && pending.hash !== location.hash) pending = null;
  pending ??= { hash: location.hash, changes: {}, since: now };
  Object.assign(pending.changes, changes);
  clearTimeout(timer);
  timer = setTimeout(settle, Math.max(0, Math.min(IDLE, pending.since + LATEST - now)));
}

// Puts them there now. Whoever has gone elsewhere meanwhile is left there.
export function settle() {
  clearTimeout(timer);
  if (!pending) return;
  const { hash, changes } = pending;
  pending = null;
  if (hash !== location.hash) return;
  const to = changed(changes);
  if (to !== location.hash) history.replaceState(history.state, "", to);
}

// Before a link is followed or copied, and before the page goes.
document.addEventListener("click", settle, true);
window.addEventListener("pagehide", settle);

// A part of an address as it was before it became one; as it stands, if it never was.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// What the address says, or another one.
export function here(hash = location.hash) {
  const [path, query] = hash.replace(/^#\/?/, "").split("?");
  return {
    path: path.split("/").filter(Boolean).map(decoded),
    query: new URLSearchParams(query ?? ""),
  };
}

// An address.
export function address(path, query) {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") params.set(key, value);
  }
  const text = params.toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

// The present address with some keys of the query changed; an empty value removes one.
export function changed(changes) {
  settle();
  const { path, query } = here();
  return address(path, { ...Object.fromEntries(query), ...changes });
}

// Goes there; without a new entry in the history if `quietly`.
export function go(to, quietly) {
  settle();
  if (to === location.hash) return;
  if (quietly) {
    history.replaceState(history.state, "", to);
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.hash = to;
  }
}

// The address of a subject's trace.
export function traceAddress(subject, query) {
  return address(["trace", subject.scheme, subject.scenario, subject.invariant], {
    without: (subject.without ?? []).join(","),
    ...query,
  });
}

// Longer lists name each choice once: `!!` choices `!!` and their order, numbers to the base 36.
const NAMED_TWICE = 200;

// Steps in an address: task, step and branch by name, `~` between them; on weak memory also what the
// step reads otherwise than memory has it, `variable=value` with `;` between them. `!` between steps.
export function writeChoices(choices) {
  const named = choices.map(([task, step, branch, read]) => {
    const parts = [task, step, branch].map(encodeURIComponent);
    if (read?.length) parts.push(read.map((pair) => pair.map(encodeURIComponent).join("=")).join(";"));
    return parts.join("~");
  });
  if (named.length <= NAMED_TWICE) return named.join("!");
  const distinct = [...new Set(named)];
  const numbers = new Map(distinct.map((name, n) => [name, n.toString(36)]));
  return `!!${distinct.join("!")}!!${named.map((name) => numbers.get(name)).join(".")}`;
}

function readChoice(text) {
  const [task, step, branch, read] = text.split("~");
  const choice = [task, step ?? "", branch ?? ""].map(decoded);
  if (read) choice.push(read.split(";").map((pair) => pair.split("=").map(decoded)));
  return choice;
}

// Reads them.
export function readChoices(text) {
  if (!text) return [];
  if (!text.startsWith("!!")) return text.split("!").map(readChoice);
  const [names, order] = text.slice(2).split("!!");
  const distinct = names.split("!").map(readChoice);
  return (order ?? "").split(".").map((n) => distinct[Number.parseInt(n, 36)] ?? ["", "", ""]);
}
