// Runs the tests against the program that cargo has built (`cargo build --release` first).
//
// What is needed: `npm ci` in this folder, and Chromium (`apt-get install chromium`; another path by
// CHROMIUM). Where something is missing, the tests are skipped with a line that says so; with CI=true they fail.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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
async function serve(...before) {
  const server = spawn(PROGRAM, [...before, "ui", "--max-runs", "1"], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: server.stdout });
  const [url] = await new Promise((resolve, reject) => {
    lines.once("line", (line) => resolve([line]));
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return { server, url };
}

// Scenarios of somebody's own.
const OWN = `title = "a write and a splice, ext4"
about = "One writer, one splicer."
groups = ["quick"]
filesystem = "ext4"
pipes = [1]

[[folio]]
[[task]]
name = "writer"
calls = [{ call = "write", folios = [0] }]
[[task]]
name = "splicer"
calls = [{ call = "splice", folios = [0], pipe = 0 }, { call = "pipe-read", pipe = 0 }]
`;

// Files that the tests open.
function prepare(folder) {
  mkdirSync(join(folder, "mine"));
  writeFileSync(join(folder, "mine/my-write-vs-splice.toml"), OWN);
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
  const own = await serve("--scenarios", join(folder, "mine"));
  const files = readdirSync(join(HERE, "tests")).filter((f) => f.endsWith(".test.js")).map((f) => join(HERE, "tests", f));
  const args = script ? [join(HERE, script), ...process.argv.slice(3)] : ["--test", "--test-concurrency=1", ...files];
  const tests = spawn(process.execPath, args, {
    stdio: "inherit",
    env: { ...process.env, BASE: url, MINE: own.url, FOLDER: folder, CHROMIUM },
  });
  code = await new Promise((resolve) => tests.once("exit", (c) => resolve(c ?? 1)));
  server.kill();
  own.server.kill();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(code);
