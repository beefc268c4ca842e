/** The 100 photographs in Chromium with the ImageNet weights: the answers of the real Keras. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { needsShared, sharedJson, sharedPath } from "../support/shared.ts";
import { closeBrowser, runInPage, withoutChromium } from "./harness.ts";
import type { Classified, Request } from "./pages/photographs.ts";

interface Reference {
  readonly file: string;
  readonly bilinear: { readonly top5: readonly (readonly [string, string, number])[] };
  /** Of the bilinear picture. */
  readonly embedding_l2: number;
}

const page = fileURLToPath(new URL("pages/photographs.ts", import.meta.url));

describe("photographs in Chromium", { skip: withoutChromium || needsShared }, () => {
  after(closeBrowser);

  it("100 of 100: Keras's top-5 in the same order, scores within 1e-4, embeddings' norms within 1e-3", async () => {
    const references = sharedJson<readonly Reference[]>("reference/predictions.json");
    const request: Request = {
      weights: "/weights/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5",
      photographs: references.map(({ file }) => `/images/${file}`),
      interpolation: "bilinear",
    };
    const folders = { weights: sharedPath("weights"), images: sharedPath("images") };
    const answers = (await runInPage(page, request, { folders })) as readonly Classified[];
    assert.equal(answers.length, 100);
    for (const [i, { file, bilinear, embedding_l2 }] of references.entries()) {
      const answer = answers[i];
      assert.deepEqual(
        answer?.top5.map(([wnid]) => wnid),
        bilinear.top5.map(([wnid]) => wnid),
        file,
      );
      for (const [rank, [, score]] of answer.top5.entries()) {
        const difference = Math.abs(score - (bilinear.top5[rank]?.[2] ?? NaN));
        assert.ok(difference <= 1e-4, `${file}: score ${rank} is off by ${difference}`);
      }
      const norm = Math.abs(answer.embeddingNorm - embedding_l2);
      assert.ok(norm <= 1e-3, `${file}: the norm is off by ${norm}`);
    }
  });
});
