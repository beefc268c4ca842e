/** Where plans run: what holds their numbers, and who calls their code. */
import { MobileNetV2Error } from "../../core/errors.ts";
import type { Run } from "../run-writer.ts";
import type { EngineMemory, Region } from "./memory.ts";
import type { Placement } from "../plan/plan.ts";

export interface Place {
  /** Where weights are packed. */
  readonly memory: EngineMemory;
  /** Whether code has to be for several threads. */
  readonly shared: boolean;
  /** Whether nothing can be done here any more. */
  readonly isLost: boolean;
  load(module: WebAssembly.Module, runs: readonly Run[]): Promise<Loaded>;
  /** A run begins; the memory may have grown, and these weights have changed. */
  begin(changed: readonly Region[]): void;
  /** Puts rows of floats behind address `start`. */
  write(start: number, placement: Placement, data: Float32Array): void;
  /** So many floats from an address on; the next run may overwrite them. */
  read(address: number, length: number): Float32Array | Promise<Float32Array>;
  /** Gives up what is not collected by itself; no run may be using it. */
  release?(): void;
}

/** A plan's code. */
export interface Loaded {
  call(run: Run): Promise<void> | undefined;
  /** It is not called any more. */
  drop(): void;
}

/** Places of engines that nobody disposed of. */
export const forgotten = new FinalizationRegistry((place: Place) => place.release?.());

/** In this thread, by this thread alone. */
export class OwnPlace implements Place {
  readonly memory: EngineMemory;
  readonly shared: boolean = false;
  readonly isLost = false;

  constructor(memory: EngineMemory) {
    this.memory = memory;
  }

  async load(module: WebAssembly.Module, _runs: readonly Run[]): Promise<Loaded> {
    const { exports } = await WebAssembly.instantiate(module, { env: { memory: this.memory.memory } });
    const call = ({ name }: Run): undefined => {
      const run = exports[name];
      if (typeof run !== "function") throw new MobileNetV2Error("StateError", `The compiled module has no ${name}.`);
      run();
    };
    return { call, drop: () => undefined };
  }

  begin(_changed: readonly Region[]): void {
    // All is here already.
  }

  write(start: number, { address, rows, length, stride }: Placement, data: Float32Array): void {
    const { floats } = this.memory;
    const first = (start + address) / 4;
    for (let row = 0; row < rows; row++) {
      floats.set(data.subarray(row * length, (row + 1) * length), first + row * stride);
    }
  }

  read(address: number, length: number): Float32Array {
    return this.memory.floats.subarray(address / 4, address / 4 + length);
  }
}
