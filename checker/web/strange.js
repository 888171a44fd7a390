// What an address has that is not understood.

// The name that is nearest, if any is near.
export function near(name, all) {
  const scored = all.map((other) => [distance(name, other), other]).sort((a, b) => a[0] - b[0]);
  const [least, nearest] = scored[0] ?? [Infinity, ""];
  return least <= Math.max(2, name.length / 3) ? nearest : null;
}

function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}

// There is no such thing.
export function unknown(kind, name, all) {
  const nearest = near(name, all);
  return `There is no ${kind} ${name}.${nearest ? ` Did you mean ${nearest}?` : ""}`;
}

// The one of that name; an error if there is none.
export function named(kind, name, list) {
  const found = list.find((item) => item.id === name);
  if (!found) throw new Error(unknown(kind, name, list.map((item) => item.id)));
  return found;
}

// A number of an address: an error in words if it is none, or out of range.
export function outOfRange(query, key, most) {
  const text = query.get(key);
  if (text === null || text === "") return [];
  const n = Number(text);
  return Number.isInteger(n) && n >= 0 && n <= most ? [] : [`${key}=${text}: there are only 0 to ${most}.`];
}

// Names in an address that are not among `all`.
export function notAmong(query, key, kind, all) {
  const names = (query.get(key) ?? "").split(",").filter(Boolean);
  return names.filter((name) => !all.includes(name)).map((name) => unknown(kind, name, all));
}

// Parts and keys of a route that no page of that name has.
export function leftOver({ path, query }, parts, keys) {
  const more = path.slice(parts).map((part) => `Nothing is at /${part} here.`);
  const strangers = [...new Set(query.keys())].filter((key) => !keys.includes(key));
  return [...more, ...strangers.map((key) => `${unknown("setting", key, keys)}`)];
}
