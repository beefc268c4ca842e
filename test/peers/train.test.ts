/**
 * Trainings that go on where the other left off. What the command `train` writes: Keras 3 opens it and answers the same for pixels of 0 to 255, and trains it further; we open that again.
 * And models that were saved compiled, with their optimizers. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  BatchNormalization,
  Dense,
  GlobalAveragePooling2D,
  Input,
  MobileNetV2,
  Model,
  Tensor,
  loadModel,
} from "../../src/index.ts";
import { Conv2D, DepthwiseConv2D, GlorotUniform, ReLU } from "../../src/public/layers.ts";
import { Adam, CosineDecay, SGD } from "../../src/public/training.ts";
import { uniform } from "../../src/core/random.ts";
import { runCli } from "../cli/run-cli.ts";
import { assertWithin } from "../support/compare.ts";
import { seedWeights } from "../support/seeded.ts";
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

/** What two steps of Keras's have made of a compiled model that it loaded. */
interface GoneOn extends Answer {
  readonly losses: readonly number[];
  readonly logged: readonly string[];
  readonly weights: readonly (readonly number[])[];
  readonly iterations: number;
  readonly warnings: readonly string[];
}

describe("a compiled model goes on in Keras and here", { skip: needsPython("keras", ["keras", "tensorflow"]) }, () => {
  const side = 64; // of keras_models.py
  const x = new Tensor([4, side, side, 3], uniform("peers/compiled", 4 * side * side * 3, -1, 1));
  const asked = new Asked<GoneOn>("keras", "keras_models.py keras");

  /** As `small` and `fine` of keras_models.py. */
  async function made(kind: "small" | "fine"): Promise<Model> {
    const inputs = Input({ shape: [side, side, 3] });
    if (kind === "small") {
      let y = new Conv2D({ filters: 8, kernelSize: 3, strides: 2, padding: "same", useBias: false }).apply(inputs);
      y = new ReLU({ maxValue: 6 }).apply(new BatchNormalization().apply(y));
      y = new GlobalAveragePooling2D().apply(new DepthwiseConv2D({ kernelSize: 3, padding: "same" }).apply(y));
      const small = new Model({ inputs, outputs: new Dense({ units: 5, activation: "softmax" }).apply(y) });
      seedWeights(small, "peers");
      return small;
    }
    const base = await MobileNetV2({
      alpha: 0.35,
      inputShape: [side, side, 3],
      includeTop: false,
      pooling: "avg",
      weights: null,
    });
    seedWeights(base, "peers");
    const first = base.layers.findIndex(({ name }) => name === "block_16_expand");
    for (const [i, layer] of base.layers.entries()) {
      layer.trainable = i >= first && !(layer instanceof BatchNormalization);
    }
    const kernelInitializer = new GlorotUniform({ seed: 1 });
    const head = new Dense({ units: 5, activation: "softmax", name: "head", kernelInitializer });
    return new Model({ inputs, outputs: head.apply(base.apply(inputs, { training: false })) });
  }

  const optimizers = {
    adam: () => new Adam({ learningRate: 1e-3 }),
    sgd: () =>
      new SGD({ learningRate: new CosineDecay({ initialLearningRate: 0.0005, decaySteps: 10 }), momentum: 0.9 }),
  };

  /** The losses of two steps. */
  async function twoSteps(model: Awaited<ReturnType<typeof loadModel>>): Promise<readonly number[]> {
    const { history } = await model.fit(x, [0, 1, 2, 3], { epochs: 2, batchSize: 4, shuffle: false });
    return history["loss"] ?? [];
  }

  function assertSame(
    losses: readonly number[],
    { weights }: Model | Awaited<ReturnType<typeof loadModel>>,
    theirs: GoneOn,
  ): void {
    assertWithin(
      losses.map((loss, i) => loss / (theirs.losses[i] ?? NaN)),
      [1, 1],
      1e-4,
      "losses",
    );
    assert.equal(weights.length, theirs.weights.length);
    for (const [i, { name, values }] of weights.entries())
      assertWithin(values, theirs.weights[i] ?? [], 1e-5, `${i}: ${name}`);
    assert.equal(theirs.iterations, 4);
    assert.deepEqual(theirs.logged, ["accuracy", "loss"]);
    assert.deepEqual(theirs.warnings, []);
  }

  const cases = (["small", "fine"] as const).flatMap((kind) =>
    (["adam", "sgd"] as const).map((name) => ({ kind, name })),
  );
  // All that is asked, before the first answer is wanted.
  const here = cases.map(async ({ kind, name }) => {
    const model = await made(kind);
    model.compile({ optimizer: optimizers[name](), loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
    await twoSteps(model);
    const file = asked.path("here", `${kind}-${name}.keras`);
    await model.save(file);
    return { model, answer: asked.task({ do: "go on", file }, x) };
  });
  const there = cases.map(({ kind, name }) => {
    const to = asked.path("there", `${kind}-${name}.keras`);
    return { to, answer: asked.task({ do: "compiled", model: kind, optimizer: name, to }, x) };
  });

  for (const [i, { kind, name }] of cases.entries()) {
    const what = `${kind}, ${name}: two more steps are Keras's, losses within 1e-4 of them, weights within 1e-5`;
    test(`trained here, ${what}; it warns of nothing`, async () => {
      const { model, answer } = (await Promise.all(here))[i] ?? assert.fail();
      assertSame(await twoSteps(model), model, answer());
      model.dispose();
    });

    test(`trained in Keras, ${what}`, async () => {
      await Promise.all(here);
      const { to, answer } = there[i] ?? assert.fail();
      const theirs = answer();
      const model = await loadModel(to);
      assertSame(await twoSteps(model), model, theirs);
      model.dispose();
    });
  }
});

describe("a model that Keras 2 saved compiled", { skip: needsPython("keras", ["tf_keras", "tensorflow"]) }, () => {
  const x = new Tensor([4, 64, 64, 3], uniform("peers/compiled", 4 * 64 * 64 * 3, -1, 1));
  const asked = new Asked<GoneOn>("keras", "keras_models.py tf_keras");
  const cases = ["keras", "h5"].flatMap((ending) => ["adam", "sgd"].map((optimizer) => ({ ending, optimizer })));
  const answers = cases.map(({ ending, optimizer }) => {
    const to = asked.path(`${optimizer}.${ending}`);
    return { to, answer: asked.task({ do: "compiled", model: "small", optimizer, to }, x) };
  });

  for (const [i, { ending, optimizer }] of cases.entries()) {
    test(`${optimizer}, .${ending}: two more steps are its own, losses within 1e-4 of them, weights within 1e-5`, async () => {
      const { to, answer } = answers[i] ?? assert.fail();
      const theirs = answer();
      const model = await loadModel(to);
      const { history } = await model.fit(x, [0, 1, 2, 3], { epochs: 2, batchSize: 4, shuffle: false });
      assertWithin(
        (history["loss"] ?? []).map((loss, step) => loss / (theirs.losses[step] ?? NaN)),
        [1, 1],
        1e-4,
      );
      for (const [k, { name, values }] of model.weights.entries()) {
        assertWithin(values, theirs.weights[k] ?? [], 1e-5, `${k}: ${name}`);
      }
      assert.equal(model.optimizer?.iterations, 4);
      model.dispose();
    });
  }
});
