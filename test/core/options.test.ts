/** Unknown options: what is refused, what passes, and which name is suggested. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nearNames } from "../../src/core/nearest.ts";
import { checkOptions, fromFile } from "../../src/core/options.ts";

interface Options {
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly learningRate?: number;
}

const KNOWN = { epochs: true, batchSize: true, learningRate: true } as const;
const check = (options: object): void => checkOptions<Options>("fit()", options, KNOWN);
const refused = (message: string) => ({ name: "MobileNetV2Error", code: "ValueError", message });

describe("checkOptions", () => {
  it("names the option and the one that was meant", () => {
    for (const [given, meant] of [
      ["epoch", "epochs"],
      ["batch_size", "batchSize"],
      ["BatchSize", "batchSize"],
      ["lr", "learningRate"],
    ] as const) {
      assert.throws(
        () => check({ epochs: 1, [given]: 3 }),
        refused(`Unknown option \`${given}\` of fit(). Did you mean \`${meant}\`?`),
      );
    }
  });

  it("names all where none is near", () => {
    assert.throws(
      () => check({ verbosity: 3 }),
      refused("Unknown option `verbosity` of fit(). There are: epochs, batchSize, learningRate."),
    );
    assert.throws(
      () => check({ ["x".repeat(1e6)]: 1 }),
      /^MobileNetV2Error: Unknown option `x{200}…` of fit\(\)\. There/,
    );
  });

  it("refuses what is no object", () => {
    for (const [given, shown] of [
      [0.001, "0.001"],
      [null, "null"],
      [[3], "(3,)"],
    ] as const) {
      assert.throws(
        // @ts-expect-error what plain JavaScript may say
        () => check(given),
        refused(`fit() takes its options as an object, { epochs, batchSize, learningRate }. Received: ${shown}`),
      );
    }
  });

  it("lets pass what is known, what has no value, and what a file says", () => {
    check({});
    check({ epochs: 3, batchSize: undefined, epoch: undefined });
    check(fromFile({ epoch: 3 }));
    check({ ...fromFile({ epoch: 3 }) });
    assert.throws(() => check({ toString: 1 }), /Unknown option `toString`/);
    assert.throws(() => check({ constructor: 1 }), /Unknown option `constructor`/);
  });

  it("takes no list that the interface outgrew", () => {
    // The compiler says so: where it does not, the comment is the error. Nothing is wrong with the call itself.
    assert.doesNotThrow(() => {
      // @ts-expect-error learningRate is missing
      checkOptions<Options>("fit()", {}, { epochs: true, batchSize: true });
      // @ts-expect-error there is no epoch
      checkOptions<Options>("fit()", {}, { ...KNOWN, epochs: true, epoch: true });
    });
  });
});

describe("nearNames", () => {
  it("finds misspelled and shortened names", () => {
    assert.equal(nearNames("alfa", ["name", "alpha", "classes"])[0], "alpha");
    assert.equal(nearNames("imgSize", ["imageSize", "batchSize"])[0], "imageSize");
    assert.equal(nearNames("unit", ["units", "useBias"])[0], "units");
    assert.equal(nearNames("rate", ["name", "learningRate"])[0], "learningRate");
    assert.equal(
      nearNames("block_14_expand_rel", ["block_1_expand_relu", "block_14_expand_relu"])[0],
      "block_14_expand_relu",
    );
  });

  it("has the nearest first", () => {
    assert.deepEqual(nearNames("Conv", ["out_relu", "conv_pw_1", "Conv_1", "conv"]), ["conv", "Conv_1", "conv_pw_1"]);
  });

  it("finds none where all are far", () => {
    assert.equal(nearNames("rate", ["name", "units"])[0], undefined);
    assert.equal(nearNames("l", ["learningRate"])[0], undefined);
    assert.equal(nearNames("", ["name"])[0], undefined);
    assert.equal(nearNames("x", [])[0], undefined);
  });
});
