/** imageDatasetFromDirectory against Keras's (fixtures/training/data/make_directory.py). */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  type ImageDatasetFromDirectoryOptions,
  imageDatasetFromDirectory,
} from "../../../src/training/data/pictures/image-dataset-from-directory.ts";
import type { ImageDataset } from "../../../src/training/data/pictures/image-dataset.ts";
import { picturePath } from "../../image/pictures.ts";
import { TestFolder } from "../../platform/folder.ts";
import { assertWithin } from "../../support/compare.ts";

type Arguments = Readonly<Record<string, unknown>>;

interface Fixture {
  readonly files: readonly string[];
  readonly emptyFolders: readonly string[];
  readonly links: readonly (readonly [string, string])[];
  readonly listings: readonly {
    readonly linked: boolean;
    readonly arguments: Arguments;
    readonly paths: readonly (readonly string[])[];
    readonly labels?: readonly number[];
    readonly classNames: readonly string[] | null;
  }[];
  readonly pictures: readonly {
    readonly arguments: Arguments;
    readonly names: readonly string[];
    readonly shapes: readonly (readonly number[])[];
    readonly rowMeans: readonly (readonly number[])[];
    readonly labels: readonly ({
      readonly shape: readonly number[];
      readonly dtype: string;
      readonly values: readonly number[];
    } | null)[];
  }[];
}

const fixture: Fixture = JSON.parse(
  readFileSync(new URL("../../fixtures/training/data/directory.json", import.meta.url), "utf8"),
) as Fixture;

