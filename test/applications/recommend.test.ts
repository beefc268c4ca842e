import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Checkpoint, checkpoints } from "../../src/applications/checkpoints.ts";
import { type Measurement, downloadBytes, measureCheckpoint } from "../../src/applications/measure.ts";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { recommend } from "../../src/applications/recommend.ts";
import { MobileNetV2Error } from "../../src/core/errors.ts";
import { blankQuantized } from "../../src/models/quantized/blank-quantized.ts";

/** As on a machine that does 30 GMAC/s. */
const measurements: readonly Measurement[] = checkpoints.map(({ name, macs }) => {
  return { name, precision: "float32", latencyMs: macs / 30e6 };
});

function refusal(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof MobileNetV2Error);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  };
}

describe("recommend", () => {
  it("names the most accurate model that a measured table has within the time", async () => {
    for (const latencyMs of [0.5, 1, 2, 5, 10, 15, 20]) {
      const fits = checkpoints.filter(({ macs }) => macs / 30e6 <= latencyMs);
      // oxlint-disable-next-line no-await-in-loop -- nothing waits
      const chosen = await recommend({ latencyMs, measurements });
      assert.equal(chosen.precision, "float32");
      assert.equal(chosen.top1, Math.max(...fits.map(({ top1 }) => top1)));
      assert.ok(chosen.latencyMs !== undefined && chosen.latencyMs <= latencyMs);
    }
  });

  it("names the most accurate model within a download, without measuring", async () => {
    const floats = await recommend({ downloadBytes: 8e6, precisions: ["float32"] });
    assert.deepEqual(
      [floats.name, floats.precision, floats.latencyMs, floats.downloadBytes],
      ["mobilenetv2_0.50_224", "float32", undefined, 7948896],
    );
    const integers = await recommend({ downloadBytes: 2e6 });
    assert.deepEqual([integers.name, integers.precision, integers.top1], ["mobilenetv2_0.35_224", "int8", 59.8]);
    assert.equal((await recommend()).name, "mobilenetv2_1.40_224");
  });

  it("holds to both budgets", async () => {
    const { name } = await recommend({ latencyMs: 2, downloadBytes: 8e6, measurements });
    assert.equal(name, "mobilenetv2_0.50_160");
  });

  it("of equally accurate models names the one with fewer multiply-adds", async () => {
    const both = measurements.filter(({ name }) => ["mobilenetv2_1.00_96", "mobilenetv2_0.35_224"].includes(name));
    assert.equal((await recommend({ measurements: both })).name, "mobilenetv2_1.00_96");
  });

  it("measures this machine, and the model that it names was fast enough", async () => {
    const { name, latencyMs } = await recommend({ latencyMs: 1000 });
    assert.equal(name, "mobilenetv2_1.40_224");
    assert.ok(latencyMs !== undefined && latencyMs > 0 && latencyMs <= 1000, String(latencyMs));
  });

  it("says which model is nearest where none fits", async () => {
    await assert.rejects(
      recommend({ latencyMs: 0.1, measurements }),
      refusal(
        "LimitError",
        /in 0\.1 ms on this machine: the fastest, mobilenetv2_0\.35_96 in float32, takes about 0\.40 ms/,
      ),
    );
    await assert.rejects(
      recommend({ latencyMs: 1e-6 }),
      // Which one that is here, who knows.
      refusal("LimitError", /the fastest, mobilenetv2_\d\.\d\d_\d+ in (int8|float32), takes about \d+\.\d\d ms/),
    );
    await assert.rejects(recommend({ downloadBytes: 1000 }), refusal("LimitError", /the smallest, that of .*0\.35_/));
  });

  it("refuses budgets that are none", async () => {
    for (const latencyMs of [0, -1, Number.NaN, "5ms" as unknown as number]) {
      // oxlint-disable-next-line no-await-in-loop -- nothing waits
      await assert.rejects(
        recommend({ latencyMs }),
        refusal("ValueError", /^`latencyMs` should be a number of millisec/),
      );
    }
    await assert.rejects(recommend({ downloadBytes: 0 }), refusal("ValueError", /Received `downloadBytes=0`$/));
    await assert.rejects(recommend({ measurements: [] }), refusal("ValueError", /^`measurements` has none /));
    const precisions = ["float8" as unknown as "float32"];
    await assert.rejects(recommend({ precisions }), refusal("ValueError", /Received: precisions=\(float8,\)$/));
  });
});

describe("measureCheckpoint", () => {
  it("times a published model", async () => {
    const started = performance.now();
    const measured = await measureCheckpoint({ name: "mobilenetv2_0.35_96" }, { duration: 20 });
    const { latencyMs, ...rest } = measured;
    assert.deepEqual(rest, { name: "mobilenetv2_0.35_96", precision: "float32" });
    // One of several predictions, all of which happened here.
    assert.ok(latencyMs > 0 && latencyMs < (performance.now() - started) / 2, String(latencyMs));
    const integers = await measureCheckpoint({ name: "mobilenetv2_0.35_96" }, { duration: 20, precision: "int8" });
    assert.equal(integers.precision, "int8");
    assert.ok(
      integers.latencyMs > 0 && integers.latencyMs < (performance.now() - started) / 4,
      String(integers.latencyMs),
    );
  });

  it("refuses others", async () => {
    await assert.rejects(
      measureCheckpoint({ name: "mobilenetv2_2.00_224" }),
      refusal("ValueError", /Received `name=mobilenetv2_2\.00_224`$/),
    );
    await assert.rejects(
      measureCheckpoint({ name: "mobilenetv2_0.35_96" }, { duration: Number.NaN }),
      refusal("ValueError", /Received: duration=NaN$/),
    );
  });
});

describe("downloadBytes", () => {
  const smallest = checkpoints[21] as Checkpoint;

  it("is four bytes a parameter for float32", () => {
    assert.equal(downloadBytes(smallest, "float32"), 1691208 * 4);
  });

  it("is what a quantized model is saved to for int8, within 0.1 %", async () => {
    const { alpha, rows } = smallest;
    const bytes = blankQuantized(await MobileNetV2({ alpha, inputShape: [rows, rows, 3], weights: null })).toBytes();
    assert.ok(Math.abs(downloadBytes(smallest, "int8") / bytes.length - 1) < 1e-3, String(bytes.length));
  });
});
