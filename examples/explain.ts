/** Where a model looked, over the picture (after `npm run build`): node examples/explain.ts photo.jpg heat.png */
import {
  MobileNetV2,
  decodePredictions,
  gradCam,
  imgToArray,
  loadImg,
  overlay,
  preprocessInput,
  saveImg,
} from "mobilenet-v2";

const [photo = "photo.jpg", target = "heat.png"] = process.argv.slice(2);
const model = await MobileNetV2({ weights: "imagenet" });

const squeezed = await loadImg(photo, { targetSize: [224, 224], interpolation: "bilinear" });
const x = preprocessInput(imgToArray(squeezed));
const [[best] = []] = decodePredictions(await model.predict(x), { top: 1 });
const { heatmap, score, layer } = await gradCam(model, x); // of the best class; { classIndex, layer } for others

await saveImg(target, overlay(await loadImg(photo), heatmap, { colormap: "turbo", opacity: 0.4 }));
console.log(`${best?.label} ${score.toFixed(3)}, ${layer} of ${heatmap.shape.join(" × ")}: ${target}`);