/** Keras's arguments under our names. */
function optionsOf(given: Arguments): ImageDatasetFromDirectoryOptions {
  const renamed = Object.entries(given).map(([name, value]) => [
    name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  return { verbose: false, ...(Object.fromEntries(renamed) as ImageDatasetFromDirectoryOptions) };
}

async function datasets(directory: string, options: ImageDatasetFromDirectoryOptions): Promise<ImageDataset[]> {
  const { subset, ...rest } = options;
  return subset === "both"
    ? imageDatasetFromDirectory(directory, { ...rest, subset })
    : [await imageDatasetFromDirectory(directory, { ...rest, subset })];
}

describe("listing", () => {
  let folder: TestFolder;
  let tree: string;
  before(() => {
    folder = new TestFolder();
    tree = folder.file("tree");
    for (const name of fixture.files) {
      mkdirSync(dirname(join(tree, name)), { recursive: true });
      writeFileSync(join(tree, name), "");
    }
    for (const name of fixture.emptyFolders) mkdirSync(join(tree, name));
  });
  after(() => folder[Symbol.dispose]());

  const compare = async (linked: boolean): Promise<void> => {
    const cases = fixture.listings.filter((one) => one.linked === linked);
    assert.ok(cases.length > 1);
    for (const one of cases) {
      const what = JSON.stringify(one.arguments);
      const found = await datasets(tree, optionsOf(one.arguments));
      const paths = found.map(({ filePaths = [] }) => filePaths.map((path) => relative(tree, path)));
      assert.deepEqual(paths, one.paths, what);
      for (const { classNames } of found) assert.deepEqual(classNames ?? null, one.classNames, what);
      if (one.labels !== undefined) assert.deepEqual([...(found[0]?.labels ?? [])], one.labels, what);
    }
  };

  test("files, order, labels, classes and splits are Keras's, for every seed", () => compare(false));

  test("links: to folders only when asked for, to files always, in a circle never", async () => {
    for (const [name, target] of fixture.links) symlinkSync(target, join(tree, name));
    try {
      await compare(true);
    } finally {
      for (const [name] of fixture.links) unlinkSync(join(tree, name));
    }
  });

  test("without labels, all files of a chosen folder; pictures beside the folders of the classes are told of", async () => {
    const chosen = ["photos/a.jpg", "photos/b.txt", "photos/below/c.png"].map((path) => {
      const file = new File([], path.slice(path.lastIndexOf("/") + 1));
      Object.defineProperty(file, "webkitRelativePath", { value: path });
      return file;
    });
    const all = await imageDatasetFromDirectory(chosen, { labels: null, shuffle: false, verbose: false });
    assert.deepEqual(all.filePaths, ["photos/a.jpg", "photos/below/c.png"]);
    await assert.rejects(imageDatasetFromDirectory(chosen.slice(0, 2), { verbose: false }), {
      code: "ValueError",
      message:
        /^No images found in directory photos\. Allowed formats: .*\. What lies in the folder itself is of no class \(1 picture\)/,
    });
    using flat = new TestFolder();
    for (const name of ["a.jpg", "b.jpg", "notes.txt"]) writeFileSync(flat.file(name), "");
    await assert.rejects(imageDatasetFromDirectory(flat.file(""), { verbose: false }), {
      message: /is of no class \(2 pictures\): make a folder in it for each class\.$/,
    });
  });

  test("the files of a chosen folder, as pages have them, are listed alike", async () => {
    const files = fixture.files.map((path) => {
      const file = new File([], path.slice(path.lastIndexOf("/") + 1));
      Object.defineProperty(file, "webkitRelativePath", { value: `tree/${path}` });
      return file;
    });
    for (const seed of [undefined, 1337]) {
      const expected = fixture.listings.find(({ linked, arguments: given }) =>
        linked ? false : seed === undefined ? given["shuffle"] === false : given["seed"] === seed,
      );
      const shuffled = files.toReversed();
      const dataset = await imageDatasetFromDirectory(shuffled, { seed, shuffle: seed !== undefined, verbose: false });
      assert.deepEqual(
        dataset.filePaths?.map((path) => path.slice("tree/".length)),
        expected?.paths[0],
      );
      // Empty folders are not among chosen files.
      assert.deepEqual(
        dataset.classNames,
        expected?.classNames?.filter((name) => name !== "empty"),
      );
    }
  });

  test("labels of one's own, and what is printed", async (context) => {
    const log = context.mock.method(console, "log", () => undefined);
    const count = fixture.listings.find(({ arguments: given }) => given["labels"] === null)?.paths[0]?.length ?? 0;
    const labels = Array.from({ length: count }, (_, i) => (i % 3) * 2);
    const dataset = await imageDatasetFromDirectory(tree, { labels, shuffle: false });
    assert.deepEqual([...(dataset.labels ?? [])], labels);
    assert.deepEqual(dataset.classNames, ["0", "2", "4"]);
    await imageDatasetFromDirectory(tree, { seed: 1, validationSplit: 0.25, subset: "both" });
    await imageDatasetFromDirectory(tree, { labels: null });
    assert.deepEqual(
      log.mock.calls.map((call): unknown => call.arguments[0]),
      [
        `Found ${count} files belonging to 3 classes.`,
        `Found ${count - 2} files belonging to 5 classes.`,
        `Using ${count - 2 - Math.floor((count - 2) / 4)} files for training.`,
        `Using ${Math.floor((count - 2) / 4)} files for validation.`,
        `Found ${count} files.`,
      ],
    );
  });

  test("what cannot be is refused in Keras's words", async () => {
    const refused = async (options: object, message: RegExp, code = "ValueError"): Promise<void> => {
      const call = imageDatasetFromDirectory(tree, { verbose: false, ...options });
      await assert.rejects(call, { code, message });
    };
    await refused(
      { labelMode: "onehot" },
      /^`labelMode` argument must be one of "int", "categorical", "binary", or None\. Received: labelMode=onehot$/,
    );
    await refused(
      { labels: "yes" },
      /^`labels` argument should be a list\/tuple of integer labels, .* Received: labels=yes$/,
    );
    await refused({ labels: [1], classNames: ["a"] }, /^You can only pass `classNames` if `labels="inferred"`/);
    await refused(
      { labels: [1] },
      /^Expected the lengths of `labels` to match the number of files in the target directory\. len\(labels\) is 1 while we found 44 files/,
    );
    await refused(
      { labels: null, classNames: ["a"] },
      /^When `labels=None` \(no labels\), argument `classNames` cannot be specified\.$/,
    );
    await refused(
      { classNames: ["cats", "mice"] },
      /^The `classNames` passed did not match .* Expected: \['Birds', .*\] \(or a subset of it\), but received: classNames=\['cats', 'mice'\]$/,
    );
    await refused(
      { colorMode: "cmyk" },
      /^`colorMode` must be one of \{"rgb", "rgba", "grayscale"\}\. Received: colorMode=cmyk$/,
    );
    await refused(
      { imageSize: [1, 2, 3] },
      /^Invalid `imageSize` value\. Expected a tuple of 2 integers\. Received: imageSize=\(1, 2, 3\)$/,
    );
    await refused({ interpolation: "hamming" }, /^Argument `interpolation` should be one of /);
    await refused(
      { validationSplit: 2, subset: "both", seed: 1 },
      /^`validationSplit` must be between 0 and 1, received: 2$/,
    );
    await refused({ validationSplit: 0.2 }, /^If `subset` is set, `validationSplit` must be set, and inversely\.$/);
    await refused({ subset: "both" }, /^If `subset` is set/);
    await refused(
      { validationSplit: 0.2, subset: "test" },
      /^`subset` must be either "training", "validation" or "both", received: test$/,
    );
    await refused(
      { validationSplit: 0.2, subset: "both" },
      /^If using `validationSplit` and shuffling the data, you must provide a `seed` argument/,
    );
    await refused(
      { labelMode: "binary" },
      /^When passing `labelMode="binary"`, there must be exactly 2 classNames\. Received: classNames=\['Birds'/,
    );
    await refused(
      { cropToAspectRatio: true, padToAspectRatio: true },
      /^Only one of `padToAspectRatio`, `cropToAspectRatio`/,
    );
    await refused(
      { classNames: ["empty"] },
      /^No images found in directory .*tree\. Allowed formats: \('\.bmp', '\.gif', '\.jpeg', '\.jpg', '\.png'\)$/,
    );
    await refused(
      { classNames: ["Birds"], validationSplit: 0.4, subset: "both", seed: 1 },
      /^No (training|validation) images found in directory .*Of \d+ files?, a `validationSplit` of 0\.4 leaves none: have more files, or take another split\.$/,
    );
    await refused({ seed: -1 }, /^Seed must be between 0 and 2\*\*32 - 1/);
    await refused(
      { batchSize: 0 },
      /^`batchSize` of imageDatasetFromDirectory\(\) must be a whole number of 1 or more, or null\. Received: batchSize=0$/,
    );
    await assert.rejects(imageDatasetFromDirectory(join(tree, "none")), {
      code: "IOError",
      message: /none: there is no such file or folder/,
    });
    await assert.rejects(imageDatasetFromDirectory(join(tree, "readme.png")), {
      code: "IOError",
      message: /readme\.png: a part of the path is not a folder/,
    });
  });
});

/** TensorFlow decodes JPEG by a faster DCT, and takes gray as JPEG's luma; ours are Pillow's. */
const ROUGH = 1;

for (const one of fixture.pictures) {
  const { arguments: given, names, shapes, rowMeans, labels } = one;
  const isRough = (name = ""): boolean => name.endsWith(".jpg");
  test(`pictures of ${JSON.stringify(given)}: row means within 1e-3 of Keras's (1 for JPEG), of values of 0 to 255`, async () => {
    using folder = new TestFolder();
    for (const name of names) {
      mkdirSync(join(folder.path, dirname(name)), { recursive: true });
      copyFileSync(picturePath(name.slice(2)), join(folder.path, name));
    }
    const options = { ...optionsOf(given), shuffle: false, imageSize: [6, 9], batchSize: 4 } as const;
    const [dataset] = await datasets(folder.path, options);
    assert.deepEqual(
      dataset?.filePaths?.map((path) => relative(folder.path, path)),
      names,
    );
    let count = 0;
    for await (const { x, y, indices } of dataset ?? []) {
      assert.deepEqual(x.shape, shapes[count]);
      const perRow = x.size / (rowMeans[count]?.length ?? 0);
      const means = Array.from({ length: x.size / perRow }, (_, row) => {
        const values = x.toFloat32().data.subarray(row * perRow, (row + 1) * perRow);
        return values.reduce((a, b) => a + b, 0) / perRow;
      });
      for (const [i, index] of (indices ?? []).entries()) {
        const [actual, expected = []] = [means, rowMeans[count]].map((rows) => rows?.slice(i * 6, i * 6 + 6));
        assertWithin(actual ?? [], expected, isRough(names[index]) ? ROUGH : 1e-3, names[index]);
      }
      const expected = labels[count];
      assert.deepEqual(y && { shape: y.shape, dtype: y.dtype, values: [...y.data] }, expected ?? undefined);
      assert.deepEqual(
        [...(indices ?? [])],
        Array.from({ length: x.shape[0] ?? 0 }, (_, i) => count * 4 + i),
      );
      count++;
    }
    assert.equal(count, shapes.length);
    assert.equal(dataset?.cardinality, shapes.length);
  });
}
