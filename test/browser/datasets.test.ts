/** A data set of the files that the user of a page chose is the one that Node has of the same files. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { pictureBytes } from "../image/pictures.ts";
import { assertWithin } from "../support/compare.ts";
import { closeBrowser, runInPage, withoutChromium } from "./harness.ts";
import { type DatasetAnswer, run } from "./pages/datasets.ts";

const page = fileURLToPath(new URL("pages/datasets.ts", import.meta.url));

describe("data sets in a page", { skip: withoutChromium }, () => {
  after(closeBrowser);

  it("the same files, labels and order as in Node; sums of pixels within 1e-3 relative", async () => {
    const names = ["plain.jpg", "rgba.png", "gray.jpg", "24.bmp", "plain.gif", "palette.png", "interlaced.png"];
    const pictures = names.map((name, i) => ({
      path: `photos/${["b", "a", "c"][i % 3]}/${name}`,
      base64: Buffer.from(pictureBytes(name)).toString("base64"),
    }));
    const inNode = await run(pictures);
    const inPage = (await runInPage(page, pictures)) as DatasetAnswer;
    assert.deepEqual(inPage.classNames, ["a", "b", "c"]);
    assert.deepEqual([inPage.filePaths, inPage.classNames], [inNode.filePaths, inNode.classNames]);
    assert.equal(inPage.batches.length, 6);
    for (const [i, [sum, labels]] of inPage.batches.entries()) {
      const [expected = 0, expectedLabels = []] = inNode.batches[i] ?? [];
      assert.deepEqual(labels, expectedLabels);
      assertWithin([sum / expected], [1], 1e-3);
    }
  });
});
