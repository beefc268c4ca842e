/** What the tests run in processes of their own: downloads a file into the cache and prints its checksum. */
import { createHash } from "node:crypto";

import { cachedDownload } from "../../src/platform/node/cache.ts";
import { checkLetters } from "./letters.ts";

const [url = "", name = ""] = process.argv.slice(2);
const bytes = await cachedDownload({ url, folder: "models", name, check: checkLetters });
console.log(createHash("sha256").update(bytes).digest("hex"));
