/** Writes a MobileNetV2 as safetensors in the names that torchvision, timm and Hugging Face give its tensors. */
import type { Dims } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { SavedModel, WeightType, WrittenFile } from "../checkpoint.ts";
import { unsupportedError } from "../file-errors.ts";
import { transposedValues } from "../derived-tensor.ts";
import { type TensorToWrite, toWriteAs, writeSafetensors } from "../safetensors/safetensors.ts";
import { hubFiles } from "./hub-files.ts";
import { matchMobileNet } from "./match.ts";
import { NAMINGS, type BlockPlace, type Naming, type UnitNames } from "./names.ts";
import { type InvertedResidual, type MobileNet, STAGES, TABLE, type Unit } from "./parts.ts";
import { DEFAULTS, TRAITS_KEY, traitsText } from "./traits.ts";

/** The inverse of what the readers do: to (filters, channels, rows, cols), (channels, 1, rows, cols) and (units, features). */
const CONVOLUTION_AXES: Dims = [3, 2, 0, 1];
const DEPTHWISE_AXES: Dims = [2, 3, 0, 1];
const DENSE_AXES: Dims = [1, 0];
const VECTOR_AXES: Dims = [0];

/** The name that model hubs give the file of a model. If the file is called so, its config.json is written beside it. */
const HUB_NAME = "model.safetensors";

/**
 * Writes the model under the names of a package. What the package's network does otherwise than the model (padding, epsilon, an
 * activation at the end) is said in the metadata, so that we read the same model back; docs/formats.md says what to tell the package.
 * @throws UnsupportedError naming the first layer that does not fit.
 */
export async function writeAs(origin: Naming["id"], saved: SavedModel, name: string): Promise<readonly WrittenFile[]> {
  const { net, traits } = matchMobileNet(saved, DEFAULTS[origin].padding);
  const isBase = origin === "huggingface" && net.classifier === undefined;
  const naming = NAMINGS[isBase ? "huggingfaceBase" : origin];
  const places = placesOf(net.blocks, naming);
  const outputStride = outputStrideOf(net.blocks, places);
  const surroundings = {
    traits,
    outputStride,
    classNames: saved.classNames,
    preprocessing: saved.preprocessing,
  };
  const metadata = new Map([
    ["format", "pt"],
    [TRAITS_KEY, traitsText(surroundings)],
  ]);
  const bytes = writeSafetensors(tensorsOf(net, naming, { places, write: writeAsType(saved.dtype) }), metadata);
  const beside = name === HUB_NAME ? hubFiles(origin, net, places, surroundings) : [];
  return [{ name, bytes }, ...beside];
}

function tensorsOf(
  { stem, blocks, head, classifier }: MobileNet<Tensor<Float32Array>>,
  naming: Naming,
  { places, write }: { readonly places: readonly BlockPlace[]; readonly write: Write },
): TensorToWrite[] {
  const unit = (names: UnitNames, values: Unit<Tensor<Float32Array>>, axes: Dims): readonly TensorToWrite[] =>
    unitOf(names, values, (name, tensor, isKernel) => write(name, tensor, isKernel ? axes : VECTOR_AXES));
  const tensors = [...unit(naming.stem, stem, CONVOLUTION_AXES)];
  for (const [i, { expand, depthwise, project }] of blocks.entries()) {
    const place = places[i];
    if (place === undefined) continue;
    const names = naming.block(place);
    if (expand !== undefined) tensors.push(...unit(names.expand, expand, CONVOLUTION_AXES));
    tensors.push(...unit(names.depthwise, depthwise, DEPTHWISE_AXES));
    tensors.push(...unit(names.project, project, CONVOLUTION_AXES));
  }
  tensors.push(...unit(naming.head(blocks.length), head, CONVOLUTION_AXES));
  if (classifier !== undefined) {
    tensors.push(write(`${naming.classifier}.weight`, classifier.kernel, DENSE_AXES));
    tensors.push(write(`${naming.classifier}.bias`, classifier.bias, VECTOR_AXES));
  }
  return tensors;
}

/** Makes a tensor of the file, with the axes in this order. */
type Write = (name: string, tensor: Tensor<Float32Array>, axes: Dims) => TensorToWrite;

