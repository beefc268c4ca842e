#!/usr/bin/env node
/** The command line's entry: prepares the process, runs what was typed, and sets the exit code. */
import module from "node:module";

// A reader that has seen enough (`| head`) is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

// Node 22 and later keep compiled code in a folder of the system's. Before the rest is loaded, so that it is kept too.
module.enableCompileCache?.();
const { run } = await import("./program.ts");
const exitCode = await run(process.argv.slice(2));

// What is still open, such as standard input after a failure, must not keep the process alive; what was printed must arrive.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write("", done))));
process.exit(exitCode);
