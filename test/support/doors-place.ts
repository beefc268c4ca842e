/** A place for the calls of the doors to read from and write to: a folder of its own, without a network, and nothing printed. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pngBytes } from "./doors.ts";

/** Goes into the folder; the function that it returns goes back, and removes it. */
export async function enterDoorsPlace(): Promise<() => void> {
  const before = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), "doors-"));
  process.chdir(folder);
  const changed = { KERAS_HOME: join(folder, "keras"), MOBILENETV2_WEIGHTS_URL: "http://127.0.0.1:1/" };
  const known = Object.keys(changed).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, changed);
  const png = await pngBytes();
  for (const name of ["a", "b"]) {
    mkdirSync(join("pictures", name), { recursive: true });
    writeFileSync(join("pictures", name, "1.png"), png);
  }
  writeFileSync("a.png", png);
  const { log, warn } = console;
  console.log = () => undefined;
  console.warn = () => undefined;
  return () => {
    Object.assign(console, { log, warn });
    for (const [name, value] of known) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    process.chdir(before);
    rmSync(folder, { recursive: true });
  };
}
