/** `mobilenet-v2/explain`: where a model looked: Grad-CAM, class activation maps, overlays. */
export { classActivationMap } from "../explain/class-activation-map.ts";
export { type Colormap, colormaps } from "../explain/colormaps.ts";
export type { ExplainOptions, Explanation } from "../explain/explanation.ts";
export { GradCam, type GradCamOptions, gradCam } from "../explain/grad-cam.ts";
export { type OverlayOptions, overlay } from "../explain/overlay.ts";
