/** The npm package nsfwjs, if it is installed beside this one: where its MobileNetV2 is. */
import { dirname } from "node:path";
import { MobileNetV2Error } from "../../core/errors.ts";
import { packageFile } from "./installed-package.ts";

const MODEL = "dist/models/mobilenet_v2/model.min.js";

export function isNsfwjsInstalled(): boolean {
  return packageFile("nsfwjs", MODEL) !== undefined;
}

/** The folder with the model. @throws MissingError if the package is not installed. */
export function nsfwjsFolder(): string {
  const path = packageFile("nsfwjs", MODEL);
  if (path !== undefined) return dirname(path);
  throw new MobileNetV2Error(
    "MissingError",
    "The weights `nsfwjs` come with the npm package nsfwjs, which is not installed: npm install nsfwjs@4",
  );
}
