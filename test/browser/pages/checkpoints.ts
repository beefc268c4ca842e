/** The page's side of checkpoints.test.ts, and Node's: opens checkpoints from addresses, bytes and files, answers, and writes them again. */
import { MobileNetV2, type Model, type Sequential, loadModel } from "mobilenet-v2";
import { loadAnyModel } from "mobilenet-v2/saving";
import { seededInput } from "../../support/seeded.ts";

/** By a name: files in Base64, the main one first. */
export type Checkpoints = Readonly<Record<string, readonly { readonly name: string; readonly base64: string }[]>>;

export interface Request {
  readonly checkpoints: Checkpoints;
  /** The address of a folder that has them too, each in a folder of its name; undefined in Node, for only pages have it. */
  readonly address?: string;
}

export interface Answer {
  readonly fromFiles: readonly number[];
  readonly classNames: readonly string[] | null;
  /** Opened from bytes, and from the address. */
  readonly others: readonly (readonly number[])[];
  /** Names of the files that `toFiles` gives in each format, and what each answers when it is opened again. */
  readonly written: Readonly<Record<string, { readonly names: readonly string[]; readonly answer: readonly number[] }>>;
}

type AnyModel = Model | Sequential;

const FORMATS = ["keras", "h5", "safetensors", "onnx", "tfjs-layers"];

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

async function answerOf(model: AnyModel): Promise<readonly number[]> {
  const shape = model.input.shape.map((axis) => axis ?? 1);
  return [...(await model.predict(seededInput("checkpoints", shape))).data];
}

/** Weights alone go into a model of ours. */
async function open(name: string, source: Parameters<typeof loadModel>[0]): Promise<AnyModel> {
  if (!name.endsWith("weights")) return loadModel(source);
  const model = await MobileNetV2({ alpha: 0.35, inputShape: [32, 32, 3], weights: null, classes: 3 });
  await model.loadWeights(source);
  return model;
}

async function written(model: AnyModel): Promise<Answer["written"]> {
  const found: Record<string, { names: readonly string[]; answer: readonly number[] }> = {};
  for (const format of FORMATS) {
    const files = await model.toFiles(format);
    const again = await loadAnyModel(files.map(({ name, bytes }) => new File([bytes.slice()], name)));
    const [output] = await again.predictAll(
      seededInput(
        "checkpoints",
        model.input.shape.map((axis) => axis ?? 1),
      ),
    );
    again.dispose();
    const main = await model.toBytes(format);
    if (main.length !== files[0]?.bytes.length) throw new Error(`${format}: toBytes gives other bytes than toFiles`);
    found[format] = { names: files.map(({ name }) => name), answer: [...(output?.data ?? [])] };
  }
  return found;
}

export async function run({ checkpoints, address }: Request): Promise<Readonly<Record<string, Answer>>> {
  const answers: Record<string, Answer> = {};
  for (const [name, files] of Object.entries(checkpoints)) {
    using model = await open(
      name,
      files.map((file) => new File([bytesOf(file.base64)], file.name)),
    );
    const fromFiles = await answerOf(model);
    const [main] = files;
    const others: (readonly number[])[] = [];
    if (main !== undefined && files.length === 1) others.push(await answerOf(await open(name, bytesOf(main.base64))));
    if (main !== undefined && address !== undefined) {
      others.push(await answerOf(await open(name, `${address}${name}/${main.name}`)));
    }
    answers[name] = { fromFiles, classNames: model.classNames ?? null, others, written: await written(model) };
  }
  return answers;
}
