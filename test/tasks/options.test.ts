/** Every function of the tasks refuses an option that there is not, before it loads or reads anything. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as tasks from "../../src/public/tasks.ts";
import { SIZE, seededModel } from "./models.ts";

/** Hands over what the compiler would refuse. */
function misspelled(options: object): never {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return options as never;
}

describe("every task refuses an option that there is not", () => {
  const calls: Readonly<Record<string, readonly [call: () => unknown, given: string, meant: string]>> = {
    "loadClassifier()": [() => tasks.loadClassifier(misspelled({ weight: "x" })), "weight", "weights"],
    "planClassifier()": [() => tasks.planClassifier(misspelled({ onProgres() {} })), "onProgres", "There are"],
    "loadExtractor()": [() => tasks.loadExtractor(misspelled({ poolings: "max" })), "poolings", "pooling"],
    "openModel()": [() => tasks.openModel("x.keras", misspelled({ inputSize: 96 })), "inputSize", "There are"],
    "pictureFormat()": [() => tasks.pictureFormat([8, 8, 3], misspelled({ cropas: "timm" })), "cropas", "cropAs"],
    "loadBase()": [() => tasks.loadBase(misspelled({ fromscratch: true })), "fromscratch", "fromScratch"],
    "a transfer": [
      () => tasks.transferSchedule(misspelled({ learning_rate: 1 }), { counts: [1], labels: [0], validates: false }),
      "learning_rate",
      "learningRate",
    ],
  };
  for (const [of, [call, given, meant]] of Object.entries(calls)) {
    it(of, async () => {
      await assert.rejects(
        async () => call(),
        (error: Error) => {
          assert.ok(error.message.startsWith(`Unknown option \`${given}\` of ${of}. `), error.message);
          assert.ok(error.message.includes(meant), error.message);
          return true;
        },
      );
    });
  }

  it("also those that take a model", async () => {
    using model = await seededModel();
    const weights = await model.toBytes("keras");
    using classifier = await tasks.loadClassifier({ weights });
    using extractor = await tasks.loadExtractor({ weights });
    const base = await tasks.loadBase({ weights, size: SIZE });
    const message = /^Unknown option `zzz` of /;
    await assert.rejects(classifier.classify("x.png", misspelled({ zzz: 1 })), { code: "ValueError", message });
    await assert.rejects(tasks.evaluateClassifier(classifier, [], new Int32Array(), misspelled({ zzz: 1 })), {
      code: "ValueError",
      message,
    });
    assert.throws(() => tasks.extractAll(extractor, [], misspelled({ zzz: 1 })), { code: "ValueError", message });
    assert.throws(() => tasks.withHead(base, misspelled({ classNames: ["a"], zzz: 1 })), {
      code: "ValueError",
      message,
    });
  });
});
