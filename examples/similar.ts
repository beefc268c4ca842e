/** Which pictures look most like the first, by their embeddings (after `npm run build`): node examples/similar.ts photo.jpg others… */
import { MobileNetV2, imgToArray, loadImg, preprocessInput, stack } from "mobilenet-v2";

const paths = process.argv.slice(2);
const model = await MobileNetV2({ weights: "imagenet", inputShape: [224, 224, 3], includeTop: false, pooling: "avg" });

const images = await Promise.all(
  paths.map((path) => loadImg(path, { targetSize: [224, 224], interpolation: "bilinear" })),
);
const { shape, data } = await model.predict(preprocessInput(stack(images.map((image) => imgToArray(image)))));
const [, length = 0] = shape; // [pictures, 1280]
const embeddings = paths.map((_, i) => data.subarray(i * length, (i + 1) * length));

const [first] = embeddings;
const similarities = embeddings.map((other, i) => ({ path: paths[i], similarity: cosine(first ?? other, other) }));
for (const { path, similarity } of similarities.slice(1).toSorted((a, b) => b.similarity - a.similarity)) {
  console.log(similarity.toFixed(3), path);
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
