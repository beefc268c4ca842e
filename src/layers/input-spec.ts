/** What a layer expects of the shape of its input (keras.layers.InputSpec). */

/** What a layer expects of its only input. */
export interface InputSpec {
  /** The exact number of axes, the batch included. */
  readonly rank?: number | undefined;
  /** The least number of axes, the batch included. */
  readonly minRank?: number | undefined;
  /** The length of the last axis, if the layer requires one. */
  readonly channels?: number | undefined;
}
