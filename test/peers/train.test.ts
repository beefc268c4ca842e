/** What the command `train` writes: Keras 3 opens it and answers the same for pixels of 0 to 255, and trains it further; we open that again. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Adam, MobileNetV2, Tensor, loadModel } from "../../src/index.ts";
import { uniform } from "../../src/core/random.ts";
import { runCli } from "../cli/run-cli.ts";
import { assertWithin } from "../support/compare.ts";
import { drawShapes } from "../support/shapes.ts";
import { type Answer, Asked, needsPython } from "./peers.ts";

const SIZE = 48;

/** `before` and `output`: its answers before and after two steps of Keras's own; `losses`: of further ones, with a new optimizer. */
interface Trained extends Answer {
  readonly before?: readonly number[];
  readonly losses?: readonly number[];
  readonly trainable?: number;
}

describe("a model that train has made, in Keras", { skip: needsPython("keras", ["keras", "tensorflow"]) }, () => {
  const x = new Tensor([4, SIZE, SIZE, 3], uniform("peers/pixels", 4 * SIZE * SIZE * 3, 0, 255));

  for (const kind of ["head and fine-tuning", "all layers"] as const) {
    test(`${kind}: the same answers within 1e-5; trained on there and opened here, too, it goes on with Keras's loss within 1e-5, 5e-3 after further steps`, async () => {
      const asked = new Asked<Trained>("keras", "keras_models.py keras");
      const folder = asked.path(kind, "shapes");
      await drawShapes(folder, { names: ["ring", "square", "star"], perClass: 6, side: SIZE, seed: 1 });
      const [base, output, further] = ["base", "trained", "further"].map((name) => asked.path(kind, `${name}.keras`));
      assert.ok(base !== undefined && output !== undefined && further !== undefined);
      const blank = await MobileNetV2({ alpha: 0.35, inputShape: [SIZE, SIZE, 3], includeTop: false, weights: null });
      await blank.save(base);
      blank.dispose();
      const recipe = kind === "all layers" ? ["--from-scratch", "--alpha", "0.35"] : ["--weights", base];
      const options = ["--size", String(SIZE), "--epochs", "2", "--dropout", "0", ...recipe];
      assert.equal((await runCli(["train", folder, "-o", output, ...options])).code, 0);
      const answer = asked.task({ do: "train", file: output, to: further }, x)();

      const ours = await loadModel(output);
      assertWithin((await ours.predict(x)).data, answer.before ?? [], 1e-5);
      const again = await loadModel(further);
      assertWithin((await again.predict(x)).data, answer.output ?? [], 1e-5);
      // Keras keeps nothing of ours: that the model takes pixels is seen from its layers.
      assert.deepEqual(
        [again.preprocessing, ours.preprocessing],
        [
          { scale: 1, offset: 0 },
          { scale: 1, offset: 0 },
        ],
      );
      assert.notDeepEqual(answer.before, answer.output);

      assert.equal(again.trainableWeights.length, answer.trainable);
      again.compile({ optimizer: new Adam({ learningRate: 1e-3 }), loss: "sparse_categorical_crossentropy" });
      const { history } = await again.fit(x, [0, 1, 2, 0], { epochs: 3, batchSize: 4, shuffle: false });
      const [losses = [], theirs = []] = [history["loss"], answer.losses];
      assert.equal(theirs.length, 3);
      assertWithin(losses.slice(0, 1), theirs.slice(0, 1), 1e-5);
      assertWithin(losses, theirs, 5e-3);
      assert.ok(theirs.every((loss, i) => i === 0 || loss < (theirs[i - 1] ?? NaN)));
    });
  }
});
