/** Feature maps from the middle of the network, for pictures of any size (after `npm run build`): node examples/features.ts */
import { MobileNetV2, Model, Tensor, preprocessInput } from "mobilenet-v2";

// Without a classifier the size may stay open. With `weights: "imagenet"` these would be what a detector builds on.
const base = await MobileNetV2({ alpha: 0.35, weights: null, includeTop: false, inputShape: [null, null, 3] });
const names = ["block_3_expand_relu", "block_6_expand_relu", "out_relu"];
const pyramid = new Model({ inputs: base.input, outputs: names.map((name) => base.getLayer(name).output) });

const picture = new Tensor([200, 320, 3], new Uint8Array(200 * 320 * 3).fill(128));
const maps = await pyramid.predict(preprocessInput(picture));
for (const [i, name] of names.entries()) console.log(name.padEnd(20), maps[i]?.shape.join(" × "));

pyramid.dispose();
