/** The state dicts of PyTorch's quantised networks (torch.ao.quantization), which are told by what they name, and not read. */
import { unsupportedError } from "../file-errors.ts";

/** What only the tensors of such networks need in a pickle. */
const PICKLED =
  /^torch\.(?:_utils\._rebuild_qtensor|Q\w+Storage|per_(?:tensor|channel)_\w+|_C\.ScriptObject|ao\.nn\.\w*quantized\..*)$/;
/** The names by which their modules keep scales. */
const TENSOR = /(?:^|\.)(?:zero_point|_packed_params(?:\..*)?)$/s;

/** True for the name of a class or function in a pickle, or of a tensor. */
export function isQuantised(name: string): boolean {
  return PICKLED.test(name) || TENSOR.test(name);
}

export function quantisedError(name: string): Error {
  return unsupportedError(
    `The state dict is that of a quantised network of PyTorch (it names '${name.slice(0, 100)}'), which is not read. ` +
      "Save the state dict of the network before it is converted to integers; quantize() makes integers of it here.",
  );
}
