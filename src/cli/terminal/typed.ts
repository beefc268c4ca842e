/** The arguments as they were typed, also those with bytes that are not UTF-8, which Node replaces. */
import { readFileSync } from "node:fs";
import { textOfName } from "../../platform/node/byte-names.ts";

/** What Node puts in the place of bytes that it cannot decode. */
const REPLACEMENT = "\uFFFD";

/** The arguments of the process without the program and its script. Where the system does not tell them as bytes, they are as Node has them. */
export function typedArguments(): readonly string[] {
  const args = process.argv.slice(2);
  if (process.platform !== "linux" || !args.some((one) => one.includes(REPLACEMENT))) return args;
  const typed: Buffer[] = [];
  const all = readFileSync("/proc/self/cmdline");
  for (let from = 0, end = all.indexOf(0); end >= 0; from = end + 1, end = all.indexOf(0, from)) {
    typed.push(all.subarray(from, end));
  }
  const last = typed.slice(-args.length);
  return last.every((one, i) => one.toString() === args[i]) ? last.map(textOfName) : args;
}
