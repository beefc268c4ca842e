/** A temporary file that nobody else sees, for what does not fit into memory. */

import { randomBytes } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { MobileNetV2Error } from "../../core/errors.ts";
import type { Scratch } from "../contract.ts";
import { asIOError } from "./files.ts";

export async function openScratch(): Promise<Scratch | undefined> {
  const path = join(tmpdir(), `mobilenet-v2-${process.pid}-${randomBytes(6).toString("hex")}.tmp`);
  const action = `write the temporary file ${path}`;
  try {
    const file = await open(path, "wx+", 0o600);
    // If the system lets go of an open file's name, nothing is left behind, however the process ends.
    const isGone = await rm(path).then(
      () => true,
      () => false,
    );
    return {
      async write(position, bytes) {
        try {
          for (let done = 0; done < bytes.length;) {
            done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
          }
        } catch (error) {
          throw asIOError(error, action);
        }
      },
      async read(position, bytes) {
        for (let done = 0; done < bytes.length;) {
          const { bytesRead } = await file.read(bytes, done, bytes.length - done, position + done);
          if (bytesRead === 0) throw new MobileNetV2Error("IOError", `The temporary file ${path} ends too early.`);
          done += bytesRead;
        }
      },
      async close() {
        await file.close();
        if (!isGone) await rm(path, { force: true });
      },
    };
  } catch (error) {
    throw asIOError(error, action);
  }
}
