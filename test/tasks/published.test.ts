/** ImageNet weights that there are not: the error names the options, as TypeScript or the command line writes them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { messageAsTyped } from "../../src/cli/terminal/options-in-errors.ts";
import { OptionError, loadBase, loadExtractor, planClassifier } from "../../src/public/tasks.ts";

const ALPHAS = "There are ImageNet weights for an alpha of 0.35, 0.5, 0.75, 1, 1.3, 1.4. Received: ";
const SIZES = "there are ImageNet weights for a size of ";

describe("ImageNet weights that there are not", () => {
  const calls: Readonly<Record<string, readonly [call: () => unknown, message: string, typed: string]>> = {
    "a classifier's alpha": [() => planClassifier({ alpha: 0.4 }), `${ALPHAS}\`alpha: 0.4\``, `${ALPHAS}--alpha 0.4`],
    "a classifier's size": [
      () => planClassifier({ size: 100 }),
      `With \`alpha: 1\` ${SIZES}96, 128, 160, 192, 224. Received: \`size: 100\``,
      `With --alpha 1 ${SIZES}96, 128, 160, 192, 224. Received: --size 100`,
    ],
    "a size that only other alphas have": [
      () => planClassifier({ alpha: 1.4, size: 96 }),
      `With \`alpha: 1.4\` ${SIZES}224. Received: \`size: 96\``,
      `With --alpha 1.4 ${SIZES}224. Received: --size 96`,
    ],
    "an extractor's alpha": [() => loadExtractor({ alpha: 2 }), `${ALPHAS}\`alpha: 2\``, `${ALPHAS}--alpha 2`],
    "a base's alpha": [() => loadBase({ alpha: 2 }), `${ALPHAS}\`alpha: 2\``, `${ALPHAS}--alpha 2`],
  };
  for (const [what, [call, message, typed]] of Object.entries(calls)) {
    it(what, async () => {
      await assert.rejects(
        async () => call(),
        (error) => {
          assert.ok(error instanceof OptionError);
          assert.equal(error.message, message);
          assert.equal(messageAsTyped(error), typed);
          return true;
        },
      );
    });
  }
});
