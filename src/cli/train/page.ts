/** What `train` did as one HTML page that needs nothing from elsewhere. */
import { basename } from "node:path";
import { TRANSFER_DEFAULTS } from "../../tasks/transfer/settings.ts";
import { escaped, factTable, page, unreadableList, wide } from "../pages/page.ts";
import { classTable, confusion } from "../pages/tally.ts";
import { percentage } from "../terminal/format.ts";
import { chart } from "./chart.ts";
import { type Training, bestEpoch, caution, isValidated, whatLearned } from "./report.ts";
import type { ShownMistake } from "./thumbnails.ts";

/** Begins on a line of its own behind the style of all pages. */
const STYLE = `
h1 { margin-bottom: 0 } .sum { font-size: 1.25rem; margin: .3rem 0 1.5rem } figure { margin: 0 0 1rem; flex: 1 1 28rem; min-width: 0 } .curves { display: flex; flex-wrap: wrap; gap: 1rem 2rem }
figcaption { font-weight: 600 } figcaption span { display: inline-block; font-weight: normal; margin-left: 1rem } .chart { width: 100%; height: auto } .chart text { font-size: 12px; fill: var(--ink) }
.grid { stroke: var(--line) } .part { stroke: var(--rule); stroke-dasharray: 3 3 } path, .learning, .held { fill: none; stroke-width: 2 }
.learning { stroke: #2f6fb3 } .held { stroke: #d9822b } .learning.dot { fill: #2f6fb3 } .held.dot { fill: #d9822b }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; list-style: none } .pictures li { width: 10rem } .pictures img { max-width: 10rem; max-height: 10rem; display: block }
@media (max-width: 36rem) { .chart { overflow: visible } .chart text { font-size: 18px } }
td:first-child { min-width: 6rem } .pictures li { overflow-wrap: anywhere } .pictures small { overflow-wrap: anywhere } pre { background: var(--stripe); padding: .8rem 1rem; overflow-x: auto }
`;

export function trainPage(training: Training, mistakes: readonly ShownMistake[]): string {
  const { model, tally, classNames, target } = training;
  const title = `Training of ${basename(target.output)}`;
  const classes = tally.classes();
  const where = isValidated(training) ? "pictures that were held out" : "pictures that it learned from";
  const note = caution(training);
  const right = classes.reduce((sum, { top1 }) => sum + top1, 0);
  return page(
    title,
    `<p class="sum">${percentage(tally.top1)} right: ${right} of ${tally.pictures} ${where}, ${classNames.length} classes</p>
${note === undefined ? "" : `<p>${escaped(note)} Pictures that it has never met say more: <code>mobilenet-v2 evaluate</code>.</p>`}
<div class="curves">${curves(training)}</div>
${phaseTable(training)}
<h2>Classes</h2>
<p>Of the ${where}.</p>
${classTable(classes)}
${confusion(tally, classes)}
${mistakeList(mistakes, tally.mistakes.length)}
${pictureTable(training)}
${unreadableList(training.unreadable.map(({ reason }) => reason))}
<h2>Recipe</h2>
${factTable(recipeFacts(training))}
<h2>Made with</h2>
${factTable(environmentRows(training))}
<h2>To use it</h2>
<pre>mobilenet-v2 classify photo.jpg --weights ${escaped(basename(target.output))}</pre>
<p>In Python, with Keras; pixels are of 0 to 255, the model scales them itself:</p>
<pre>${escaped(pythonExample(basename(target.output), model.size))}</pre>`,
    STYLE,
  );
}

function curves({ phases, recipe }: Training): string {
  const parts = phases.slice(1).map(({ name }, i) => ({
    name: whatLearned(recipe.phases.find((phase) => phase.name === name)),
    epoch: phases.slice(0, i + 1).reduce((sum, { logged }) => sum + (logged["loss"]?.length ?? 0), 0),
  }));
  const values = (name: string): readonly (number | undefined)[] =>
    phases.flatMap(({ logged }) =>
      Array.from({ length: logged["loss"]?.length ?? 0 }, (_, epoch) => logged[name]?.[epoch]),
    );
  const chartOf = (title: string, name: string, format: (value: number) => string, most?: number): string => {
    const held = values(`val_${name}`);
    return chart({
      title,
      parts,
      format,
      ...(most !== undefined && { most }),
      curves: [
        { name: "learned from", kind: "learning", values: values(name) },
        ...(held.some((value) => value !== undefined) ? [{ name: "held out", kind: "held", values: held }] : []),
      ],
    });
  };
  return (
    chartOf("Loss", "loss", (value) => String(Number(value.toPrecision(3)))) +
    chartOf("Right answers", "accuracy", percentage, 1)
  );
}

