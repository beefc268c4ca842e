/** What is in pictures (after `npm run build`): node examples/classify.ts photo.jpg other.png */
import { MobileNetV2, decodePredictions, imgToArray, loadImg, preprocessInput } from "mobilenet-v2";

const model = await MobileNetV2({ alpha: 1.0, weights: "imagenet" });

for (const path of process.argv.slice(2)) {
  const image = await loadImg(path, { targetSize: [224, 224], interpolation: "bilinear", autoOrient: true });
  const y = await model.predict(preprocessInput(imgToArray(image)));
  const [best = []] = decodePredictions(y, { top: 3 });
  console.log(path, best.map(({ label, score }) => `${label} ${score.toFixed(3)}`).join(", "));
}

model.dispose();
