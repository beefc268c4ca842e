/** An engine's memory: packed weights that stay, and one region in which every plan puts its values. */
import { MobileNetV2Error } from "../../core/errors.ts";
import { align } from "../plan/arena.ts";
import { takeSpare } from "./spare-memory.ts";
import { CONTROL_BYTES } from "../threads/shares.ts";

const PAGE = 65536;
/** The pages that 32-bit addresses reach. */
const MAX_PAGES = 65536;
/** The largest sizes of shared memory, in pages, that are asked for in turn: systems reserve all of it, and some refuse. */
const SHARED_MAXIMA = [MAX_PAGES, 16384, 4096, 1024];

/** In bytes. */
export interface Region {
  readonly address: number;
  readonly bytes: number;
}

export class EngineMemory {
  readonly memory: WebAssembly.Memory;
  #floats: Float32Array;
  /** The first free byte; what lies below belongs to the threads. */
  #top = CONTROL_BYTES;
  #arena = { from: 0, bytes: 0 };

  constructor(memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES })) {
    this.memory = memory;
    this.#floats = new Float32Array(this.memory.buffer);
  }

  /** A memory for about that number of bytes, shared with other threads; undefined if none can be had. */
  static shared(bytes: number): EngineMemory | undefined {
    const used = takeSpare(bytes);
    if (used !== undefined) return new EngineMemory(used);
    for (const maximum of SHARED_MAXIMA) {
      try {
        return new EngineMemory(new WebAssembly.Memory({ initial: 1, maximum, shared: true }));
      } catch {
        // The next one is smaller.
      }
    }
    return undefined;
  }

  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** All of the memory as floats. It must be asked for again after anything was reserved. */
  get floats(): Float32Array {
    if (this.#floats.buffer !== this.memory.buffer) this.#floats = new Float32Array(this.memory.buffer);
    return this.#floats;
  }

  /** Reserves bytes for good, and gives their address. @throws LimitError if there is no memory for them. */
  reserve(bytes: number): number {
    const address = this.#top;
    this.#growTo(address + align(bytes));
    this.#top = address + align(bytes);
    return address;
  }

  /** The address of a region of at least that size. All plans share it; its content lasts for one run. */
  reserveArena(bytes: number): number {
    const { from, bytes: current } = this.#arena;
    if (bytes > current) {
      const last = from + align(current) === this.#top && current > 0;
      if (last) this.reserve(bytes - current);
      this.#arena = { from: last ? from : this.reserve(bytes), bytes };
    }
    return this.#arena.from;
  }

  #growTo(bytes: number): void {
    const missing = Math.ceil(bytes / PAGE) - this.memory.buffer.byteLength / PAGE;
    if (missing <= 0) return;
    try {
      this.memory.grow(missing);
    } catch (cause) {
      throw new MobileNetV2Error(
        "LimitError",
        `The engine needs ${Math.ceil(bytes / 2 ** 20)} MiB of memory for this model and input size, which cannot be had ` +
          `(WebAssembly reaches 4096 MiB). Use a smaller input size, or free other models with dispose().`,
        { cause },
      );
    }
  }
}
