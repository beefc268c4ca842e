/**
 * Lets the tests' processes, and those that they start, share what Node makes of the sources when it loads them: types stripped, code
 * compiled. To be imported before anything else. What is kept goes by the content of the files: nothing old is ever used.
 */
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../node_modules/.cache/node-compile", import.meta.url));
enableCompileCache(folder);
process.env["NODE_COMPILE_CACHE"] ??= folder;
