/** The seam between Node and browsers: what `node.ts` and `browser.ts` both export, reached as `#platform`. */

/** 8-bit samples, rows from the top, channels interleaved: gray, RGB or RGBA. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly data: Uint8Array;
}

export interface DecodeOptions {
  /** Refuse, before decoding, what has more pixels than this. */
  readonly maxPixels: number;
  /** What the bytes are, as "image/png". */
  readonly mimeType: string;
  /** Convert to sRGB by the embedded ICC profile. Pillow's `convert("RGB")` does not. */
  readonly convertProfile: boolean;
}

export type ImageFormat = "png" | "jpeg" | "webp";

/** How far a download is; `total` is null where the server does not say. */
export interface Progress {
  readonly received: number;
  readonly total: number | null;
}

/** Where bytes may come from: a path (Node only), an address (http, https, file, data, blob) or what is already at hand. */
export type BytesSource = string | URL | Blob | ArrayBuffer | Uint8Array;

export interface ReadOptions {
  /** Refuse what is larger, in bytes, before it is allocated where the size is known. Default: 1 GiB. */
  readonly maxBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface DownloadOptions extends ReadOptions {
  /** Looks at the whole content before it is accepted into the cache, and again when it is taken from there; throws where it is not good. */
  readonly check?: ((bytes: Uint8Array) => void) | undefined;
  /** Give an attempt up when hardly anything arrives in so many milliseconds. Default: 15,000. */
  readonly stallTimeout?: number | undefined;
  /** The first pause before another try, in milliseconds; later ones are longer. Default: 500. */
  readonly retryDelay?: number | undefined;
}

/** A file in the cache: `name` in the folder `folder` of Keras's cache, and the address it comes from. */
export interface CachedFile extends DownloadOptions {
  readonly url: string;
  readonly folder: string;
  readonly name: string;
  /** What a user can do besides where the download fails: ends the message of the error. */
  readonly advice?: string | undefined;
}

/**
 * Files that belong together: a folder, or a file and what lies beside it. Names are plain and relative, `/` between folders within;
 * nothing outside is ever read.
 */
export interface FileSet {
  /** The file that was named, `""` for bytes without a name; undefined where a folder was named. */
  readonly main: string | undefined;
  /** The names of the files in the folder itself, where they can be listed. */
  names(): Promise<readonly string[]>;
  /** A whole file; undefined where there is none of that name. Throws `FormatError` for names that are not plain. */
  read(name: string): Promise<Uint8Array | undefined>;
}

/** Where a set of files may come from: a file, a folder (Node only), an address, bytes, or the files that a user chose. */
export type FilesSource = BytesSource | readonly File[];

/** What is in a folder, in no order. */
export interface FolderContent {
  /** Its path without links: two folders with the same are the same. */
  readonly real: string;
  readonly folders: readonly { readonly name: string; readonly isLink: boolean }[];
  /** Whatever is no folder, links that lead nowhere included. */
  readonly files: readonly string[];
}

/** A place for bytes that do not fit into memory; it is gone when it is closed, or the process ends. */
export interface Scratch {
  /** Throws `IOError`, as where the disk is full. */
  write(position: number, bytes: Uint8Array): Promise<void>;
  /** Fills the array. */
  read(position: number, bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** A file in the cache. */
export interface CachedName {
  readonly name: string;
  /** Where it lies: a path, or in browsers the address that it came from. */
  readonly place: string;
  readonly bytes: number;
}

/** The pictures' part of what both sides of the seam export. */
export interface ImagePlatform {
  /**
   * Decodes the first frame as it is stored, without turning it, to 8 bits a sample. Throws `FormatError` where the
   * content is broken, `UnsupportedError` for a format that this platform does not know, `MissingError` without a decoder.
   */
  decodeImage(bytes: Uint8Array, options: DecodeOptions): Promise<DecodedImage>;
  /** The file of a picture. `quality` is 1 to 100, for the formats that lose something. */
  encodeImage(image: DecodedImage, format: ImageFormat, quality: number): Promise<Uint8Array>;
}

/** What both sides of the seam export, apart from the pictures' part. */
export interface BytesPlatform {
  /** All bytes of a source. Bytes at hand are returned as a view, not copied. Throws `IOError`, `NetworkError`, `LimitError`. */
  readBytes(source: BytesSource, options?: ReadOptions): Promise<Uint8Array>;
  /** Opens a file with its neighbours, or a folder. Throws `IOError`, `NetworkError`. */
  openFiles(source: FilesSource, options?: ReadOptions): Promise<FileSet>;
  /** What is in a folder. Throws `IOError`. Browsers have none: `UnsupportedError`. */
  readFolder(path: string): Promise<FolderContent>;
  /** Writes a whole file or nothing. Browsers have no files: `UnsupportedError`. */
  writeBytes(path: string | URL, bytes: Uint8Array): Promise<void>;
  /** Takes a file away; false where there is none. Throws `IOError`. Browsers have no files: `UnsupportedError`. */
  removeFile(path: string | URL): Promise<boolean>;
  /** Makes a folder and those around it where they are not there. Browsers have none: `UnsupportedError`. */
  makeFolder(path: string | URL): Promise<void>;
  /** A temporary file. Undefined in browsers, which have none. Throws `IOError`. */
  openScratch(): Promise<Scratch | undefined>;
  /** A file from the cache, or else from its address into the cache; checked both times. */
  cachedDownload(file: CachedFile): Promise<Uint8Array>;
  /** The same from the cache alone; undefined where it is not there or not good. */
  findCached(file: CachedFile): Promise<Uint8Array | undefined>;
  /** The files in a folder of the cache, broken ones that were set aside included. */
  listCached(folder: string): Promise<readonly CachedName[]>;
  /** Takes a file of that name out of a folder of the cache; false where it was not there. Throws `IOError`. */
  removeCached(folder: string, name: string): Promise<boolean>;
  /** An environment variable; undefined where it is unset or empty, and in browsers. */
  environment(name: string): string | undefined;
  /** How many threads can run at once for this process. */
  defaultCores(): number;
  /** Whether a person sees what is written to the error stream. */
  isTerminal(): boolean;
  warn(message: string): void;
  /** Writes a text as it is to the error stream; in browsers, its lines to the console. */
  print(text: string): void;
  /**
   * Whether neighbouring WebAssembly vectors are to be joined to 256 bits in code that is compiled from now on: an experiment of V8,
   * off by itself. False where the engine has no such switch.
   */
  joinVectors(on: boolean): boolean;
}

/**
 * What another thread runs. Its text is sent there: it must use nothing from outside itself but what every thread has.
 * `listen` calls back for every message; `post` sends one.
 */
export type WorkerProgram<In, Out> = (
  listen: (receive: (message: In) => void) => void,
  post: (message: Out) => void,
) => void;

export interface WorkerEvents<Out> {
  readonly message: (message: Out) => void;
  /** It could not start, or has ended. */
  readonly end: (reason: unknown) => void;
}

/** Another thread. It does not keep the process alive. */
export interface WorkerThread<In> {
  post(message: In): void;
  /** Ends it, also in the middle of something. */
  stop(): void;
}

/** The threads' part of what both sides of the seam export. */
export interface ThreadPlatform {
  /** Starts a thread. Throws where there are none; some find out later, and tell `end`. */
  startWorker<In, Out>(program: WorkerProgram<In, Out>, events: WorkerEvents<Out>): WorkerThread<In>;
  /** Where another thread can import a subpath of this package from; undefined if it cannot: in pages, and if the package was bundled. */
  packageUrl(subpath: string): string | undefined;
  /** Whether the current thread may sleep or be busy: pages may not, as they have to answer their users. */
  mayBlock(): boolean;
  /** Whether memory can be shared with workers: only in cross-origin isolated pages. */
  canShareMemory(): boolean;
  /** `setTimeout` that does not keep the process alive. */
  setBackgroundTimeout(run: () => void, milliseconds: number): void;
}
