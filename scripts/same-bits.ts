/**
 * Compares every number and file that a refactoring must not change with those of an earlier commit, bit for bit:
 *
 *   npm run same-bits -- <commit>
 *
 * Answers of all forward references, scores in integers, four training steps of each set-up, and the files of every format, on plain,
 * relaxed and 256-bit SIMD, on one thread and on two. Needs the reference folder beside the project.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

type Recorded = Readonly<Record<string, string>>;

const root = fileURLToPath(new URL("..", import.meta.url));
const program = fileURLToPath(new URL("same-bits-record.ts", import.meta.url));
const MACHINES = ["plain", "relaxed", "wide"] as const;

const [commit] = process.argv.slice(2);
if (commit === undefined || !existsSync(join(root, "../shared/reference"))) {
  console.error("usage: npm run same-bits -- <commit>, with the reference folder ../shared beside the project");
  process.exit(2);
}

/** What the tree's sources give, by name, as hashes. */
function record(tree: string, machine: string, out: string): Recorded {
  execFileSync(process.execPath, ["--conditions=@mobilenet-v2/source", program, tree, machine, out], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  return JSON.parse(readFileSync(out, "utf8"));
}

const folder = mkdtempSync(join(tmpdir(), "same-bits-"));
const before = join(folder, "before");
let different = 0;
try {
  execFileSync("git", ["worktree", "add", "--detach", before, commit], { cwd: root, stdio: "ignore" });
  symlinkSync(join(root, "node_modules"), join(before, "node_modules"));
  for (const machine of MACHINES) {
    const [old, now] = [before, root].map((tree) => record(tree, machine, join(folder, "recorded.json")));
    const names = [...new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})])];
    const others = names.filter((name) => old?.[name] !== now?.[name]);
    for (const name of others) console.log(`different on ${machine}: ${name}`);
    // Generated code may change where its results do not.
    const [code, results] = [true, false].map((isCode) => names.filter((name) => name.startsWith("code/") === isCode));
    const changed = others.filter((name) => !name.startsWith("code/"));
    different += changed.length;
    console.log(
      `${machine}: ${(results?.length ?? 0) - changed.length} of ${results?.length} results the same, and the generated code of ` +
        `${(code?.length ?? 0) - (others.length - changed.length)} of ${code?.length} parts`,
    );
  }
} finally {
  execFileSync("git", ["worktree", "remove", "--force", before], { cwd: root, stdio: "ignore" });
  rmSync(folder, { recursive: true, force: true });
}
console.log(different === 0 ? "the same bits" : `${different} results differ`);
process.exitCode = different === 0 ? 0 : 1;
