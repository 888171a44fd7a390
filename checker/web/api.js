// Asks the server; in an exported file, what is in the file.

import { unpack } from "./pack.js";

const packed = document.getElementById("data");

// Whether there is a machine to ask. An exported file is for reading.
export const live = !packed;

const kept = new Map();
let contents = {};

// A refusal of the server. `erring`: the model errs, and the steps to there are known.
export class Refusal extends Error {
  constructor(message, erring = false) {
    super(message);
    this.erring = erring;
  }
}

async function fetched(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refusal("The server does not answer. Is `foliocheck ui` still running?");
  }
  if (response.status === 204) return null;
  const text = await response.text();
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Refusal(text || `The server answered ${response.status}.`);
  }
  if (!response.ok) throw new Refusal(body.error ?? `The server answered ${response.status}.`, body.erring);
  return body;
}

// Reads what is in the file, if this is one.
export async function ready() {
  if (!live) contents = await unpack(packed.textContent);
}

// Whether there is an answer: a machine computes it, a file has it or has not.
export function answers(path) {
  return live || contents[path] !== undefined;
}

// What is at that path of the API.
export async function ask(path) {
  if (!live) {
    const found = contents[path];
    if (found === undefined) throw new Refusal("This is not in the file. `foliocheck ui` computes it.");
    return found;
  }
  if (!kept.has(path)) {
    const answer = fetched(path);
    kept.set(path, answer);
    answer.catch(() => kept.delete(path));
    if (kept.size > 60) kept.delete(kept.keys().next().value);
  }
  return kept.get(path);
}

// Sends `body` to that path.
export function tell(path, body) {
  if (!live) return Promise.reject(new Refusal("This needs the machine: `foliocheck ui`."));
  return fetched(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

// Ends what is at that path.
export function end(path) {
  return fetched(path, { method: "DELETE" });
}

// The path of a subject's trace; with `memory` "weak", on weak memory.
export function tracePath(subject, memory) {
  const query = new URLSearchParams({
    scheme: subject.scheme,
    scenario: subject.scenario,
    invariant: subject.invariant,
  });
  if (subject.without?.length) query.set("without", subject.without.join(","));
  if (memory) query.set("memory", memory);
  return `/api/trace?${query}`;
}

let theCatalog;

// Schemes, scenarios, invariants.
export function catalog() {
  theCatalog ??= ask("/api/catalog");
  return theCatalog;
}
