/** What a model sees while it learns: a page of pictures, augmented (after `npm run build`): node examples/augmented.ts photos/ sheet.png */
import { imageDatasetFromDirectory, saveImg } from "mobilenet-v2";
import { randomBrightness, randomFlip, randomRotation, randomZoom } from "mobilenet-v2/data";

const [folder = "photos", sheet = "sheet.png"] = process.argv.slice(2);
const [size, columns, epochs] = [96, 4, 3];

const photos = await imageDatasetFromDirectory(folder, {
  labels: null,
  imageSize: size,
  batchSize: columns,
  shuffle: false,
  seed: 1,
});
const augmented = photos.augment([
  randomFlip("horizontal"),
  randomRotation(0.05),
  randomZoom(0.2),
  randomBrightness(0.1),
]);

// A row an epoch: the same pictures, another way each time.
const data = new Uint8ClampedArray(epochs * size * columns * size * 3);
for (let epoch = 0; epoch < epochs; epoch++) {
  for await (const { x } of augmented.take(1).batches(epoch)) {
    const [count = 0] = x.shape;
    for (let i = 0; i < count; i++) {
      for (let row = 0; row < size; row++) {
        const from = (i * size + row) * size * 3;
        data.set(x.data.subarray(from, from + size * 3), ((epoch * size + row) * columns + i) * size * 3);
      }
    }
  }
}
await saveImg(sheet, { width: columns * size, height: epochs * size, channels: 3, data: new Uint8Array(data.buffer) });
console.log(`${epochs} epochs of ${Math.min(columns, photos.size ?? 0)} pictures: ${sheet}`);
