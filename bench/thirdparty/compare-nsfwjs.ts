/** nsfwjs's MobileNetV2 here and in TensorFlow.js itself, on seeded pictures: probabilities within 1e-4, or exit code 1. */
import { nsfwjsFolder } from "../../src/cli/nsfwjs.ts";
import { uniform } from "../../src/core/random.ts";
import { Tensor } from "../../src/core/tensor.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { loadNsfwjs } from "./nsfwjs.ts";

const TOLERANCE = 1e-4;
const model = await loadModel(nsfwjsFolder());
const reference = await loadNsfwjs();
let largest = 0;
for (let i = 0; i < 8; i++) {
  // Smooth pictures as well as noise: the model's answers then differ.
  const scale = 1 / (1 + i);
  const input = uniform(`nsfwjs/${i}`, 224 * 224 * 3, 0, 1).map(
    (value, k) => value * scale + ((k / 672) % 224) * ((1 - scale) / 224),
  );
  const theirs = Array.from(await reference(input));
  const ours = Array.from((await model.predict(new Tensor([1, 224, 224, 3], input))).data);
  const difference = Math.max(...ours.map((value, k) => Math.abs(value - (theirs[k] ?? NaN))));
  largest = Math.max(largest, difference);
  console.log(
    `picture ${i}: ${ours.map((value) => value.toFixed(5)).join(" ")}, difference ${difference.toExponential(1)}`,
  );
}
console.log(`largest difference ${largest.toExponential(1)}, allowed ${TOLERANCE}`);
process.exit(largest <= TOLERANCE ? 0 : 1);
