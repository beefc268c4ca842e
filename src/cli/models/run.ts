/** The command `models`: the 22 published models as a table, what this machine makes of them, and which one a budget allows. */
import { checkpoints } from "../../applications/checkpoints.ts";
import { type Measurement, measureCheckpoint } from "../../applications/measure.ts";
import { recommend } from "../../applications/recommend.ts";
import { enableWideSimd } from "../../engine/wide-simd.ts";
import { interruptible } from "../terminal/interruption.ts";
import { progressBar } from "../terminal/progress-bar.ts";
import { styleFor } from "../terminal/style.ts";
import type { Budget } from "./budget.ts";
import { PRECISIONS, modelsJson, modelsTable, recommendationJson, recommendationText } from "./report.ts";

export interface ModelsOptions {
  readonly json?: boolean;
  readonly measure?: boolean;
  readonly budget?: Budget;
  readonly threads?: number;
}

export async function models({ json = false, measure = false, budget, threads }: ModelsOptions): Promise<void> {
  process.stdout.write(`${await text()}\n`);

  async function text(): Promise<string> {
    // What is measured is what this machine can do: `recommendationText` says how a program gets the same.
    const wide = (measure || budget?.latencyMs !== undefined) && enableWideSimd();
    if (budget !== undefined) {
      const chosen = await recommend({ ...budget, threads });
      return json
        ? JSON.stringify({ ...recommendationJson(chosen), wideSimd: wide }, null, 2)
        : recommendationText(chosen, wide);
    }
    const measured = measure ? await measureAll(threads) : undefined;
    if (json) return JSON.stringify(modelsJson(measured), null, 2);
    return modelsTable(styleFor(process.stdout).bold, measured);
  }
}

async function measureAll(threads: number | undefined): Promise<readonly Measurement[]> {
  const all = checkpoints.flatMap((checkpoint) => PRECISIONS.map((precision) => ({ checkpoint, precision })));
  const measured: Measurement[] = [];
  const bar = progressBar("Measuring", (done, total) => `${done} of ${total}`);
  try {
    return await interruptible(async ({ signal }) => {
      for (const { checkpoint, precision } of all) {
        signal.throwIfAborted();
        bar.update(measured.length, all.length);
        // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
        measured.push(await measureCheckpoint(checkpoint, { precision, threads }));
      }
      return measured;
    });
  } finally {
    bar.stop();
  }
}
