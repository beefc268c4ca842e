/** Packs matrices of weights inside WebAssembly, through memory that no run is using. */
import { packGemm } from "../../kernels/f32/gemm.ts";
import { pack } from "../../kernels/f32/pack.ts";
import { ModuleBuilder } from "../../wasm/module.ts";
import type { EngineMemory, Region } from "./memory.ts";

export interface Matrix {
  /** [k, n], row-major. */
  readonly values: Float32Array;
  readonly k: number;
  readonly n: number;
  readonly bias: Float64Array;
  readonly scale: Float64Array;
}

export class Packer {
  readonly #memory: EngineMemory;
  #kernel: WebAssembly.ExportValue | undefined;

  constructor(memory: EngineMemory) {
    this.#memory = memory;
  }

  /** Does what `packGemm` does, with the scale rounded to float32. */
  pack(address: number, { values, k, n, bias, scale }: Matrix, columns: number, scratch: Region): void {
    const floats = this.#memory.floats;
    const panels = Math.floor(n / columns);
    const panelFloats = (k + 1) * columns;
    const whole = panels * columns;
    const rowsAtOnce = Math.floor((scratch.bytes / 4 - whole) / n);
    const kernel = panels > 0 && rowsAtOnce > 0 ? this.#load() : undefined;
    const done = kernel === undefined ? 0 : whole;
    if (kernel !== undefined) {
      for (let column = 0; column < whole; column++) {
        const panel = Math.floor(column / columns);
        floats[address / 4 + panel * panelFloats + (column % columns)] = bias[column] ?? 0;
      }
      floats.set(scale.subarray(0, whole), scratch.address / 4);
      const raw = scratch.address + whole * 4;
      for (let row = 0; row < k; row += rowsAtOnce) {
        const rows = Math.min(rowsAtOnce, k - row);
        floats.set(values.subarray(row * n, (row + rows) * n), raw / 4);
        const to = address + (row + 1) * columns * 4;
        kernel(to, panelFloats * 4, raw, n * 4, rows, panels, columns / 4, scratch.address);
      }
    }
    // The last columns, which do not fill a panel, are packed by JavaScript.
    if (done < n) {
      const rest = floats.subarray(address / 4 + (done / columns) * panelFloats);
      const options = { k, n: n - done, columns, from: done, stride: n };
      packGemm(rest, values, bias.subarray(done), scale.subarray(done), options);
    }
  }

  #load(): ((...args: number[]) => unknown) | undefined {
    if (this.#kernel === undefined) {
      const { memory } = this.#memory;
      const module = new ModuleBuilder({ shared: !(memory.buffer instanceof ArrayBuffer) });
      const { name } = module.export(pack(module));
      // The module is so small that pages may compile it synchronously.
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
      this.#kernel = exports[name];
    }
    const kernel = this.#kernel;
    return typeof kernel === "function" ? (...args) => kernel(...args) : undefined;
  }
}
