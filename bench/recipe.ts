/**
 * How good `train` is with few pictures, beside Keras with the same recipe: [PYTHON=…] npm run bench:recipe -- [--seeds 1,2,3] [--folds 5].
 * Groups of the photographs in ../shared/images, 5-fold: each is answered for by a model that has not seen it. With `--ours`, without Keras.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { stratifiedFolds } from "mobilenet-v2/data";
import { textOf } from "./tables.ts";

const PYTHON = process.env["PYTHON"] ?? "python3";
const WEIGHTS = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5";

/** Photographs by what they are in WordNet; groups of at least four. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  dogs: names(
    "Pekinese bluetick Norwegian_elkhound Irish_terrier Dandie_Dinmont Lhasa Gordon_setter groenendael Rottweiler Tibetan_mastiff pug Cardigan dhole",
  ),
  "other mammals": names(
    "wallaby Siamese_cat brown_bear porcupine hippopotamus Arabian_camel three-toed_sloth langur indri",
  ),
  birds: names("indigo_bunting great_grey_owl peacock hummingbird crane pelican"),
  reptiles: names("leatherback_turtle alligator_lizard hognose_snake green_mamba"),
  invertebrates: names("garden_spider slug crayfish leaf_beetle cockroach cabbage_butterfly"),
  vehicles: names(
    "airliner bicycle-built-for-two catamaran fireboat minibus pirate police_van speedboat tow_truck trolleybus yawl",
  ),
  clothing: names("cardigan cowboy_boot cuirass kimono sandal stole suit"),
  food: names("guacamole hotdog artichoke banana potpie"),
};

function names(text: string): readonly string[] {
  return text.split(" ");
}

interface Fold {
  readonly learned: string;
  readonly others: string;
}

interface Found {
  readonly right: number;
  readonly pictures: number;
  /** With the head alone; ours says it where it was asked to stop there. */
  readonly head: number;
}

const WHO = ["mobilenet-v2", "Keras"] as const;
type Who = (typeof WHO)[number];

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1,2,3" },
    folds: { type: "string", default: "5" },
    ours: { type: "boolean", default: false },
  },
});

const shared = fileURLToPath(new URL("../../shared/", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "recipe-"));
try {
  await compare();
} finally {
  rmSync(home, { recursive: true });
}

async function compare(): Promise<void> {
  mkdirSync(join(home, "models"));
  copyFileSync(join(shared, "weights", WEIGHTS), join(home, "models", WEIGHTS));
  const rows: string[][] = [];
  const seeds: Record<Who, Found[]> = { "mobilenet-v2": [], Keras: [] };
  for (const seed of values.seeds.split(",").map(Number)) {
    const folds = foldsOf(seed);
    const keras = values.ours ? undefined : startKeras(seed);
    const found: Record<Who, Found[]> = { "mobilenet-v2": [], Keras: [] };
    for (const fold of folds) {
      found["mobilenet-v2"].push(ours(fold, seed));
      // oxlint-disable-next-line no-await-in-loop -- one at a time has the machine to itself
      if (keras !== undefined) found.Keras.push(await keras.ask(fold));
      process.stderr.write(".");
    }
    keras?.child.kill();
    for (const who of WHO) {
      if (found[who].length === 0) continue;
      const all = sum(found[who]);
      const row = [String(seed), who, share(all, "head"), share(all, "right")];
      process.stderr.write(`\n${row.join("  ")}\n`);
      rows.push(row);
      seeds[who].push(all);
    }
  }
  for (const who of WHO) {
    if (seeds[who].length > 1) rows.push(["all", who, meanOf(seeds[who], "head"), meanOf(seeds[who], "right")]);
  }
  process.stderr.write("\n");
  console.log(textOf([["seed", "by", "head alone", "fine-tuned"], ...rows]));
}

function sum(folds: readonly Found[]): Found {
  const of = (what: keyof Found): number => folds.reduce((all, fold) => all + fold[what], 0);
  return { right: of("right"), pictures: of("pictures"), head: of("head") };
}

function share(found: Found, what: "head" | "right"): string {
  return `${found[what]} of ${found.pictures}, ${((100 * found[what]) / found.pictures).toFixed(1)} %`;
}

/** Over the seeds, with the standard deviation of one of them. */
function meanOf(seeds: readonly Found[], what: "head" | "right"): string {
  const shares = seeds.map((found) => (100 * found[what]) / found.pictures);
  const mean = shares.reduce((a, b) => a + b, 0) / shares.length;
  const variance = shares.reduce((a, b) => a + (b - mean) ** 2, 0) / (shares.length - 1);
  return `${mean.toFixed(1)} % ± ${Math.sqrt(variance).toFixed(1)}`;
}

/** Copies of the photographs, for each fold those to learn from and the others. */
function foldsOf(seed: number): readonly Fold[] {
  const files = readdirSync(join(shared, "images"));
  const pictures = Object.entries(GROUPS).flatMap(([group, members], label) =>
    members.map((member) => ({ group, label, file: files.find((file) => file.endsWith(`_${member}.JPEG`)) ?? member })),
  );
  const splits = stratifiedFolds(
    pictures.map(({ label }) => label),
    Number(values.folds),
    seed,
  );
  return splits.map(({ training, validation }, i) => {
    const fold = { learned: join(home, `${seed}-${i}`, "learned"), others: join(home, `${seed}-${i}`, "others") };
    for (const [folder, places] of [
      [fold.learned, training],
      [fold.others, validation],
    ] as const) {
      for (const place of places) {
        const { group = "", file = "" } = pictures[place] ?? {};
        mkdirSync(join(folder, group), { recursive: true });
        copyFileSync(join(shared, "images", file), join(folder, group, file));
      }
    }
    return fold;
  });
}

/** By the command line, as a user would; held-out pictures are not even in the folder. */
function ours({ learned, others }: Fold, seed: number): Found {
  const output = join(home, "model.keras");
  const right = (more: readonly string[]): { readonly right: number; readonly pictures: number } => {
    cli([
      "train",
      learned,
      "-o",
      output,
      "--validation-split",
      "0",
      "--augment",
      "flip,rotation,zoom",
      "--seed",
      String(seed),
      ...more,
    ]);
    const { top1, data } = JSON.parse(cli(["evaluate", others, "--weights", output, "--json"])) as {
      readonly top1: number;
      readonly data: { readonly pictures: number };
    };
    return { right: Math.round(top1 * data.pictures), pictures: data.pictures };
  };
  const head = right(["--fine-tune-from", "none"]);
  return { ...right([]), head: head.right };
}

function cli(args: readonly string[]): string {
  const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
  const env = { ...process.env, KERAS_HOME: home };
  return execFileSync(process.execPath, ["--conditions=@mobilenet-v2/source", main, ...args], {
    encoding: "utf8",
    env,
  });
}

function startKeras(seed: number): { readonly child: ChildProcess; readonly ask: (fold: Fold) => Promise<Found> } {
  const script = fileURLToPath(new URL("thirdparty/keras_recipe.py", import.meta.url));
  const args = [script, join(home, "models", WEIGHTS), String(seed), String(availableParallelism())];
  const child = spawn(PYTHON, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, CUDA_VISIBLE_DEVICES: "" },
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ask = async (fold: Fold): Promise<Found> => {
    child.stdin.write(`${JSON.stringify(fold)}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error("Keras has ended: does $PYTHON have keras and tensorflow?");
    return JSON.parse(value) as Found;
  };
  return { child, ask };
}
