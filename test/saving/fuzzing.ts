/** What is done to every mutant of every format: it opens or it is refused, soon, by an error of ours. For the test and for the long run. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MobileNetV2Error } from "../../src/core/errors.ts";
import { loadAnyModel } from "../../src/models/files/load-model.ts";
import { type AnyModel, modelFromDescription } from "../../src/models/files/model-from-description.ts";
import type { WrittenFile } from "../../src/saving/checkpoint.ts";
import { openCheckpoint } from "../../src/saving/formats.ts";
import { readTable } from "../../src/saving/tensorflow/sorted-table.ts";
import { isZip, zipMember, zipMembers } from "../../src/saving/zip/zip.ts";
import { writeZip } from "../../src/saving/zip/write.ts";
import { graphModelFiles, savingFixture, sourceOf } from "./files.ts";
import { mutant } from "./mutants.ts";
import { table } from "./tensorflow/bundle-writer.ts";
import { work } from "../support/work.ts";

export interface Seed {
  readonly name: string;
  readonly files: readonly WrittenFile[];
  /** Members of an archive: they are changed before they are packed, too. */
  readonly members?: readonly WrittenFile[];
  /** Makes the first file of the members. Default: as a zip archive. */
  readonly pack?: (members: readonly WrittenFile[]) => Uint8Array;
}

/** Larger ones take too long. */
const MAX_SEED_BYTES = 150_000;

/** Files of test/fixtures/saving that are seeds: all that are small checkpoints. */
function fixtureSeeds(): readonly Seed[] {
  const root = new URL("../fixtures/saving/", import.meta.url);
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(?:h5|keras|onnx|tflite|pth|safetensors)(?:\.gz)?$/.test(name))
    .toSorted()
    .map((name) => {
      const plain = name.replace(/\.gz$/, "").replaceAll("\\", "/");
      const bytes = savingFixture(name);
      const files = [{ name: plain.slice(plain.lastIndexOf("/") + 1), bytes }];
      // With their checksums right, so that what is within is reached.
      const members = [...zipMembersIn(bytes)].map(([member, read]) => ({ name: member, bytes: read() }));
      return members.length === 0 ? { name: plain, files } : { name: plain, files, members };
    })
    .filter(({ files }) => (files[0]?.bytes.length ?? 0) <= MAX_SEED_BYTES);
}

function zipMembersIn(bytes: Uint8Array): ReturnType<typeof zipMembers> {
  return isZip(bytes) ? zipMembers(bytes) : new Map();
}

/** What our writers make of a small model, for formats that have no fixture. */
async function writtenSeeds(): Promise<readonly Seed[]> {
  const model = await loadAnyModel(
    fileURLToPath(new URL("../fixtures/saving/keras/keras-twice.keras", import.meta.url)),
  );
  model.classNames = ["a", "b"];
  model.preprocessing = { scale: 1 / 127, offset: -1 };
  const machine = await model.toFiles("teachable-machine");
  return [
    { name: "tfjs-layers", files: await model.toFiles("tfjs-layers") },
    { name: "teachable-machine", files: machine },
    { name: "teachable-machine.zip", files: [{ name: "model.zip", bytes: writeZip(machine) }], members: machine },
    { name: "tfjs-graph", files: graphModelFiles("graphs/tfjs-graph.json") },
    { name: "our.onnx", files: await model.toFiles("onnx") },
    { name: "our.safetensors", files: await model.toFiles("safetensors") },
    { name: "our.keras", ...(await archiveSeed(model)) },
  ];
}

async function archiveSeed(model: AnyModel): Promise<Omit<Seed, "name">> {
  const bytes = await model.toBytes("keras");
  const members = ["metadata.json", "config.json", "model.weights.h5"].map((name) => ({
    name,
    bytes: zipMember(bytes, name) ?? new Uint8Array(),
  }));
  return { files: [{ name: "model.keras", bytes }], members };
}

/** SavedModels, graphs and checkpoints of TensorFlow. The entries of an index are changed under right checksums, too. */
function tensorflowSeeds(): readonly Seed[] {
  const file = (name: string): WrittenFile => ({ name, bytes: savingFixture(`tensorflow/${name}`) });
  const named = (name: string, as: string): WrittenFile => ({ name: as, bytes: file(name).bytes });
  const variables = ["variables/variables.index", "variables/variables.data-00000-of-00001"];
  const index = file("keras2.index");
  const entries = [...readTable(index.bytes)].map(([name, bytes]) => ({ name, bytes }));
  return [
    ...["keras2", "keras3", "tf1"].map((folder) => ({
      name: `SavedModel ${folder}`,
      files: ["saved_model.pb", ...variables].map((name) => named(`${folder}/${name}`, name)),
    })),
    { name: "frozen.pb", files: [file("frozen.pb")] },
    {
      name: "keras2.index",
      files: [index, file("keras2.data-00000-of-00001")],
      members: entries,
      pack: (members) => table(members.map(({ name, bytes }) => [name, bytes] as const)),
    },
  ];
}

export async function allSeeds(): Promise<readonly Seed[]> {
  return [...fixtureSeeds(), ...(await writtenSeeds()), ...tensorflowSeeds()];
}

const EXPECTED = new Set(["FormatError", "UnsupportedError", "ValueError", "ShapeError", "LimitError"]);

/** How much work one mutant may be, in yardsticks: whatever the machine is and does beside. */
const PATIENCE = 40;

export interface Outcome {
  /** The error's code, or `opened`. */
  readonly result: string;
  /** The work that it was. */
  readonly yardsticks: number;
}

/** Opens one mutant of a seed. @throws what is wrong with how it was received. */
export async function tryMutant(seed: Seed, number: number, all: readonly Uint8Array[]): Promise<Outcome> {
  const files = mutated(seed, number, all);
  const start = work();
  const result = await attempt(files);
  const yardsticks = work() - start;
  if (yardsticks > PATIENCE) throw new Error(`${seed.name}, mutant ${number}: took ${yardsticks} yardsticks`);
  return { result, yardsticks };
}

function mutated(
  { files, members, pack = writeZip }: Seed,
  number: number,
  all: readonly Uint8Array[],
): readonly WrittenFile[] {
  const change = (list: readonly WrittenFile[], turn: number): readonly WrittenFile[] =>
    list.map((file, i) => (i === turn % list.length ? { ...file, bytes: mutant(file.bytes, number, all) } : file));
  const [archive] = files;
  if (members !== undefined && archive !== undefined && number % 2 === 0) {
    return [{ name: archive.name, bytes: pack(change(members, number >> 1)) }, ...files.slice(1)];
  }
  return change(files, number);
}

async function attempt(files: readonly WrittenFile[]): Promise<string> {
  try {
    const { model, weights, tensors } = await openCheckpoint(sourceOf(files));
    if (model === undefined) for (const tensor of tensors) tensor.read();
    else modelFromDescription(model, weights);
    return "opened";
  } catch (error) {
    if (error instanceof MobileNetV2Error && EXPECTED.has(error.code)) return error.code;
    throw error;
  }
}