function writeAsType(dtype: WeightType | undefined): Write {
  const toWrite = toWriteAs(dtype);
  return (name, { shape, data }, axes) =>
    toWrite(
      name,
      axes.map((axis) => shape[axis] ?? 1),
      transposedValues(data, shape, axes),
    );
}

function unitOf(
  { convolution, normalization }: UnitNames,
  values: Unit<Tensor<Float32Array>>,
  write: (name: string, tensor: Tensor<Float32Array>, isKernel: boolean) => TensorToWrite,
): readonly TensorToWrite[] {
  return [
    write(`${convolution}.weight`, values.kernel, true),
    write(`${normalization}.weight`, values.gamma, false),
    write(`${normalization}.bias`, values.beta, false),
    write(`${normalization}.running_mean`, values.mean, false),
    write(`${normalization}.running_var`, values.variance, false),
    { name: `${normalization}.num_batches_tracked`, shape: [], dtype: "int64", bytes: new Uint8Array(8) },
  ];
}

/** The place of each block in the naming. @throws UnsupportedError if the naming has no place for one. */
function placesOf(blocks: readonly InvertedResidual<Tensor<Float32Array>>[], naming: Naming): readonly BlockPlace[] {
  const stages = blocks.length === TABLE.length ? TABLE : stagesByShape(blocks);
  if (stages.length !== TABLE.length && !naming.byStage) {
    throw unsupportedError(
      `The model has ${blocks.length} blocks; MobileNetV2 has ${TABLE.length} in ${naming.id}. timm names any number of them.`,
    );
  }
  if (new Set(stages.map(({ stage }) => stage)).size !== STAGES.length) {
    throw unsupportedError(
      `The model's ${blocks.length} blocks are not in ${STAGES.length} stages, as MobileNetV2's are.`,
    );
  }
  return blocks.map(({ expand, project, stride, isResidual, ...block }, index) => {
    const channels = (expand ?? block.depthwise).kernel.shape[2] ?? 0;
    const expands = index > 0;
    const mayAdd = stride === 1 && project.kernel.shape[3] === channels && (expands || naming.firstIsResidual);
    const hasRightParts = (expand !== undefined) === expands || (!expands && naming.firstMayExpand);
    if (!hasRightParts || isResidual !== mayAdd) {
      throw unsupportedError(
        `Block ${index} of the model does not fit: ${naming.id}'s ` +
          (hasRightParts
            ? `${mayAdd ? "adds its input to its output" : "does not add its input"}.`
            : `${expands ? "has an expansion" : "has none"}.`),
      );
    }
    return { index, stage: stages[index]?.stage ?? 0, repeat: stages[index]?.repeat ?? 0, expands };
  });
}

/** The stages of any number of blocks: a stage begins with the first block and with every block that does not add its input. */
function stagesByShape(blocks: readonly InvertedResidual<Tensor<Float32Array>>[]): { stage: number; repeat: number }[] {
  let place = { stage: -1, repeat: 0 };
  return blocks.map(({ isResidual }) => {
    place =
      isResidual && place.stage >= 0 ? { ...place, repeat: place.repeat + 1 } : { stage: place.stage + 1, repeat: 0 };
    return place;
  });
}

/** The output stride from which on strides become dilations. @throws UnsupportedError if the strides are others than the table's. */
function outputStrideOf(
  blocks: readonly InvertedResidual<Tensor<Float32Array>>[],
  places: readonly BlockPlace[],
): number {
  for (const outputStride of [32, 16, 8]) {
    let reached = 2;
    let dilation = 1;
    const fits = blocks.every((block, i) => {
      const stride = places[i]?.repeat === 0 ? (STAGES[places[i].stage]?.stride ?? 1) : 1;
      const isReached = reached >= outputStride;
      const wanted = isReached ? { stride: 1, dilation } : { stride, dilation: 1 };
      if (isReached) dilation *= stride;
      else reached *= stride;
      return block.stride === wanted.stride && block.dilation === wanted.dilation;
    });
    if (fits) return outputStride;
  }
  throw unsupportedError(
    `The model's blocks have the strides ${blocks.map(({ stride }) => stride).join(", ")}: not those of a MobileNetV2.`,
  );
}
