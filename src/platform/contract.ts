/** The boundary between Node and browsers: the types of what `node.ts` and `browser.ts` both export, which is imported as `#platform`. */

/** A picture as 8-bit samples: rows from the top, channels interleaved (1 is gray, 3 is RGB, 4 is RGBA). */
export interface DecodedImage {
  /** The number of columns, in pixels. */
  readonly width: number;
  /** The number of rows, in pixels. */
  readonly height: number;
  /** The number of samples per pixel. */
  readonly channels: 1 | 3 | 4;
  /** The samples: height × width × channels of them. */
  readonly data: Uint8Array;
}

/** Options of `decodeImage`. */
export interface DecodeOptions {
  /** The largest number of pixels that a picture may have. */
  readonly maxPixels: number;
  /** The type of the file, such as "image/png". */
  readonly mimeType: string;
  /** Whether the colours are converted to sRGB by the embedded ICC profile. Pillow's `convert("RGB")` does not do that. */
  readonly convertProfile: boolean;
}

/** The formats of picture files that can be written. */
export type ImageFormat = "png" | "jpeg" | "webp";

/** The progress of a download, in bytes. */
export interface Progress {
  /** The number of bytes that have arrived. */
  readonly received: number;
  /** The number of bytes of the whole file; null if the server does not say. */
  readonly total: number | null;
}

/** A source of bytes: a path (in Node only), an address (http, https, data or blob, and in Node file), or the bytes themselves. */
export type BytesSource = string | URL | Blob | ArrayBuffer | Uint8Array;

