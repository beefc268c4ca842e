/** An engine's memory: packed weights that stay, and one region in which every plan puts its values. */
import { MobileNetV2Error } from "../core/errors.ts";
import { align } from "./arena.ts";

const PAGE = 65536;
/** What 32-bit addresses reach. */
const MAX_PAGES = 65536;

export class EngineMemory {
  readonly memory: WebAssembly.Memory;
  #floats: Float32Array;
  /** The first free byte; the lowest bytes stay unused. */
  #top = align(1);
  #arena = { from: 0, bytes: 0 };

  constructor() {
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES });
    this.#floats = new Float32Array(this.memory.buffer);
  }

  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** All of the memory as floats; to be asked for again after anything was reserved. */
  get floats(): Float32Array {
    if (this.#floats.buffer !== this.memory.buffer) this.#floats = new Float32Array(this.memory.buffer);
    return this.#floats;
  }

  /** The address of so many bytes that stay reserved. @throws LimitError where there is no memory for them. */
  reserve(bytes: number): number {
    const address = this.#top;
    this.#growTo(address + align(bytes));
    this.#top = address + align(bytes);
    return address;
  }

  /** The address of a region of at least so many bytes. All plans share it; its content lasts for a run. */
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
