/** The command `inspect`: what a file is, without loading it. */
import { type CheckpointFile, readCheckpoint } from "../../models/files/load-model.ts";
import { namedError } from "../../tasks/errors.ts";
import { withDownloadBar } from "../terminal/download-bar.ts";
import { styleFor } from "../terminal/style.ts";
import { inspectionJson, inspectionText } from "./report.ts";

export interface InspectOptions {
  readonly json?: boolean;
  readonly tensors?: boolean;
}

export async function inspect(source: string, { json = false, tensors = false }: InspectOptions): Promise<void> {
  const checkpoint = await opened(source);
  const said = json
    ? inspectionJson(checkpoint, tensors)
    : inspectionText(checkpoint, tensors, styleFor(process.stdout));
  process.stdout.write(`${said}\n`);
}

async function opened(source: string): Promise<CheckpointFile> {
  try {
    return await withDownloadBar(source, (loading) => readCheckpoint(source, loading));
  } catch (error) {
    throw namedError(error, source);
  }
}
