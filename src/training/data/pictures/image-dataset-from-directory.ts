/** Data sets of the pictures in a folder, with a folder for each class (keras.utils.image_dataset_from_directory). */
import { show, valueError } from "../../../core/errors.ts";
import { Tensor } from "../../../core/tensor.ts";
import { FLAG, type Kind, NUMBER, OBJECT, TEXT, TEXTS, check, orNull } from "../../../core/kinds.ts";
import { checkOptions } from "../../../core/options.ts";
import { IMAGE_DATASET_OPTIONS, ImageDataset, type ImageDatasetOptions } from "./image-dataset.ts";
import { type LabelMode, checkLabelMode } from "./label-mode.ts";
import {
  type ImageList,
  KERAS_FORMATS,
  type Labels,
  listImages,
  pythonList,
  splitOf,
  wantedBy,
} from "./list-images.ts";
import { LOAD_PIXELS_OPTIONS, type LoadPixelsOptions, pixelLoader } from "./load-pixels.ts";
import { type FileTree, chosenTree, systemTree } from "./tree.ts";
import { joinPath } from "./walk.ts";

/** The options of `imageDatasetFromDirectory`. */
export interface ImageDatasetFromDirectoryOptions extends ImageDatasetOptions, LoadPixelsOptions {
  /**
   * The labels: `inferred` makes each folder a class, null makes a data set without labels, and a list has the label of each file, in the
   * alphabetical order of their paths: class indices or other numbers, as for regression, or lists of numbers. Default: `inferred`.
   */
  readonly labels?: Labels | undefined;
  /** The form of the labels in `y`. Default: `int`, class indices. */
  readonly labelMode?: LabelMode | undefined;
  /** The names of the folders to use as classes, in the order of their labels. Default: all folders in alphabetical order. */
  readonly classNames?: readonly string[] | null | undefined;
  /** The fraction of the pictures, between 0 and 1, to reserve for validation. It needs `subset` and, with `shuffle`, a `seed`. Default: none. */
  readonly validationSplit?: number | null | undefined;
  /** The part of the split to return: `training`, `validation` or `both`; only with `validationSplit`. */
  readonly subset?: "training" | "validation" | "both" | null | undefined;
  /** Whether to follow symbolic links to folders within the folders of the classes. Default: false. */
  readonly followLinks?: boolean | undefined;
  /**
   * The endings of the files that count as pictures, in lower case. Default: Keras's .bmp, .gif, .jpeg, .jpg and .png; .webp, .avif and .tiff
   * can be read too.
   */
  readonly formats?: readonly string[] | undefined;
  /** Whether to print the numbers of files and classes. Default: true. */
  readonly verbose?: boolean | undefined;
}

/**
 * Makes a data set of the pictures in a folder that has a folder for each class. Its batches have `x` [samples, rows, columns, channels] in
 * float32 with values from 0 to 255, `y` in the form of `labelMode`, and `indices`.
 *
 * With the same seed, the same files are reserved for validation as in Keras, and listed in the same order; the order within an epoch differs.
 *
 * @param directory the path of the folder (in Node), or the files of a folder that the user chose (in browsers)
 * @returns the data set; with `subset: "both"`, those for training and for validation
 * @throws ValueError, in Keras's words, for invalid options or if there are no pictures; IOError if the folder cannot be read
 */
