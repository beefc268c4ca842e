/** The command `inspect`: what a file is, without loading it. */
import type { CheckpointFile } from "../../index.ts";
import { factLines, factsOf } from "../checkpoints/facts.ts";
import { withDownloadBar } from "../terminal/download-bar.ts";
import { printable } from "../terminal/format.ts";
import { namedError } from "../named-error.ts";
import { checkpointAt } from "../opened-model.ts";
import { styleFor } from "../terminal/style.ts";

async function opened(source: string): Promise<CheckpointFile> {
  try {
    return await withDownloadBar((loading) => checkpointAt(source, loading));
  } catch (error) {
    throw namedError(error, source);
  }
}

export interface InspectOptions {
  readonly json?: boolean;
  readonly tensors?: boolean;
}

export async function inspect(source: string, { json = false, tensors = false }: InspectOptions): Promise<void> {
  const checkpoint = await opened(source);
  const facts = factsOf(checkpoint);
  const listed = checkpoint.tensors.map(({ name, shape, dtype }) => ({ name, shape, dtype }));
  process.stdout.write(
    `${json ? JSON.stringify({ ...facts, ...(tensors && { tensorList: listed }) }, null, 2) : text()}\n`,
  );

  function text(): string {
    const { bold } = styleFor(process.stdout);
    const lines = factLines(facts).map(([name, said]) => `${bold(name.padEnd(8))} ${said}`);
    const names = tensors
      ? listed.map(({ name, shape, dtype }) => `  ${printable(name)}  ${dtype} (${shape.join(", ")})`)
      : [];
    return [...lines, ...names].join("\n");
  }
}
