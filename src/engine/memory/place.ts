/** Where plans run: the memory that holds their numbers, and the thread that calls their code. */
import { MobileNetV2Error } from "../../core/errors.ts";
import type { Run } from "../run-writer.ts";
import type { EngineMemory, Region } from "./memory.ts";
import type { Placement } from "../plan/plan.ts";

export interface Place {
  /** Where weights are packed. */
  readonly memory: EngineMemory;
  /** Whether code has to be for several threads. */
  readonly shared: boolean;
  /** Whether whoever computes here has ended: nothing can be run here any more. */
  readonly isLost: boolean;
  load(module: WebAssembly.Module, runs: readonly Run[]): Promise<Loaded>;
  /** Says that a run begins, which regions of weights have changed, and that the memory may have grown. */
  begin(changed: readonly Region[]): void;
  /** Writes rows of floats from address `start` on. */
  write(start: number, placement: Placement, data: Float32Array): void;
  /** Gives `length` floats from an address on; the next run may overwrite them. */
  read(address: number, length: number): Float32Array | Promise<Float32Array>;
  /** Frees what no garbage collector frees; no run may be using it. */
  release?(): void;
}

/** A plan's code. */
export interface Loaded {
  call(run: Run): Promise<void> | undefined;
  /** Says that it will not be called any more. */
  drop(): void;
}

/** Frees the places of engines that nobody disposed of. */
export const forgotten = new FinalizationRegistry((place: Place) => place.release?.());

/** A place in this thread, where this thread alone computes. */
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
    // The memory is this thread's own: nothing has to be sent anywhere.
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
