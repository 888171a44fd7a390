// Runs the tests against the program that cargo has built (`cargo build --release` first).
//
// What is needed: `npm ci` in this folder, and Chromium (`apt-get install chromium`; another path by
// CHROMIUM). Where something is missing, the tests are skipped with a line that says so; with CI=true they fail.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const PROGRAM = process.env.FOLIOCHECK ?? join(HERE, "../../target/release/foliocheck");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

function missing() {
  if (!existsSync(PROGRAM)) return `${PROGRAM} is not built: cargo build --release`;
  if (!existsSync(CHROMIUM)) return `${CHROMIUM} is not there: apt-get install chromium`;
  if (!existsSync(join(HERE, "node_modules/playwright-core"))) return "npm ci was not run in checker/browser";
  return null;
}

// The server, and its address: its first line.
async function serve() {
  const server = spawn(PROGRAM, ["ui", "--max-runs", "1"], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: server.stdout });
  const [url] = await new Promise((resolve, reject) => {
    lines.once("line", (line) => resolve([line]));
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return { server, url };
}

// Files that the tests open.
function prepare(folder) {
  const make = (...args) => {
    const made = spawnSync(PROGRAM, args, { encoding: "utf8", maxBuffer: 1 << 26 });
    if (made.status !== 0) throw new Error(`foliocheck ${args.join(" ")}: ${made.stderr}`);
    return made.stdout;
  };
  make("export", "--html", join(folder, "export.html"), "--scheme", "stable-pin*", "--scheme", "by-reference",
    "--scenario", "mmap-store-dirty-pte", "--scenario", "pinned-writer-vs-writeback");
}

const reason = missing();
if (reason) {
  console.log(`browser tests skipped: ${reason}`);
  process.exit(process.env.CI === "true" ? 1 : 0);
}

const folder = mkdtempSync(join(tmpdir(), "foliocheck-browser-"));
const script = process.argv[2];
let code = 1;
try {
  prepare(folder);
  const { server, url } = await serve();
  const files = readdirSync(join(HERE, "tests")).filter((f) => f.endsWith(".test.js")).map((f) => join(HERE, "tests", f));
  const args = script ? [join(HERE, script), ...process.argv.slice(3)] : ["--test", "--test-concurrency=1", ...files];
  const tests = spawn(process.execPath, args, {
    stdio: "inherit",
    env: { ...process.env, BASE: url, FOLDER: folder, CHROMIUM },
  });
  code = await new Promise((resolve) => tests.once("exit", (c) => resolve(c ?? 1)));
  server.kill();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(code);
