/** A whole training from scratch, of pictures that the project draws, as a user would do it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { runCli } from "../cli/run-cli.ts";
import { drawShapes } from "../support/shapes.ts";

const home = mkdtempSync(join(tmpdir(), "shapes-"));
after(() => rmSync(home, { recursive: true }));

describe("train from scratch", () => {
  test("seven shapes, 600 pictures of each: over 95 % of 1050 others, which nothing was chosen by", async (t) => {
    const [learned, others, output] = ["learned", "others", "shapes.keras"].map((name) => join(home, name));
    assert.ok(learned !== undefined && others !== undefined && output !== undefined);
    await drawShapes(learned, { perClass: 600, side: 64, seed: 1 });
    await drawShapes(others, { perClass: 150, side: 64, seed: 5 });
    const size = ["--from-scratch", "--alpha", "0.35", "--size", "64", "--augment", "flip,rotation"];
    const trained = await runCli(["train", learned, "-o", output, ...size]);
    assert.equal(trained.code, 0, trained.stderr);
    const { stdout } = await runCli(["evaluate", others, "--weights", output, "--json"]);
    const { top1, data } = JSON.parse(stdout) as {
      readonly top1: number;
      readonly data: { readonly pictures: number };
    };
    t.diagnostic(`${(top1 * 100).toFixed(1)} % right`);
    assert.equal(data.pictures, 1050);
    assert.ok(top1 > 0.95, String(top1));
  });
});
