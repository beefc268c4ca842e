/** The demo page: classifies the picture that is chosen or dropped, with ImageNet weights from this server, from Keras, or from a file. */
import type { FilesSource, Prediction } from "mobilenet-v2";
import { type Classifier, loadClassifier } from "mobilenet-v2/tasks";

/** Where `npm run demo` serves Keras's cache. */
const served = "weights/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5";

const status = element("status", HTMLElement);
const alert = element("error", HTMLElement);
const preview = element("preview", HTMLImageElement);
const table = element("predictions", HTMLTableElement);
const picture = element("picture", HTMLInputElement);
const weights = element("weights", HTMLInputElement);

/** The classifier that is there, or under way. */
let classifier = reported(loadAny());
let shown: Blob | undefined;

picture.addEventListener("change", () => void classify(picture.files?.[0]));
weights.addEventListener("change", () => {
  const file = weights.files?.[0];
  if (file === undefined) return;
  classifier = reported(load(file));
  void classify(shown);
});
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  void classify(event.dataTransfer?.files[0]);
});

async function loadAny(): Promise<Classifier> {
  try {
    return await load(served);
  } catch {
    return await load("imagenet");
  }
}

async function load(source: FilesSource): Promise<Classifier> {
  const loaded = await loadClassifier({
    weights: source,
    onProgress: ({ received, total }) => {
      status.textContent = `Loading weights: ${megabytes(received)}${total === null ? "" : ` of ${megabytes(total)}`}`;
    },
  });
  status.textContent = "Ready.";
  return loaded;
}

/** Says what went wrong and asks for a weights file; undefined then. */
async function reported(loading: Promise<Classifier>): Promise<Classifier | undefined> {
  alert.textContent = "";
  try {
    return await loading;
  } catch (error) {
    show(error);
    element("weights-choice", HTMLElement).hidden = false;
    return undefined;
  }
}

async function classify(file: Blob | undefined): Promise<void> {
  if (file === undefined) return;
  shown = file;
  alert.textContent = "";
  table.replaceChildren();
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(file);
  preview.hidden = false;
  try {
    const loaded = await classifier;
    if (loaded === undefined) return;
    const start = performance.now();
    const predictions = await loaded.classify(file);
    if (file !== shown) return;
    status.textContent = `${(performance.now() - start).toFixed(1)} ms`;
    table.replaceChildren(...predictions.map(row));
  } catch (error) {
    show(error);
  }
}

function row({ label, score }: Prediction): HTMLTableRowElement {
  const made = document.createElement("tr");
  const meter = document.createElement("meter");
  meter.value = score;
  for (const content of [label.replaceAll("_", " "), meter, `${(100 * score).toFixed(1)} %`]) {
    made.insertCell().append(content);
  }
  return made;
}

function show(error: unknown): void {
  status.textContent = "";
  alert.textContent = error instanceof Error ? error.message : String(error);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`The page has no element #${id}.`);
}
