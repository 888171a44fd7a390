// Addresses: `#/page/part/part?key=value`. Everything that is shown is in them.

// What the address says.
export function here() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return {
    path: path.split("/").filter(Boolean).map(decodeURIComponent),
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
  const { path, query } = here();
  return address(path, { ...Object.fromEntries(query), ...changes });
}

// Goes there; without a new entry in the history if `quietly`.
export function go(to, quietly) {
  if (to === location.hash) return;
  if (quietly) {
    history.replaceState(null, "", to);
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

// Steps in an address: task, step and branch by name.
export function writeChoices(choices) {
  return choices.map((c) => c.map(encodeURIComponent).join("~")).join("!");
}

// Reads them.
export function readChoices(text) {
  if (!text) return [];
  return text.split("!").map((c) => {
    const parts = c.split("~").map(decodeURIComponent);
    return [parts[0] ?? "", parts[1] ?? "", parts[2] ?? ""];
  });
}
