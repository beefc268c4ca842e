/** The page's side of datasets.test.ts, and Node's: a data set of the files of a chosen folder, gone through twice, augmented. */
import { imageDatasetFromDirectory } from "mobilenet-v2";
import { randomFlip, randomRotation, randomZoom } from "mobilenet-v2/data";

export interface NamedPicture {
  /** As `webkitRelativePath` has it. */
  readonly path: string;
  readonly base64: string;
}

export interface DatasetAnswer {
  readonly classNames: readonly string[];
  readonly filePaths: readonly string[];
  /** The sum of each batch, and its labels. */
  readonly batches: readonly (readonly [sum: number, labels: readonly number[]])[];
}

export async function run(pictures: readonly NamedPicture[]): Promise<DatasetAnswer> {
  const files = pictures.map(({ path, base64 }) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const file = new File([bytes], path.slice(path.lastIndexOf("/") + 1));
    Object.defineProperty(file, "webkitRelativePath", { value: path });
    return file;
  });
  const plain = await imageDatasetFromDirectory(files, { imageSize: 12, batchSize: 3, seed: 7, verbose: false });
  const dataset = plain.augment([randomFlip(), randomRotation(0.1), randomZoom(0.2)]);
  const batches: (readonly [number, readonly number[]])[] = [];
  for (const epoch of [0, 1]) {
    for await (const { x, y } of dataset.batches(epoch)) {
      batches.push([x.toFloat32().data.reduce((a, b) => a + b, 0), Array.from(y?.data ?? [])]);
    }
  }
  return { classNames: dataset.classNames ?? [], filePaths: dataset.filePaths ?? [], batches };
}