/** Options of reading files and downloading them. */
export interface ReadOptions {
  /** The largest allowed size in bytes; a larger file is refused, before memory is allocated if its size is known. Default: 1 GiB. */
  readonly maxBytes?: number | undefined;
  /** Stops the reading; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called during a download, and during the reading of a file, whenever more bytes have arrived. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Options of downloads that are cached. */
export interface DownloadOptions extends ReadOptions {
  /** Checks the whole content, by throwing an error if it is not good: before it enters the cache, and again whenever it is read from there. */
  readonly check?: ((bytes: Uint8Array) => void) | undefined;
  /** The time in milliseconds after which an attempt is given up if hardly anything arrived (less than 1 KiB). Default: 15,000. */
  readonly stallTimeout?: number | undefined;
  /**
   * The time in milliseconds over which an attempt is given up if less than 1,000 bytes a second arrived. Like any attempt that is given up, it
   * is followed by another one that goes on from where it was. Default: 60,000.
   */
  readonly slowTimeout?: number | undefined;
  /**
   * The base of the pause before another attempt, in milliseconds. It doubles with every attempt in a row that brings nothing new, and is
   * varied at random by up to a half; no pause is longer than 5 seconds. Default: 500.
   */
  readonly retryDelay?: number | undefined;
}

/** A file in Keras's cache, and the address it is downloaded from. */
export interface CachedFile extends DownloadOptions {
  /** The address from which the file is downloaded. */
  readonly url: string;
  /** The folder of the cache, such as "models". */
  readonly folder: string;
  readonly name: string;
  /** What else a user can do if the download fails; it ends the error message. */
  readonly advice?: string | undefined;
}

/** The SHA-256 of a file of the cache, in hexadecimal, as it was when the file was first downloaded or verified. */
export interface CachedChecksum {
  /** Undefined if none was recorded. */
  recorded(): Promise<string | undefined>;
  record(checksum: string): Promise<void>;
}

/**
 * Files that belong together: a folder, or a file and its neighbours. Names are relative and plain, with `/` between the folders inside;
 * nothing outside is ever read.
 */
export interface FileSet {
  /** The name of the file that was opened, or `""` for bytes without a name; undefined if a folder was opened. */
  readonly main: string | undefined;
  /** The names of the files in the folder itself, as far as they can be listed. */
  names(): Promise<readonly string[]>;
  /**
   * The bytes of a whole file; undefined if there is no file with that name.
   * @throws FormatError for a name that is not plain.
   */
  read(name: string): Promise<Uint8Array | undefined>;
}

/** A source of a set of files: a file, a folder (in Node only), an address, bytes, or files that the user chose. */
export type FilesSource = BytesSource | readonly File[];

/** Something in a folder that is no folder. */
export interface FolderFile {
  readonly name: string;
  /** Whether it is a symbolic link; `kind` says what that leads to. */
  readonly isLink: boolean;
  /** A file; something else, such as a pipe or a device; or nothing, as a link that leads nowhere. */
  readonly kind: "file" | "other" | "none";
}

/** The content of a folder, in no particular order. */
export interface FolderContent {
  /** What tells the folder from all others, whatever path leads to it. */
  readonly identity: string;
  /** The folders inside, and whether each is a link. */
  readonly folders: readonly { readonly name: string; readonly isLink: boolean }[];
  /** Everything that is not a folder, including links that lead nowhere. */
  readonly files: readonly FolderFile[];
}

/** A temporary file for bytes that do not fit into memory. It is removed when it is closed and, on most systems, when the process ends. */
export interface Scratch {
  /**
   * Writes bytes at a position.
   * @throws IOError, for example if the disk is full.
   */
  write(position: number, bytes: Uint8Array): Promise<void>;
  /**
   * Fills the array with the bytes from a position on.
   * @throws IOError if there are not that many.
   */
  read(position: number, bytes: Uint8Array): Promise<void>;
  /** Closes and removes the file. */
  close(): Promise<void>;
}

/** A file in the cache, as `listCached` lists it. */
export interface CachedName {
  readonly name: string;
  /** The path of the file; in browsers, the address that it came from. */
  readonly place: string;
  /** The size of the file in bytes. */
  readonly bytes: number;
}

/** The functions for pictures that both platforms export. */
export interface ImagePlatform {
  /**
   * Decodes the first frame of a picture to 8-bit samples, as it is stored, without turning it.
   * @throws FormatError if the content is broken, UnsupportedError for a format that this platform cannot read, MissingError if there is no
   * decoder, LimitError for too many pixels.
   */
  decodeImage(bytes: Uint8Array, options: DecodeOptions): Promise<DecodedImage>;
  /** Writes a picture as a file. `quality` is 1 to 100 and matters to lossy formats only. */
  encodeImage(image: DecodedImage, format: ImageFormat, quality: number): Promise<Uint8Array>;
}

/** The functions for files and the system that both platforms export. */
export interface BytesPlatform {
  /**
   * Reads all bytes of a source. Bytes that are passed in are returned as a view, not copied.
   * @throws IOError, NetworkError or LimitError.
   */
  readBytes(source: BytesSource, options?: ReadOptions): Promise<Uint8Array>;
  /**
   * Opens a file with its neighbours, or a folder.
   * @throws IOError or NetworkError.
   */
  openFiles(source: FilesSource, options?: ReadOptions): Promise<FileSet>;
  /**
   * Lists a folder.
   * @throws IOError; in browsers, UnsupportedError.
   */
  readFolder(path: string): Promise<FolderContent>;
  /**
   * Writes a whole file, or leaves what was there as it was. Symbolic links are written through; what is replaced keeps its mode; pipes and
   * devices are written to.
   * @throws IOError; in browsers, UnsupportedError.
   */
  writeBytes(path: string | URL, bytes: Uint8Array): Promise<void>;
  /**
   * Writes several files as `writeBytes` does, in this order, and makes missing folders. None appears before all are complete.
   * @throws IOError; in browsers, UnsupportedError.
   */
  writeFiles(files: readonly { readonly path: string; readonly bytes: Uint8Array }[]): Promise<void>;
  /**
   * Removes a file; returns false if there is none.
   * @throws IOError; in browsers, UnsupportedError.
   */
  removeFile(path: string | URL): Promise<boolean>;
  /**
   * Makes a folder and the missing ones around it.
   * @throws IOError; in browsers, UnsupportedError.
   */
  makeFolder(path: string | URL): Promise<void>;
  /**
   * Opens a temporary file; undefined in browsers, which have none.
   * @throws IOError.
   */
  openScratch(): Promise<Scratch | undefined>;
  /** Reads a file from the cache, or else downloads it into the cache. `check` is applied in both cases. */
  cachedDownload(file: CachedFile): Promise<Uint8Array>;
  /** Reads a file from the cache alone; undefined if it is not there or does not pass its check. */
  findCached(file: CachedFile): Promise<Uint8Array | undefined>;
  /** The checksum that was recorded beside a file of the cache. */
  cachedChecksum(file: CachedFile): CachedChecksum;
  /** Lists the files in a folder of the cache, including broken ones that were set aside. */
  listCached(folder: string): Promise<readonly CachedName[]>;
  /**
   * Removes a file from a folder of the cache; returns false if it was not there.
   * @throws IOError.
   */
  removeCached(folder: string, name: string): Promise<boolean>;
  /** The value of an environment variable; undefined if it is unset or empty, and in browsers. */
  environment(name: string): string | undefined;
  /** The number of threads that can run at once for this process. */
  defaultCores(): number;
  /** Whether a person reads the error stream in a terminal; always false in browsers. */
  isTerminal(): boolean;
  /** The width of the console in characters, as Python finds it: `COLUMNS`, else the terminal's, else 80. Infinity in browsers. */
  consoleColumns(): number;
  /** Writes a warning to the console. */
  warn(message: string): void;
  /** Writes a text to the error stream as it is; in browsers, its lines that are not blank go to the console. */
  print(text: string): void;
  /**
   * Switches on or off, for code that is compiled from now on, that neighbouring WebAssembly vectors are joined to 256 bits: an experiment
   * of V8, off by default. Returns false if the engine has no such switch.
   */
  joinVectors(on: boolean): boolean;
}

/**
 * The program of another thread. Its source text is sent there, so it may use nothing from outside itself except what every thread has.
 * `listen` registers a function that receives every message; `post` sends one.
 */
export type WorkerProgram<In, Out> = (
  listen: (receive: (message: In) => void) => void,
  post: (message: Out) => void,
) => void;

/** The events of another thread. */
export interface WorkerEvents<Out> {
  /** Called for every message of the thread. */
  readonly message: (message: Out) => void;
  /** The thread could not start, or has ended. */
  readonly end: (reason: unknown) => void;
}

/** Another thread. It does not keep the process alive. */
export interface WorkerThread<In> {
  /** Sends the thread a message. */
  post(message: In): void;
  /** Ends the thread, even in the middle of its work. */
  stop(): void;
}

/** The functions for threads that both platforms export. */
export interface ThreadPlatform {
  /**
   * Starts a thread. If that fails later, `end` is called.
   * @throws UnsupportedError if there are no threads.
   */
  startWorker<In, Out>(program: WorkerProgram<In, Out>, events: WorkerEvents<Out>): WorkerThread<In>;
  /**
   * The address from which another thread can import a subpath of this package; undefined if it cannot, as in pages, or if the package was
   * bundled into something else.
   */
  packageUrl(subpath: string): string | undefined;
  /** Whether the current thread may sleep or be busy for long. Pages may not, as they have to respond to their users. */
  mayBlock(): boolean;
  /** Whether threads can share memory: always in Node, and in browsers only in cross-origin isolated pages. */
  canShareMemory(): boolean;
  /** Like `setTimeout`, but does not keep the process alive. */
  setBackgroundTimeout(run: () => void, milliseconds: number): void;
}