export async function imageDatasetFromDirectory(
  directory: string | Iterable<File>,
  options: ImageDatasetFromDirectoryOptions & { readonly subset: "both" },
): Promise<[training: ImageDataset, validation: ImageDataset]>;
export async function imageDatasetFromDirectory(
  directory: string | Iterable<File>,
  options?: ImageDatasetFromDirectoryOptions & { readonly subset?: "training" | "validation" | null | undefined },
): Promise<ImageDataset>;
export async function imageDatasetFromDirectory(
  directory: string | Iterable<File>,
  options: ImageDatasetFromDirectoryOptions = {},
): Promise<ImageDataset | [training: ImageDataset, validation: ImageDataset]> {
  checkOptions("imageDatasetFromDirectory()", options, {
    ...IMAGE_DATASET_OPTIONS,
    ...LOAD_PIXELS_OPTIONS,
    labels: true,
    labelMode: true,
    classNames: orNull(TEXTS),
    validationSplit: orNull(NUMBER),
    subset: true,
    followLinks: FLAG,
    formats: TEXTS,
    verbose: FLAG,
  });
  const {
    labels,
    labelMode,
    shuffle = true,
    seed,
    validationSplit,
    subset,
    formats = KERAS_FORMATS,
    verbose = true,
  } = options;
  check("imageDatasetFromDirectory()", "directory", directory, DIRECTORY);
  checkLabels(options);
  checkLabelMode(labelMode === undefined ? "int" : labelMode);
  const { imageSize, colorMode, interpolation, cropToAspectRatio, padToAspectRatio, autoOrient, maxPixels } = options;
  const load = pixelLoader({
    imageSize,
    colorMode,
    interpolation,
    cropToAspectRatio,
    padToAspectRatio,
    autoOrient,
    maxPixels,
  });
  checkSplit(options);

  const unlabelled = labels === null || labelMode === null;
  const tree =
    typeof directory === "string" ? systemTree(directory, options.followLinks ?? false) : chosenTree([...directory]);
  const print = (text: string): void => {
    if (verbose) console.log(text);
  };
  const usedSeed = seed ?? Math.floor(Math.random() * 1e6);
  const list = await listImages(tree, {
    labels: unlabelled ? null : (labels ?? "inferred"),
    classNames: options.classNames ?? undefined,
    formats,
    shuffleSeed: shuffle ? usedSeed : undefined,
  });
  const count = list.paths.length;
  print(
    list.classNames === undefined
      ? `Found ${count} files.`
      : `Found ${count} files belonging to ${list.classNames.length} classes.`,
  );
  if (labelMode === "binary" && list.classNames?.length !== 2) {
    throw valueError(
      `When passing \`labelMode="binary"\`, there must be exactly 2 classNames. Received: classNames=${pythonList(list.classNames ?? [])}`,
    );
  }
  const datasetOf = (part: ImageList, isShuffled: boolean): ImageDataset =>
    new ImageDataset({
      filePaths: part.paths,
      source: (path) => tree.source(path),
      labels: part.labels,
      labelMode: unlabelled ? null : labelMode,
      classNames: part.classNames,
      load,
      batchSize: options.batchSize,
      shuffle: isShuffled,
      seed: usedSeed,
      strict: options.strict,
      prefetch: options.prefetch,
      workers: options.workers,
    });
  const astray = count === 0 && (options.classNames ?? null) === null ? await picturesOutside(tree, formats) : 0;
  const partOf = (which: "training" | "validation"): ImageList => {
    const part = splitOf(list, validationSplit ?? 0, which);
    print(`Using ${part.paths.length} files for ${which}.`);
    return part;
  };

  if (subset === "both") {
    const [training, validation] = [partOf("training"), partOf("validation")];
    requireSome(training, "training images");
    requireSome(validation, "validation images");
    return [datasetOf(training, shuffle), datasetOf(validation, false)];
  }
  const part = subset === undefined || subset === null ? list : partOf(subset);
  requireSome(part, "images");
  return datasetOf(part, shuffle);

  function requireSome({ paths }: ImageList, what: string): void {
    if (paths.length > 0) return;
    const hint =
      astray === 0
        ? ""
        : `. What lies in the folder itself is of no class (${astray} ${astray === 1 ? "picture" : "pictures"}): make a folder in it for each class.`;
    const split =
      count === 0
        ? ""
        : `. Of ${count} ${count === 1 ? "file" : "files"}, a \`validationSplit\` of ${validationSplit ?? 0} leaves none: have more files, or take another split.`;
    const allowed = formats.map((ending) => `'${ending}'`).join(", ");
    throw valueError(`No ${what} found in directory ${tree.root}. Allowed formats: (${allowed})${hint}${split}`);
  }
}

const DIRECTORY: Kind = [
  "the path of a folder, or a list of File objects",
  (value) => TEXT[1](value) || (OBJECT[1](value) && Symbol.iterator in Object(value) && !ArrayBuffer.isView(value)),
];

/** The number of pictures directly in the root, beside the folders of the classes, where they are not looked for. */
async function picturesOutside(tree: FileTree, formats: readonly string[]): Promise<number> {
  const paths = await tree.walk("", wantedBy(formats));
  return paths.filter((path) => path === joinPath(tree.root, path.slice(path.lastIndexOf("/") + 1))).length;
}

function checkLabels({ labels, classNames }: ImageDatasetFromDirectoryOptions): void {
  if (labels === undefined || labels === "inferred" || labels === null) return;
  if (typeof labels !== "object" || !("length" in labels || labels instanceof Tensor)) {
    throw valueError(
      "`labels` argument should be a list/tuple of integer labels, of the same size as the number of image files in the target directory. " +
        'If you wish to infer the labels from the subdirectory names in the target directory, pass `labels="inferred"`. ' +
        `If you wish to get a dataset that only contains images (no labels), pass \`labels=None\`. Received: labels=${show(labels)}`,
    );
  }
  if (classNames !== undefined && classNames !== null && classNames.length > 0) {
    throw valueError(
      `You can only pass \`classNames\` if \`labels="inferred"\`. Received: labels=${show(labels)}, and classNames=${pythonList(classNames)}`,
    );
  }
}

/** Checks the options of a split (Keras's check_validation_split_arg). */
function checkSplit({ validationSplit, subset, shuffle = true, seed }: ImageDatasetFromDirectoryOptions): void {
  const fraction = validationSplit ?? 0;
  const isSplit = fraction !== 0;
  const part: unknown = subset ?? null;
  if (isSplit && !(fraction > 0 && fraction < 1)) {
    throw valueError(`\`validationSplit\` must be between 0 and 1, received: ${fraction}`);
  }
  if (isSplit !== (part !== null)) {
    throw valueError("If `subset` is set, `validationSplit` must be set, and inversely.");
  }
  if (part !== null && part !== "training" && part !== "validation" && part !== "both") {
    throw valueError(`\`subset\` must be either "training", "validation" or "both", received: ${show(part)}`);
  }
  if (isSplit && shuffle && seed === undefined) {
    throw valueError(
      "If using `validationSplit` and shuffling the data, you must provide a `seed` argument, to make sure that there is no overlap between the training and validation subset.",
    );
  }
}
