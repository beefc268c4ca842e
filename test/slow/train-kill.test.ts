/** A training that is killed at ten random moments and resumed each time ends with the weights of an undisturbed one. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { MobileNetV2 } from "mobilenet-v2";
import { readCheckpoint } from "mobilenet-v2/saving";
import { type Ended, runCli } from "../cli/run-cli.ts";
import { drawShapes } from "../support/shapes.ts";

const KILLS = 10;

const home = mkdtempSync(join(tmpdir(), "kill-"));
const photos = join(home, "shapes");
const weights = join(home, "base.keras");
after(() => rmSync(home, { recursive: true }));

before(async () => {
  await drawShapes(photos, { names: ["ring", "square", "star"], perClass: 30, side: 48, seed: 1 });
  const base = await MobileNetV2({ alpha: 0.35, inputShape: [48, 48, 3], includeTop: false, weights: null });
  await base.save(weights);
  base.dispose();
});

async function tensorsOf(file: string): Promise<ReadonlyMap<string, Float32Array>> {
  const { weights: stored } = await readCheckpoint(file);
  return new Map([...stored].map(([name, tensor]) => [name, tensor.read()]));
}

/** Ends the process after so many milliseconds, unless it has ended. */
async function killedAfter(milliseconds: number, args: readonly string[]): Promise<Ended> {
  let timer: NodeJS.Timeout | undefined;
  const ended = await runCli(args, {
    onStart: (pid) => (timer = setTimeout(() => process.kill(pid, "SIGKILL"), milliseconds)),
  });
  clearTimeout(timer);
  return ended;
}

/** How far it had come: the phase, and whether it had anything to go on from. */
function placeIn(folder: string): string {
  if (!existsSync(folder)) return "nothing";
  const phases = readdirSync(folder).filter((name) => name.startsWith("phase-"));
  return phases.toSorted((a, b) => (a < b ? -1 : 1)).at(-1) ?? "no phase";
}

describe("train, killed at ten random moments", () => {
  const recipes = {
    "head and fine-tuning": ["--weights", weights, "--fine-tune-from", "block_14", "--epochs", "60"],
    "all layers, from scratch": ["--from-scratch", "--alpha", "0.35", "--epochs", "60"],
  };
  for (const [name, recipe] of Object.entries(recipes)) {
    for (const every of ["0", "0.3"]) {
      test(`${name}, kept every ${every} s: the same weights, to the bit`, async (t) => {
        const args = ["train", photos, "--size", "48", "--batch-size", "8", ...recipe, "--save-every", every];
        const slug = `${name.slice(0, 3)}${every}`;
        const undisturbed = join(home, `${slug}-a`, "x.keras");
        const disturbed = join(home, `${slug}-b`, "x.keras");
        for (const file of [undisturbed, disturbed]) mkdirSync(join(file, ".."));
        const started = performance.now();
        assert.equal((await runCli([...args, "-o", undisturbed])).code, 0);
        const duration = performance.now() - started;
        // A start takes its time too: what is left of each run must not be enough for all. The first ones end within the first phase.
        const longest = Math.max(1500, duration / 3);
        const places: string[] = [];
        while (places.length < KILLS) {
          const most = places.length < 3 ? 1200 : longest;
          // oxlint-disable-next-line no-await-in-loop -- one goes on where the other was killed
          const { code, stderr } = await killedAfter(200 + Math.random() * most, [
            ...args,
            "-o",
            disturbed,
            "--resume",
          ]);
          // Done before its time: once more.
          if (code === 0) rmSync(disturbed);
          else assert.equal(code, null, stderr);
          places.push(code === 0 ? "done" : placeIn(`${disturbed}.training`));
        }
        t.diagnostic(`${(duration / 1000).toFixed(1)} s undisturbed; killed in ${places.join(", ")}`);
        assert.ok(
          places.filter((place) => place !== "done").length >= KILLS / 2,
          "it was too short to be killed often",
        );
        const last = await runCli([...args, "-o", disturbed, "--resume"]);
        assert.equal(last.code, 0, last.stderr);
        assert.deepEqual(await tensorsOf(disturbed), await tensorsOf(undisturbed));
        assert.deepEqual(readdirSync(join(disturbed, "..")).toSorted(), ["x.html", "x.keras", "x.labels.txt"]);
      });
    }
  }
});
