/** `mobilenet-v2/image`: pictures loaded, resized and saved, as keras.utils has it. */
export type { Interpolation } from "../image/filters.ts";
export type { ColorMode, Image } from "../image/image.ts";
export {
  type ArrayToImgOptions,
  type ChannelOrder,
  type ImgToArrayOptions,
  arrayToImg,
  imgToArray,
} from "../image/img-to-array.ts";
export { type LoadImgOptions, loadImg } from "../image/load-img.ts";
export { type Box, type ResizeOptions, resizeImg } from "../image/resize.ts";
export { type EncodeImgOptions, type SaveImgOptions, encodeImg, saveImg } from "../image/save-img.ts";
export { type SmartResizeOptions, smartResize } from "../image/smart-resize.ts";
export { type DatasetInterpolation, type Part, type Pixels, resizePixels } from "../image/tf-resize.ts";
export type { BytesSource, FilesSource, ImageFormat, Progress, ReadOptions } from "../platform/contract.ts";