function phaseTable({ phases, recipe }: Training): string {
  const rows = phases.map((result) => {
    const best = bestEpoch(result, recipe);
    const at = (name: string): number | undefined => result.logged[name]?.[best];
    const share = (value: number | undefined): string => (value === undefined ? "" : percentage(value));
    const cells = [
      result.logged["loss"]?.length ?? 0,
      best + 1,
      at("loss")?.toFixed(4) ?? "",
      share(at("accuracy")),
      at("val_loss")?.toFixed(4) ?? "",
      share(at("val_accuracy")),
    ];
    const name = whatLearned(recipe.phases.find((phase) => phase.name === result.name));
    return `<tr><td>${escaped(name)}${cells.map((cell) => `<td class="n">${cell}`).join("")}<td>${result.kept ? "" : "not kept: no better than before"}`;
  });
  const heads = ["epochs", "best", "loss", "right", "loss, held out", "right, held out"].map(
    (name) => `<th class="n">${name}`,
  );
  return wide(`<thead><tr><th>learned${heads.join("")}<th></thead><tbody>${rows.join("\n")}</tbody>`);
}

function mistakeList(shown: readonly ShownMistake[], all: number): string {
  if (shown.length === 0) return "<h2>Mistakes</h2>\n<p>None.</p>";
  const items = shown.map(({ name, uri, actual, predicted, score }) => {
    const picture =
      uri === undefined ? "" : `<img src="${uri}" alt="${escaped(actual)}, taken for ${escaped(predicted)}">`;
    return `<li>${picture}<b>${escaped(predicted)}</b> ${percentage(score)}<br>is ${escaped(actual)}<br><small>${escaped(name)}</small>`;
  });
  const title = all > shown.length ? `The ${shown.length} surest of ${all} mistakes` : "Mistakes";
  return `<h2>${title}</h2>\n<ul class="pictures">${items.join("\n")}</ul>`;
}

function pictureTable({ classNames, counts, empty, folder, recipe }: Training): string {
  const weights = recipe.classWeight;
  const rows = classNames.map((name, i) => {
    const weight = weights === undefined ? "" : `<td class="n">${(weights[i] ?? 1).toFixed(2)}`;
    return `<tr><td>${escaped(name)}<td class="n">${counts.training[i] ?? 0}<td class="n">${counts.validation[i] ?? 0}${weight}`;
  });
  const heads = `<th class="n">learned from<th class="n">held out${weights === undefined ? "" : '<th class="n">each counts'}`;
  return `<h2>Pictures of ${escaped(folder)}</h2>
${wide(`<thead><tr><th>class${heads}</thead><tbody>${rows.join("\n")}</tbody>`)}
${empty.length === 0 ? "" : `<p>Folders without pictures, which are no classes: ${empty.map(escaped).join(", ")}</p>`}`;
}

type Fact = readonly [name: string, text: string];

function recipeFacts({ model, recipe, settings }: Training): readonly Fact[] {
  const { batchSize, augment, dropout, seed, validationSplit, phases } = recipe;
  return [
    [
      "model",
      `MobileNetV2 of alpha ${model.alpha} for ${model.size} × ${model.size} pixels, ${model.parameters.toLocaleString("en")} parameters; weights at first: ${model.weights}`,
    ],
    ["pictures", `squeezed to ${model.size} × ${model.size}, bilinear with PIL's arithmetic, turned upright by EXIF`],
    ["held out", `${percentage(validationSplit)} of each class`],
    ["batches of", String(batchSize)],
    ["dropout", String(dropout)],
    ...phases.map((phase): Fact => {
      const { epochs, learningRate, warmupSteps, patience, augments } = phase;
      return [
        whatLearned(phase),
        `up to ${epochs} epochs, Adam with a rate of ${learningRate}${warmupSteps > 0 ? ` after a warm-up of ${warmupSteps} steps` : ""}, down to 0 by a cosine` +
          (patience === undefined
            ? ""
            : `; ends when the loss of what is held out was no better for ${patience} epochs, with the best weights`) +
          (augments ? `; pictures changed at random: ${augment.join(", ")}` : ""),
      ];
    }),
    ["class weights", recipe.classWeight === undefined ? "none" : "each class counts as much as any other"],
    ["seed", String(seed)],
    [
      "options",
      Object.keys(settings).length === 0 ? `as they are (size ${TRANSFER_DEFAULTS.size}, …)` : JSON.stringify(settings),
    ],
  ];
}

function environmentRows({ environment, milliseconds, isResumed }: Training): readonly Fact[] {
  return [
    ["Node", environment.node],
    ["system", environment.system],
    ["processor", environment.processor],
    ["threads", String(environment.threads)],
    [isResumed ? "time since it was resumed" : "time", `${(milliseconds / 1000).toFixed(1)} s`],
  ];
}

function pythonExample(file: string, size: number): string {
  return `import keras, numpy
model = keras.models.load_model(${JSON.stringify(file)})
img = keras.utils.load_img("photo.jpg", target_size=(${size}, ${size}), interpolation="bilinear")
print(model.predict(numpy.array([keras.utils.img_to_array(img)])))`;
}
