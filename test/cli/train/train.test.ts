import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import { BatchNormalization, MobileNetV2, Model, imgToArray, loadImg, loadModel } from "mobilenet-v2";
import { encodeImg } from "mobilenet-v2/image";
import { TrainFolder } from "../../../src/cli/train/folder.ts";
import { fnv1a32, unitAt } from "../../../src/core/random.ts";
import { type Ended, runCli } from "../run-cli.ts";

const COLOURS = ["blue", "green", "red"] as const;

const home = mkdtempSync(join(tmpdir(), "train-"));
const photos = join(home, "photos");
const weights = join(home, "base.keras");
after(() => rmSync(home, { recursive: true }));

/** What takes seconds: a narrow model, small pictures. */
const SMALL = ["--size", "32", "--batch-size", "6"];
const SCRATCH = ["--from-scratch", "--alpha", "0.35", ...SMALL];

before(async () => {
  await drawColours(photos, 8);
  const base = await MobileNetV2({ alpha: 0.35, inputShape: [32, 32, 3], includeTop: false, weights: null });
  await base.save(weights);
  base.dispose();
});

/** Noise that is mostly of one colour. */
async function drawColours(folder: string, perClass: number): Promise<void> {
  const side = 32;
  for (const [channel, name] of [...COLOURS].toReversed().entries()) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < perClass; i++) {
      const stream = fnv1a32(`${name}/${i}`);
      const data = Uint8Array.from(
        { length: side * side * 3 },
        (_, at) => unitAt(stream, at) * 140 + (at % 3 === channel ? 100 : 0),
      );
      // oxlint-disable-next-line no-await-in-loop -- small ones
      const bytes = await encodeImg({ width: side, height: side, channels: 3, data }, { fileFormat: "png" });
      writeFileSync(join(folder, name, `${i}.png`), bytes);
    }
  }
}

function newFolder(name: string): string {
  return mkdtempSync(join(home, `${name}-`));
}

interface Document {
  readonly classes: readonly { readonly name: string; readonly training: number; readonly validation: number }[];
  readonly emptyFolders: readonly string[];
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
  readonly phases: readonly {
    readonly name: string;
    readonly epochs: number;
    readonly kept: boolean;
    readonly history: Readonly<Record<string, readonly number[]>>;
  }[];
  readonly evaluation: {
    readonly on: string;
    readonly pictures: number;
    readonly top1: number;
    readonly logLoss: number;
  };
  readonly recipe: { readonly classWeight?: Readonly<Record<string, number>> };
  readonly resumed: boolean;
}

function documentOf({ code, stdout, stderr }: Ended): Document {
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Document;
}

/** The layers that learn, by what the file says. */
async function learningIn(file: string): Promise<readonly string[]> {
  const model = await loadModel(file);
  const below = (layers: Model["layers"]): readonly string[] =>
    layers.flatMap((layer) => [
      ...(layer.trainable ? [layer.name] : []),
      ...(layer instanceof Model ? below(layer.layers) : []),
    ]);
  return below(model.layers);
}

async function weightsOf(file: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const model = await loadModel(file);
  const found = new Map<string, Uint8Array>();
  const add = (layers: Model["layers"]): void => {
    for (const layer of layers) {
      if (layer instanceof Model) add(layer.layers);
      else
        for (const { name, values } of layer.weights)
          found.set(`${layer.name}/${name}`, new Uint8Array(values.slice().buffer));
    }
  };
  add(model.layers);
  model.dispose();
  return found;
}

const TWO_PHASES = [
  "--weights",
  weights,
  ...SMALL,
  "--epochs",
  "3",
  "--save-every",
  "0",
  "--fine-tune-from",
  "block_16",
];

