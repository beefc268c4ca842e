/** The demo page: classifies the picture that is chosen or dropped, with ImageNet weights from this server, from Keras, or from a file. */
import {
  type BytesSource,
  MobileNetV2,
  type Prediction,
  decodePredictions,
  imgToArray,
  loadImg,
  preprocessInput,
} from "mobilenet-v2";

/** Where `npm run demo` serves Keras's cache. */
const served = "weights/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5";

const status = element("status", HTMLElement);
const alert = element("error", HTMLElement);
const preview = element("preview", HTMLImageElement);
const table = element("predictions", HTMLTableElement);
const picture = element("picture", HTMLInputElement);
const weights = element("weights", HTMLInputElement);

type Classifier = Awaited<ReturnType<typeof MobileNetV2>>;

/** The model that is there, or under way. */
let model = reported(loadAny());
let shown: Blob | undefined;

picture.addEventListener("change", () => void classify(picture.files?.[0]));
weights.addEventListener("change", () => {
  const file = weights.files?.[0];
  if (file === undefined) return;
  model = reported(load(file));
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

async function load(source: BytesSource): Promise<Classifier> {
  const loaded = await MobileNetV2({
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
    const image = await loadImg(file, { targetSize: [224, 224], interpolation: "bilinear", autoOrient: true });
    const classifier = await model;
    if (classifier === undefined) return;
    const start = performance.now();
    const scores = await classifier.predict(preprocessInput(imgToArray(image)));
    const [predictions = []] = decodePredictions(scores);
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
