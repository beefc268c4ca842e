"""Answers of TFLite files by LiteRT itself: python litert_models.py JOB, see tasks.py.

A task is { "file", "input", "logits"?: true for what the last softmax is given, "pixels"?: true if bytes are to be the pixels of an input that
was scaled to -1 to 1 }, its answer { "output", "operators" }.
"""

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from tasks import answer_all, input_of


def do(task):
    wants_logits = task.get("logits", False)
    # Kernels of TFLite's own where values within are wanted: XNNPACK would not keep them.
    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if wants_logits else OpResolverType.AUTO
    interpreter = Interpreter(
        model_path=task["file"],
        num_threads=1,
        experimental_preserve_all_tensors=wants_logits,
        experimental_op_resolver_type=resolver,
    )
    interpreter.allocate_tensors()
    given, made = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    if wants_logits:
        softmax = [op for op in interpreter._get_ops_details() if op["op_name"] == "SOFTMAX"][-1]
        made = next(t for t in interpreter.get_tensor_details() if t["index"] == softmax["inputs"][0])
    outputs = []
    for picture in input_of(task):
        interpreter.set_tensor(given["index"], to_integers(picture[None], given, task.get("pixels", False)))
        interpreter.invoke()
        outputs.extend(to_numbers(interpreter.get_tensor(made["index"]), made).ravel().tolist())
    return {"output": outputs, "operators": [op["op_name"] for op in interpreter._get_ops_details()]}


def to_integers(values, tensor, pixels):
    if tensor["dtype"] == np.float32:
        return values
    if pixels:
        return (np.round((values + 1) * 127.5) - (128 if tensor["dtype"] == np.int8 else 0)).astype(tensor["dtype"])
    scale, zero = tensor["quantization"]
    ends = np.iinfo(tensor["dtype"])
    return np.clip(np.round(values / scale + zero), ends.min, ends.max).astype(tensor["dtype"])


def to_numbers(values, tensor):
    if tensor["dtype"] == np.float32:
        return values
    scale, zero = tensor["quantization"]
    return (values.astype(np.float64) - zero) * scale


answer_all(do)
