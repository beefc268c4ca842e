/** The fastest differentiator that the machine has. */
import { differentiate } from "../graph/differentiate.ts";
import type { MakeDifferentiator } from "./programs.ts";

export const differentiatorOf: MakeDifferentiator = (program, options) =>
  Promise.resolve(differentiate(program, options));
