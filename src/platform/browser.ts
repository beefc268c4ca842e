/** The browsers' side of the boundary: what `#platform` means in a browser. */

export { cachedChecksum, cachedDownload, findCached, listCached, removeCached } from "./browser/cache.ts";
export { openFiles } from "./browser/file-set.ts";
export { makeFolder, openScratch, readBytes, readFolder, removeFile, writeBytes, writeFiles } from "./browser/files.ts";
export { consoleColumns, defaultCores, environment, isTerminal, joinVectors, print, warn } from "./browser/system.ts";
export { decodeImage, encodeImage } from "./browser/image.ts";
export { canShareMemory, mayBlock, packageUrl, setBackgroundTimeout, startWorker } from "./browser/workers.ts";
