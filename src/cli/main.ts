#!/usr/bin/env node
/** The command line's entry: prepares the process, runs what was typed, and sets the exit code. */
import { writeSync } from "node:fs";
import module from "node:module";

for (const [stream, name] of [
  [process.stdout, "standard output"],
  [process.stderr, "the error stream"],
] as const) {
  stream.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`| head`) is no failure.
    if (code === "EPIPE") process.exit(0);
    try {
      writeSync(
        2,
        `error: Could not write to ${name}: ${code === "ENOSPC" ? "the disk is full (ENOSPC)" : message}.\n`,
      );
    } catch {
      // Nobody can be told.
    }
    process.exit(1);
  });
}

// Node 22 and later keep compiled code in a folder of the system's. Before the rest is loaded, so that it is kept too.
module.enableCompileCache?.();
const [{ run }, { typedArguments }] = await Promise.all([import("./program.ts"), import("./terminal/typed.ts")]);
const exitCode = await run(typedArguments());

// What is still open, such as standard input after a failure, must not keep the process alive; what was printed must arrive.
for (const stream of [process.stdout, process.stderr]) {
  if (stream.writableLength > 0) await new Promise((done) => stream.write("", done));
}
// The error of a stream comes after the call that caused it.
await new Promise((done) => setImmediate(done));
process.exit(exitCode);