describe("train", () => {
  const folder = newFolder("whole");
  const output = join(folder, "colours.keras");
  let document: Document;

  before(async () => {
    document = documentOf(await runCli(["train", photos, "-o", output, ...TWO_PHASES, "--json"]));
  });

  test("one document: what was learned from, the phases with their curves, how good it is; nothing else is left", () => {
    assert.deepEqual(
      document.classes,
      COLOURS.map((name) => ({ name, training: 6, validation: 2 })),
    );
    assert.deepEqual(
      document.phases.map(({ name, epochs }) => [name, epochs]),
      [
        ["head", 3],
        ["fine-tuning", 3],
      ],
    );
    for (const { history } of document.phases) {
      assert.deepEqual(Object.keys(history).toSorted(), ["accuracy", "loss", "val_accuracy", "val_loss"]);
    }
    assert.deepEqual([document.evaluation.on, document.evaluation.pictures], ["validation", 6]);
    assert.equal(document.recipe.classWeight, undefined);
    assert.deepEqual(readdirSync(folder).toSorted(), ["colours.html", "colours.keras", "colours.labels.txt"]);
    assert.equal(readFileSync(join(folder, "colours.labels.txt"), "utf8"), "blue\ngreen\nred\n");
  });

  test("only what is fine-tuned has moved: the blocks before and all normalization are as they were, to the bit", async () => {
    const [was, is] = await Promise.all([weightsOf(weights), weightsOf(output)]);
    const moved = [...was].filter(([name, bytes]) => Buffer.compare(bytes, is.get(name) ?? bytes) !== 0);
    const names = moved.map(([name]) => name);
    assert.ok(
      names.every((name) => /^(?:block_16_|Conv_1\/)/.test(name) && name.endsWith("kernel")),
      names.join(),
    );
    assert.equal(names.length > 0, document.phases[1]?.kept);
    assert.ok([...is.keys()].includes("predictions/kernel"));
  });

  test("the file has its classes, and the scaling of pixels in it: classify takes it as it is", async () => {
    const model = await loadModel(output);
    assert.deepEqual([model.classNames, model.preprocessing], [COLOURS, { scale: 1, offset: 0 }]);
    assert.equal(model.layers[1]?.className, "Rescaling");
    // Without the optimizer.
    assert.equal(model.compiled, false);
    const base = model.layers.find((layer) => layer instanceof Model);
    assert.ok(
      base instanceof Model && base.layers.every((layer) => !(layer instanceof BatchNormalization) || !layer.trainable),
    );
    let right = 0;
    for (const [label, name] of COLOURS.entries()) {
      for (const file of readdirSync(join(photos, name))) {
        // oxlint-disable-next-line no-await-in-loop -- small ones
        const { data } = await model.predict(imgToArray(await loadImg(join(photos, name, file))));
        if (data.indexOf(Math.max(...data)) === label) right++;
      }
    }
    model.dispose();
    const { stdout } = await runCli(["evaluate", photos, "--weights", output, "--json"]);
    const evaluated = JSON.parse(stdout) as { readonly top1: number; readonly logLoss: number };
    assert.equal(evaluated.top1, right / 24);
    assert.ok(evaluated.logLoss > 0 && Number.isFinite(evaluated.logLoss));
  });

  test("the page needs nothing from elsewhere, and shows curves, matrix, classes, mistakes and recipe", () => {
    const page = readFileSync(join(folder, "colours.html"), "utf8");
    assert.match(
      page,
      /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">/,
    );
    assert.ok(!/(?:src|href)="(?!data:)|url\(|@import|<script|<link/.test(page));
    for (const part of [
      '<svg class="chart"',
      "What is taken for what",
      "<h2>Classes</h2>",
      "istakes",
      "<h2>Recipe</h2>",
      "Node",
    ]) {
      assert.ok(page.includes(part), part);
    }
    const mistakes = Math.round((1 - document.evaluation.top1) * document.evaluation.pictures);
    assert.equal(page.match(/src="data:image\/jpeg;base64,/g)?.length ?? 0, mistakes);
  });

  test("killed in the head, in fine-tuning and after it, resumed: the same weights, to the bit; then there is nothing to resume", async () => {
    const again = join(newFolder("killed"), "colours.keras");
    const args = ["train", photos, "-o", again, ...TWO_PHASES, "--resume", "--json"];
    for (const state of ["phase-1/latest.state", "phase-2/latest.state", "phase-2/end.state"]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.notEqual((await killedAt(join(`${again}.training`, state), args)).code, 0, state);
    }
    // Without a word of its options.
    const ended = documentOf(await runCli(["train", photos, "-o", again, "--resume", "--json"]));
    assert.ok(ended.resumed);
    assert.deepEqual(ended.phases, document.phases);
    assert.deepEqual(await weightsOf(again), await weightsOf(output));
    assert.deepEqual(await learningIn(again), await learningIn(output));
    assert.deepEqual(readdirSync(join(again, "..")).toSorted(), [
      "colours.html",
      "colours.keras",
      "colours.labels.txt",
    ]);
    const once = await runCli(args);
    assert.deepEqual([once.code, once.stdout], [0, ""]);
    assert.match(once.stderr, /There is nothing to resume: .*colours\.keras is done\./);
  });
});

/** Runs the command line, and kills it as soon as the file is there. */
async function killedAt(file: string, args: readonly string[], signal: NodeJS.Signals = "SIGKILL"): Promise<Ended> {
  const over = new AbortController();
  const ended = runCli(args, {
    onStart: (pid) => {
      void (async () => {
        while (!over.signal.aborted && !existsSync(file)) await sleep(2);
        if (!over.signal.aborted) process.kill(pid, signal);
      })();
    },
  });
  return ended.finally(() => over.abort());
}

describe("train that is interrupted", () => {
  test("Ctrl-C ends with 130 and says how to go on; it does not begin anew unasked, nor with other options or pictures", async () => {
    const folder = newFolder("interrupted");
    const own = join(folder, "photos");
    await drawColours(own, 4);
    const output = join(folder, "x.keras");
    const args = ["train", own, "-o", output, ...SCRATCH, "--epochs", "500", "--save-every", "0"];
    const { code, stdout, stderr } = await killedAt(
      join(`${output}.training`, "phase-1", "latest.state"),
      args,
      "SIGINT",
    );
    assert.deepEqual([code, stdout], [130, ""]);
    assert.match(
      stderr,
      /error: interrupted\. What was learned is in .*x\.keras\.training: go on with the same command and --resume\.\n$/,
    );
    assert.ok(!existsSync(output));

    const unasked = await runCli(args);
    assert.equal(unasked.code, 1);
    assert.match(
      unasked.stderr,
      /was interrupted; what it has learned is in .* Go on with --resume, or begin anew with --restart\./,
    );

    const other = await runCli([...args.map((arg) => (arg === "500" ? "400" : arg)), "--resume"]);
    assert.match(other.stderr, /was begun with --epochs 500: leave it as it was/);

    const state = join(`${output}.training`, "phase-1", "latest.state");
    const bytes = readFileSync(state);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(state, bytes);
    const turned = await runCli([...args, "--resume"]);
    assert.equal(turned.code, 1);
    assert.match(turned.stderr, /^error: .*latest\.state: .*checksum.*\. Begin anew with --restart\.\n$/);

    rmSync(join(own, "red", "0.png"));
    assert.match(
      (await runCli([...args, "--resume"])).stderr,
      /are not those that the interrupted training has seen\. Begin anew with --restart\./,
    );

    const plan = join(`${output}.training`, "plan.json");
    writeFileSync(plan, readFileSync(plan, "utf8").replace('"epochs": 500', '"epochs": 501'));
    await assert.rejects(TrainFolder.interrupted(`${output}.training`), {
      code: "FormatError",
      message: /plan\.json is not what a training leaves\. Begin anew with --restart\.$/,
    });
    const anew = await runCli(["train", own, "-o", output, ...SCRATCH, "--epochs", "1", "--restart"]);
    assert.equal(anew.code, 0, anew.stderr);
    assert.match(anew.stdout, /^learned +epochs +best/);
    assert.deepEqual(readdirSync(folder).toSorted(), ["photos", "x.html", "x.keras", "x.labels.txt"]);
  });

  test("Ctrl-C when all is written says that, and leaves nothing else", async () => {
    let said = "";
    // It may be over before the signal comes: then once more.
    for (let attempt = 0; attempt < 20 && said === ""; attempt++) {
      const folder = newFolder("late");
      const output = join(folder, "x.keras");
      const args = ["train", photos, "-o", output, ...SCRATCH, "--epochs", "1"];
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { code, stderr } = await killedAt(output, args, "SIGINT");
      assert.ok(code === 0 || code === 130, stderr);
      assert.deepEqual(readdirSync(folder).toSorted(), ["x.html", "x.keras", "x.labels.txt"]);
      if (code === 130) said = stderr;
    }
    assert.match(said, /error: interrupted, when .*x\.keras was written\n$/);
  });

  test("a folder of the user's in the way is left alone", async () => {
    const folder = newFolder("own");
    mkdirSync(join(folder, "x.keras.training"));
    writeFileSync(join(folder, "x.keras.training", "thesis.txt"), "years");
    const { code, stderr } = await runCli(["train", photos, "-o", join(folder, "x.keras"), ...SCRATCH, "--restart"]);
    assert.equal(code, 1);
    assert.match(stderr, /x\.keras\.training is there, and no training has made it\./);
    assert.equal(readFileSync(join(folder, "x.keras.training", "thesis.txt"), "utf8"), "years");
  });
});

describe("train from scratch", () => {
  test("validates as well as it trains: 0.9 or more right both ways after 60 epochs, within 0.1 of one another", async () => {
    const output = join(newFolder("scratch"), "x.keras");
    const sizes = ["--from-scratch", "--alpha", "0.35", "--size", "48", "--batch-size", "12", "--epochs", "60"];
    const args = [...sizes, "--augment", "none", "--dropout", "0", "--validation-split", "0", "--json"];
    const { evaluation, phases } = documentOf(await runCli(["train", photos, "-o", output, ...args]));
    const trained = phases[0]?.history["accuracy"]?.at(-1) ?? 0;
    assert.equal(evaluation.on, "training");
    assert.ok(
      trained >= 0.9 && evaluation.top1 >= 0.9 && Math.abs(trained - evaluation.top1) <= 0.1,
      `${trained}, ${evaluation.top1}`,
    );
  });
});

describe("train with pictures as they come", () => {
  test("pictures that cannot be read, folders without any, classes without others are named and left out; --strict stops", async () => {
    const folder = newFolder("broken");
    const own = join(folder, "photos");
    await drawColours(own, 4);
    mkdirSync(join(own, "empty"));
    mkdirSync(join(own, "hopeless"));
    writeFileSync(join(own, "hopeless", "a.png"), "no picture");
    writeFileSync(join(own, "red", "<b>.jpg"), "no picture");
    const args = ["train", own, "-o", join(folder, "x.keras"), ...SCRATCH, "--epochs", "1"];
    const ended = await runCli([...args, "--json"]);
    const { classes, emptyFolders, unreadable } = documentOf(ended);
    assert.deepEqual(
      classes.map(({ name }) => name),
      COLOURS,
    );
    assert.deepEqual(emptyFolders, ["empty", "hopeless"]);
    assert.deepEqual(
      unreadable.map(({ path }) => path.slice(own.length + 1)),
      [join("hopeless", "a.png"), join("red", "<b>.jpg")],
    );
    assert.match(ended.stderr, /2 of 14 pictures could not be read and are left out:/);
    const page = readFileSync(join(folder, "x.html"), "utf8");
    assert.ok(
      page.includes("2 pictures could not be read") && page.includes("&lt;b&gt;.jpg") && !page.includes("<b>.jpg"),
    );

    const strict = await runCli([...args, "--strict"]);
    assert.equal(strict.code, 1);
    assert.match(strict.stderr, /^error: .*hopeless.*a\.png/);
    assert.ok(!existsSync(join(folder, "x.keras.training")));
  });

  test("one picture a class: nothing can be held out, and that is said; classes of different sizes are weighed", async () => {
    const folder = newFolder("few");
    const own = join(folder, "photos");
    await drawColours(own, 1);
    writeFileSync(join(own, "red", "1.png"), readFileSync(join(own, "red", "0.png")));
    const { code, stdout, stderr } = await runCli([
      "train",
      own,
      "-o",
      join(folder, "new", "x.h5"),
      ...SCRATCH,
      "--epochs",
      "2",
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /The 4 pictures that it learned from: none were held out/);
    assert.match(stdout, /The classes are of different sizes/);
    assert.ok(existsSync(join(folder, "new", "x.h5")));
  });

  test("what cannot work is said before anything is begun", async () => {
    const folder = newFolder("wrong");
    const empty = join(folder, "empty");
    const single = join(folder, "single");
    mkdirSync(join(empty, "a"), { recursive: true });
    mkdirSync(join(single, "only"), { recursive: true });
    writeFileSync(join(single, "only", "0.png"), readFileSync(join(photos, "red", "0.png")));
    writeFileSync(join(folder, "file"), "");
    mkdirSync(join(folder, "taken.keras"));
    const output = join(folder, "x.keras");
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [[join(folder, "none"), "-o", output], 1, /Could not read the folder .*none: there is no such file or folder/],
      [[empty, "-o", output], 1, /No images found in directory .*empty\./],
      [[single, "-o", output], 1, /are of one class, only\. Give a folder with a folder for each class/],
      [[photos], 2, /required option '-o, --output <file>' not specified/],
      [[photos, "-o", join(folder, "x.onnx")], 1, /is written as \.keras, \.h5 or \.safetensors\. Received: .*x\.onnx/],
      [[photos, "-o", join(folder, "x.txt")], 1, /Invalid filepath extension for saving/],
      [[photos, "-o", join(folder, "taken.keras")], 1, /would be written, but it is a folder/],
      [[photos, "-o", join(folder, "file", "x.keras")], 1, /Nothing can be written to .*file: ENOTDIR/],
      [
        [photos, "-o", join(folder, "new", "er", "x.keras"), "--weights", join(folder, "file")],
        1,
        /file: The weights file is empty/,
      ],
      [
        [photos, "-o", output, "--augment", "flip,blur"],
        1,
        /There is no augmentation "blur"\. There are flip, rotation,/,
      ],
      [[photos, "-o", output, "--validation-split", "1"], 2, /It must be 0 or more, and below 1\./],
      [
        [photos, "-o", output, "--from-scratch", "--fine-tune-from", "block_3"],
        1,
        /trains all layers: --fine-tune-from does not/,
      ],
      [
        [photos, "-o", output, "--weights", weights, "--fine-tune-from", "block_99", ...SMALL],
        1,
        /has no layer or block block_99/,
      ],
      [
        [photos, "-o", output, "--weights", weights, "--alpha", "1", ...SMALL],
        1,
        /base\.keras: It is of alpha 0\.35\. Received: --alpha 1/,
      ],
    ];
    for (const [args, code, message] of cases) {
      // oxlint-disable-next-line no-await-in-loop -- processes
      const ended = await runCli(["train", ...args]);
      assert.deepEqual([ended.code, ended.stdout], [code, ""], args.join(" "));
      assert.match(ended.stderr, message);
    }
    assert.deepEqual(readdirSync(folder).toSorted(), ["empty", "file", "single", "taken.keras"]);
  });
});
