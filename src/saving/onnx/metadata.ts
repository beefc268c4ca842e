/** What our own ONNX files say about themselves. */

/** `producer_name`: the names of the nodes are those of the layers. */
export const PRODUCER = "mobilenet-v2";

/** The key in `metadata_props` of a JSON list of the classes' names. */
export const CLASS_NAMES_KEY = "class_names";

/** The key of how pictures are scaled, as JSON: `{"scale": …, "offset": …}`. */
export const PREPROCESSING_KEY = "preprocessing";
