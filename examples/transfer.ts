/** A classifier of one's own on top of MobileNetV2, as Keras's guide to transfer learning builds it (after `npm run build`): node examples/transfer.ts */
import { Dense, Dropout, GlobalAveragePooling2D, Input, MobileNetV2, Model, Rescaling, Tensor } from "mobilenet-v2";

// In earnest: weights: "imagenet".
const base = await MobileNetV2({ alpha: 0.35, weights: null, includeTop: false, inputShape: [96, 96, 3] });
base.trainable = false;

const inputs = Input({ shape: [96, 96, 3] });
let x = new Rescaling({ scale: 1 / 127.5, offset: -1 }).apply(inputs); // takes pixels as they are
x = base.apply(x);
x = new GlobalAveragePooling2D().apply(x);
x = new Dropout({ rate: 0.2 }).apply(x);
const outputs = new Dense({ units: 5, activation: "softmax" }).apply(x);
const model = new Model({ inputs, outputs, name: "flowers" });
model.summary();

const pictures = new Tensor([2, 96, 96, 3], new Uint8Array(2 * 96 * 96 * 3).fill(128));
const y = await model.predict(pictures);
console.log("Scores:", y.shape.join(" × "));

model.dispose();
