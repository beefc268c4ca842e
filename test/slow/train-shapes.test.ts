/** A whole training from scratch, of pictures that the project draws, as a user would do it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { runCli } from "../cli/run-cli.ts";
import { drawShapes } from "../support/shapes.ts";

interface Phase {
  readonly bestEpoch: number;
  readonly history: { readonly accuracy: readonly number[]; readonly val_accuracy: readonly number[] };
}

const home = mkdtempSync(join(tmpdir(), "shapes-"));
after(() => rmSync(home, { recursive: true }));

describe("train from scratch", () => {
  test("seven shapes, 600 pictures of each: over 95 % of 1050 others, which nothing was chosen by; validated within 3 % of what it trains with", async (t) => {
    const [learned, others, output] = ["learned", "others", "shapes.keras"].map((name) => join(home, name));
    assert.ok(learned !== undefined && others !== undefined && output !== undefined);
    await drawShapes(learned, { perClass: 600, side: 64, seed: 1 });
    await drawShapes(others, { perClass: 150, side: 64, seed: 5 });
    const size = ["--from-scratch", "--alpha", "0.35", "--size", "64", "--augment", "flip,rotation"];
    const length = ["--epochs", "26", "--batch-size", "16"];
    const trained = await runCli(["train", learned, "-o", output, ...size, ...length, "--json"]);
    assert.equal(trained.code, 0, trained.stderr);
    const { phases } = JSON.parse(trained.stdout) as { readonly phases: readonly Phase[] };
    const [{ bestEpoch, history } = assert.fail("no phase")] = phases;
    const [training = NaN, validation = NaN] = [history.accuracy, history.val_accuracy].map(
      (all) => all[bestEpoch - 1],
    );
    const { stdout } = await runCli(["evaluate", others, "--weights", output, "--json"]);
    const { top1, data } = JSON.parse(stdout) as {
      readonly top1: number;
      readonly data: { readonly pictures: number };
    };
    const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
    t.diagnostic(`${percent(top1)} right; training ${percent(training)}, validation ${percent(validation)}`);
    assert.equal(data.pictures, 1050);
    assert.ok(top1 > 0.95, String(top1));
    assert.ok(Math.abs(training - validation) < 0.03, `${training}, ${validation}`);
  });
});
