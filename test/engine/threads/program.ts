/** Predicts without waiting for it at the end; `models.test.ts` runs it. */
import { MobileNetV2 } from "../../../src/applications/mobilenet-v2.ts";
import { zeros } from "../../../src/core/tensor.ts";

const model = await MobileNetV2({ alpha: 0.35, inputShape: [96, 96, 3], weights: null, threads: 3 });
let done = 0;
for (let i = 0; i < 10; i++) {
  await new Promise((resolve) => setTimeout(resolve, 10));
  void model.predict(zeros([1, 96, 96, 3])).then(() => {
    done++;
    if (done === 10) console.log("10 of 10");
    return done;
  });
}
