/** Node's side of the boundary: what `#platform` means in Node. */

export { cachedChecksum, cachedDownload, findCached, listCached, removeCached } from "./node/cache.ts";
export { openFiles } from "./node/file-set.ts";
export { makeFolder, readBytes, removeFile } from "./node/files.ts";
export { readFolder } from "./node/folder.ts";
export { writeBytes, writeFiles } from "./node/outputs.ts";
export { openScratch } from "./node/scratch.ts";
export { consoleColumns, defaultCores, environment, isTerminal, joinVectors, print, warn } from "./node/system.ts";
export { decodeImage, encodeImage } from "./node/image.ts";
export { canShareMemory, mayBlock, packageUrl, setBackgroundTimeout, startWorker } from "./node/workers.ts";
