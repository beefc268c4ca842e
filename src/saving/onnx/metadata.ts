/** What our own ONNX files say about themselves. */

/** `producer_name` of our files, whose nodes have the names of the layers. */
export const PRODUCER = "mobilenet-v2";

/** The key in `metadata_props` under which the names of the classes stand as a JSON list. */
export const CLASS_NAMES_KEY = "class_names";

/** The key under which the scaling of pixels stands as JSON: `{"scale": …, "offset": …}`. */
export const PREPROCESSING_KEY = "preprocessing";
