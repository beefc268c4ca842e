/**
 * What a back end for inference owes: it runs a program forwards. The layers' own forwards (`execute.ts`) and the WebAssembly engine
 * do so; a GPU would be a third. `test/executors` holds each of them to what follows.
 *
 * **Batches and sizes.** A call takes any number of samples, 0 among them, and any size that the program's symbolic shapes leave open. The
 * next call may bring others: what was prepared for a size may be kept, but no more of it than a few sizes are worth. A sample's
 * answer does not depend on the other samples of its batch.
 *
 * **Weights.** They belong to the layers, and may be assigned to between any two calls (`Weight.version` tells). A call uses those that
 * are there when its turn comes. (A back end that was given integers in place of some weights keeps those.)
 *
 * **Numbers.** Everything is float32. Sums may be made in another order than the layers make them, and products may be fused with them: each
 * layer stays within 2e-6 of the largest magnitude of its output (or of 1), and NaN and infinities come out where the layers have them. Inputs, weights and
 * executor being the same, so are the bits, however many threads there are. Integers have larger errors, and the same duties otherwise.
 *
 * **Inputs and outputs.** Tensors of whole numbers are taken as float32. Inputs are read only, and must not change until the call is
 * done. Outputs are the caller's own: no two share memory, nor do they share it with inputs, even if an output of the program is one
 * of its inputs or a reshaped view of another output.
 *
 * **Overlapping calls.** They may be made at any time and give what they would give alone; whether they run side by side or one after
 * the other is the back end's business.
 *
 * **Errors.** A call that fails rejects with a `MobileNetV2Error`: `ShapeError` for a wrong number of inputs or a shape that the program does not take,
 * `ValueError` if a layer does not take it, `LimitError` if there is not enough memory, `StateError` after `dispose()` or if a thread was lost in
 * the middle. But for `dispose()`, the next call starts as if nothing had happened.
 *
 * **Memory.** Making an executor costs next to nothing: memory is taken, code compiled and weights packed in the first call. `dispose()` gives
 * all of it back once calls that have begun are done; calls that have not reject. It may be called more than once.
 */
import type { Tensor } from "../core/tensor.ts";
import type { Program } from "./program.ts";

export interface Executor {
  /**
   * Runs the program for a batch.
   *
   * @param inputs a tensor for each of the program's inputs, [batch, …]
   * @returns a tensor for each of its outputs, [batch, …], in their order
   * @throws ShapeError, ValueError, LimitError or StateError, as above.
   */
  run(inputs: readonly Tensor[]): Promise<readonly Tensor<Float32Array>[]>;
  /** The bytes that are held: packed weights and working memory. 0 before the first call and after `dispose()`. */
  readonly memoryBytes: number;
  /** Frees the memory; every later call is an error. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/** Makes executors, as `executorOf` does. */
export type MakeExecutor = (program: Program) => Promise<Executor>;
