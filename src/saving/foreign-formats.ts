/**
 * What files of other tools begin with, what they are, and how one gets a file from them that is read here. The signatures are those of the tools'
 * own readers and of Netron's. Every expression takes time in proportion to what it is given: files are hostile.
 */

/* oxlint-disable no-control-regex -- signatures are bytes of any value */

/** What to look for, what the file then is, and the way on. */
export type Foreign = readonly [signature: RegExp, what: string, wayOn: string];

const SOURCE = "Take the model that it was converted from, or export that as ONNX or TFLite.";
const UNPACK = "Unpack it, and open the model or the folder in it.";
const PICTURE = "Choose the file of the model, which classifies pictures.";
const NO_MODEL = "Choose the file of the model.";
const STATE_DICT = `save its state dict: torch.save(model.state_dict(), "model.pth").`;

/** By their first and last bytes, one character for each; the first that fits counts. */
export const FOREIGN: readonly Foreign[] = [
  [/^7767517\s/, "an ncnn network (.param)", SOURCE],
  [/^\xdd\x85\x76\0/, "an ncnn network (.param.bin)", SOURCE],
  [/^(?:\x47\x6b\x30\x01|\x38\x4b\x0d\0|\x56\xc0\x02\0)/, "the weights of an ncnn network (.bin)", SOURCE],
  [/^EDL[12]/, "an ESP-DL model", SOURCE],
  [/^(?:RKN[NX]|CYPTRKNN|VPMN|[^]{4}RKNN)/, "an RKNN model for Rockchip's processors", SOURCE],
  [/^(?:[pf]trt|[^]{3}\0\{[^]*?[pf]trt)/, "a TensorRT engine, built for one kind of GPU", SOURCE],
  [/^(?:GGUF|lmgg|fmgg|tjgg|algg)/, "a GGUF or GGML file, as llama.cpp reads it", SOURCE],
  [/^[^]{4}ORTM/, "a model for ONNX Runtime alone (.ort)", "Take the .onnx file that it was converted from."],
  [/^[^]{4}ET1\d/, "an ExecuTorch program (.pte)", `Export the model as ONNX, or ${STATE_DICT}`],
  [/^[^]{4}MSL[12]/, "a model of MindSpore Lite (.ms)", SOURCE],
  [/^[^]{4}CIR0/, "a circle model of Samsung's ONE", "Take the .tflite file that it was converted from."],
  [/^LDMK/, "a kmodel for Kendryte's processors", SOURCE],
  [/^\x01HEF/, "a program for Hailo's processors (.hef)", SOURCE],
  [/\x03\0\0\0MNN\0/, "an MNN model", SOURCE],
  [/^\x08[\x01-\x1f]\x12[\x80-\xff]{0,4}[\0-\x7f]\x0a/, "a Core ML model (.mlmodel)", SOURCE],
  [/^\s*(?:<\?xml[^>]*>)?\s*<net\s/, "a network of OpenVINO (.xml)", SOURCE],
  [
    /^\x0a[\x80-\xff]{0,4}[\0-\x7f]\x08\0\x10\xff{4}/,
    "a program of PaddlePaddle (.pdmodel)",
    "Export it as ONNX with paddle2onnx.",
  ],
  [
    /^\0{16}[^]\0\0\0\x08[^]\x10/,
    "the parameters of a PaddlePaddle program (.pdiparams)",
    "Export it as ONNX with paddle2onnx.",
  ],
  [/^(?:\x0a[\0-\x7f][ -~]{0,127})?\xa2\x06/, "the weights of a Caffe network (.caffemodel)", "Convert it to ONNX."],
  [
    /\blayers?\s*\{[^]{0,300}?\b(?:bottom|top|type)\s*:/,
    "a Caffe network (.prototxt)",
    "Convert it to ONNX with its weights.",
  ],
  [/^(?:\s|#.*\n)*\[net(?:work)?\]/, "a Darknet network (.cfg)", "Convert it to ONNX with its weights."],
  [/^\0{4}[\x01\x02]\0{3}[\0-\x0f]\0{3}/, "the weights of a Darknet network (.weights)", "Convert it to ONNX."],
  [/^\x12\x01\0{6}/, "the parameters of an MXNet network (.params)", "Export it as ONNX with mxnet.onnx.export_model."],
  [
    /^\x80[\x02-\x05][^]*(?:sklearn|joblib|xgboost|lightgbm)/,
    "a pickled model of scikit-learn or its like",
    "These are no neural networks of pictures.",
  ],
  [
    /^(?:\x80[\x02-\x05]|\((?:d|l)p?\d|ccopy_reg\n)/,
    "a pickle, which is a program of Python's; nothing in it is run",
    `In Python, save a Keras model with model.save("model.keras"); of a PyTorch model, ${STATE_DICT}`,
  ],
  [
    /^\x93NUMPY/,
    "an array of NumPy (.npy)",
    'In Python, give the arrays to a Keras model with set_weights(), and save that: model.save("model.keras").',
  ],
  [/^MATLAB \d/, "a file of MATLAB", "Export the network with exportONNXNetwork."],
  [
    /^(?:[\x81-\x8f]|\xde[^]{2})(?:[\xa1-\xbf]|\xd9[^])[\w./-]{1,63}(?:[\x80-\x8f]|\xde|[\xc7-\xc9])/,
    "parameters in msgpack, as Flax and JAX write them",
    'Save them as safetensors under the names of one of PyTorch\'s packages, or give them to a Keras model and save that: model.save("model.keras").',
  ],
  [
    /\b(?:char|u?int8_t)\b[^=;{}]{0,300}=\s*\{\s*(?:0x[\da-f]+,\s*){4}0x54,\s*0x46,\s*0x4c,\s*0x33/i,
    "a TFLite model as an array in C",
    "Make the file of it: grep -o '0x[0-9a-fA-F][0-9a-fA-F]' model.h | cut -c3- | xxd -r -p > model.tflite",
  ],
  [/^\x1f\x8b/, "an archive of gzip", `${UNPACK} tar -xzf does it for .tar.gz and .tgz.`],
  [/^[^]{257}ustar/, "a tar archive", UNPACK],
  [/^(?:BZh\d|\xfd7zXZ\0|7z\xbc\xaf|Rar!|\x28\xb5\x2f\xfd)/, "a packed archive", UNPACK],
  [/^(?:\x89PNG|\xff\xd8\xff|GIF8|BM[^]{4}\0{4}|II\*\0|MM\0\*|RIFF[^]{4}WEBP)/, "a picture", PICTURE],
  [/^[^]{4}ftyp(?:avif|avis|heic|heix|mif1|msf1)/, "a picture", PICTURE],
  [/^(?:[^]{4}ftyp|RIFF|\x1aE\xdf\xa3|ID3|OggS|fLaC)/, "a film or a sound", NO_MODEL],
  [/^%PDF/, "a document (PDF)", NO_MODEL],
  [/^(?:MZ|\x7fELF|\xcf\xfa\xed\xfe|\0asm)/, "a program", NO_MODEL],
  [/^SQLite format 3/, "a database", NO_MODEL],
  [
    /^(?:#.*\n|\s)*(?:import \w|from \w[\w.]* import )/,
    "a program in Python",
    'Run it, and save the model there: model.save("model.keras").',
  ],
];

/** JSON that is no model of TensorFlow.js, by what stands near its beginning. */
export const FOREIGN_JSON: readonly Foreign[] = [
  [/"nbformat"|^\s*\{\s*"cells"\s*:/, "a notebook", 'Run it, and save the model there: model.save("model.keras").'],
  [/"arg_nodes"|"op"\s*:\s*"null"/, "an MXNet network", "Export it as ONNX with mxnet.onnx.export_model."],
  [/"rootModelIdentifier"|"itemInfoEntries"/, "the list of a Core ML package (.mlpackage)", SOURCE],
  [
    /"class_name"\s*:\s*"(?:Functional|Model|Sequential)"/,
    "a Keras model's architecture without its weights",
    'In Python, load the weights into it and save both: model.save("model.keras").',
  ],
];

/** Zip archives, by the names of their members, one a line. */
export const FOREIGN_ZIPS: readonly Foreign[] = [
  [
    /^(?:[^\n]*\/)?(?:code\/[^\n]*\.py|constants\.pkl|bytecode\.pkl)$/m,
    "a program of TorchScript",
    'Save its state dict in Python: torch.save(torch.jit.load("model.pt").state_dict(), "model.pth").',
  ],
  [
    /(?:^|\/)(?:edge-impulse-sdk|tflite-model)\//m,
    "a library that Edge Impulse exports",
    "Take the model itself: on the Dashboard, under `Download block output`, the TensorFlow Lite file.",
  ],
  [/\.ml(?:package|modelc)\/|com\.apple\.CoreML\//, "a Core ML package", SOURCE],
  [/^dlc\.metadata$/m, "a model for Qualcomm's processors (.dlc)", SOURCE],
  [/^MAR-INF\//m, "an archive for TorchServe", "Unpack it, and open the state dict in it."],
  [
    /^[^\n]+\.npy(?:\n[^\n]+\.npy)*$/,
    "arrays of NumPy (.npz)",
    'In Python, give the arrays to a Keras model with set_weights(), and save that: model.save("model.keras").',
  ],
  [/^\[Content_Types\]\.xml$/m, "a document of an office program", NO_MODEL],
  [/^AndroidManifest\.xml$/m, "a program for Android", "Unpack it: models often lie in its folder `assets`."],
];
