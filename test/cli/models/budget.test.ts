import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Checkpoint, checkpoints } from "../../../src/public/applications.ts";
import { parseBudget } from "../../../src/cli/models/budget.ts";
import { modelsTable, recommendationText } from "../../../src/cli/models/report.ts";
import { runCli } from "../run-cli.ts";

test("budgets are times or sizes, or one of each", () => {
  assert.deepEqual(parseBudget("5ms"), { latencyMs: 5 });
  assert.deepEqual(parseBudget("0.25 s"), { latencyMs: 250 });
  assert.deepEqual(parseBudget("800us"), { latencyMs: 0.8 });
  assert.deepEqual(parseBudget("2MB"), { downloadBytes: 2e6 });
  assert.deepEqual(parseBudget("1.5MiB"), { downloadBytes: 1572864 });
  assert.deepEqual(parseBudget(".5kB", parseBudget("5MS")), { latencyMs: 5, downloadBytes: 500 });
});

test("nonsense is no budget", () => {
  for (const text of ["", "5", "ms", "0ms", "-5ms", "5 parsecs", "1e999s", "NaNms", "5ms2MB", "5,5ms", "0x5ms"]) {
    assert.throws(() => parseBudget(text), /It must be a time or a size above 0, such as 5ms or 2MB\./, text);
  }
});

test("the table has the times that were measured", () => {
  const measured = checkpoints.map(({ name, macs }) => {
    return { name, precision: "float32", latencyMs: macs / 1e8 } as const;
  });
  const integers = { name: "mobilenetv2_1.40_224", precision: "int8", latencyMs: 2.5 } as const;
  const [header = "", first = "", second = ""] = modelsTable(String, [...measured, integers]).split("\n");
  assert.ok(header.endsWith("download  float32 ms  pictures/s  int8 ms  pictures/s"), header);
  assert.ok(first.endsWith("24.6 MB        5.82         172     2.50         400"), first);
  assert.ok(second.endsWith("21.7 MB        5.09         196"), second);
});

test("a recommendation says how its model is built", () => {
  const checkpoint = checkpoints[5] as Checkpoint;
  const recommendation = { ...checkpoint, precision: "float32", latencyMs: 3.456, downloadBytes: 14155936 } as const;
  assert.equal(
    recommendationText(recommendation),
    "mobilenetv2_1.00_128 in float32: 65.3 % top-1, 3.46 ms a picture here (289 a second), 14.2 MB to download\n" +
      "  await MobileNetV2({ alpha: 1, inputShape: [128, 128, 3] })",
  );
  assert.match(
    recommendationText({ ...recommendation, precision: "int8" }),
    /\n {2}await quantize\(await MobileNetV2\(\{ alpha: 1, inputShape: \[128, 128, 3\] \}\), pictures\)$/,
  );
  assert.match(recommendationText(recommendation, true), /\n {2}enableWideSimd\(\);\n {2}await MobileNetV2/);
});

describe("models --budget", { concurrency: 2 }, () => {
  test("names the model for a time and a size as JSON", async () => {
    const { code, stdout, stderr } = await runCli(["models", "--budget", "100s", "--budget", "4MB", "--json"]);
    assert.deepEqual([code, stderr], [0, ""]);
    const { latencyMs, picturesPerSecond, wideSimd, ...chosen } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(chosen, {
      alpha: 1,
      size: 224,
      name: "mobilenetv2_1.00_224",
      macs: 300774272,
      parameters: 3538984,
      top1: 71.3,
      top5: 91,
      downloadBytes: 3692896,
      precision: "int8",
    });
    assert.ok(Number(latencyMs) > 0 && Number(picturesPerSecond) > 0);
    assert.equal(typeof wideSimd, "boolean");
  });

  test("is a failure where nothing fits, a wrong call where it says nothing", async () => {
    const none = await runCli(["models", "--budget", "1kB"]);
    assert.deepEqual([none.code, none.stdout], [1, ""]);
    assert.match(none.stderr, /^error: No published model's download has 1000 bytes or fewer: [^\n]+\n$/);
    const wrong = await runCli(["models", "--budget", "quick"]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /argument 'quick' is invalid\. It must be a time or a size above 0/);
  });
});
