"""Makes small ONNX graphs of single operators over their attributes and opsets, and answers them with onnxruntime: python onnx_operators.py folder

Into the folder go one file a graph, and cases.json: for each graph its name, its operator, its file, and the values of its one input and its one
output. Graphs that onnx.checker or onnxruntime refuse are left out. ONNX's own tests of its nodes follow, each with all inputs but one as constants.
"""
import json
import os
import pathlib
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

warnings.filterwarnings("ignore")
onnxruntime.set_default_logger_severity(4)
NEWEST = min(23, onnx.defs.onnx_opset_version())
OPSETS = [7, 9, 11, 12, 13, 18, 21, NEWEST]
folder = pathlib.Path(sys.argv[1])
cases = []
seen = set()
left_out = {}
random = np.random.default_rng(7)


def values(*shape, low=-3.0, high=3.0):
    return random.uniform(low, high, shape).astype(np.float32)


def ints(*numbers):
    return np.array(numbers, np.int64)


def real(x):
    return np.asarray(x, np.float32)


def attribute(key, value):
    return helper.make_attribute(key, numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value)


def node(operator, inputs, outputs, domain="", **attributes):
    made = helper.make_node(operator, inputs, outputs, domain=domain)
    made.attribute.extend(attribute(key, value) for key, value in attributes.items())
    return made


def save(name, operator, model, feed):
    """Answers a model for the feed {input: values} and writes both."""
    try:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        answer = session.run(None, feed)[0]
        made = model.graph.output[0].type.tensor_type
        if not made.HasField("shape"):
            for axis in range(np.ndim(answer)):
                made.shape.dim.add().dim_param = f"y{axis}"
            made.shape.SetInParent()
        onnx.checker.check_model(model)
    except Exception as error:
        left_out[name] = str(error)[:200]
        return
    content = model.SerializeToString()
    if content in seen or not isinstance(answer, np.ndarray) or answer.dtype.kind not in "fiub" or (answer.dtype.kind != "f" and operator.startswith("Q")) or answer.size > 10000:
        return
    seen.add(content)
    file = f"{len(cases)}.onnx"
    (folder / file).write_bytes(content)
    ((_, x),) = feed.items()

    def described(array):
        array = np.asarray(array)
        return {"shape": list(array.shape), "dtype": str(array.dtype), "data": [str(v) if not np.isfinite(v) else float(v) for v in array.ravel()]}

    cases.append({"name": name, "operator": operator, "file": file, "input": described(x), "output": described(answer)})


def case(name, nodes, x, constants={}, opsets=OPSETS, batch="N", output=TensorProto.FLOAT, imports=()):
    """A graph from x to y under each opset. The batch has a name, unless it is given; `constants` are initializers."""
    operator = nodes[-1].op_type
    dtype = helper.np_dtype_to_tensor_dtype(x.dtype)
    for opset in opsets:
        graph = helper.make_graph(
            nodes,
            "graph",
            [helper.make_tensor_value_info("x", dtype, [batch, *x.shape[1:]])],
            [helper.make_tensor_value_info("y", output, None)],
            [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()],
        )
        imported = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in imports)]
        model = helper.make_model(graph, opset_imports=imported, ir_version=8 if opset < 19 else 10)
        save(f"{operator}, opset {opset}: {name}", operator, model, {"x": x})


def one(operator, name, x, *constants, opsets=OPSETS, batch="N", output=TensorProto.FLOAT, **attributes):
    """A graph of one node; None among the constants is an input that is left out."""
    named = {f"c{i}": value for i, value in enumerate(constants) if value is not None}
    inputs = ["x", *(f"c{i}" if value is not None else "" for i, value in enumerate(constants))]
    name = name or str(attributes)
    case(name, [node(operator, inputs, ["y"], **attributes)], x, named, opsets, batch, output)
    if x.ndim == 4 and x.dtype == np.float32 and operator != "Conv":
        # A convolution before it makes a picture of the value, with its channels first.
        nodes = [node("Conv", ["x", "kernel"], ["p"]), node(operator, ["p", *inputs[1:]], ["y"], **attributes)]
        kernel = values(x.shape[1], x.shape[1], 1, 1)
        case(f"{name}, after Conv", nodes, x, {**named, "kernel": kernel}, opsets[-1:], batch, output)


picture = values(2, 4, 6, 5)
vector = values(2, 7)


def convolutions():
    for kernel, group in [((8, 4, 3, 3), 1), ((8, 1, 3, 3), 4), ((4, 1, 3, 3), 4), ((6, 2, 3, 2), 2), ((4, 4, 1, 1), 1)]:
        for bias in (None, values(kernel[0])):
            one("Conv", f"kernel {kernel}, group {group}", picture, values(*kernel), bias, group=group, opsets=[11])
    w = values(5, 4, 3, 3)
    for pads in ([1, 1, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0], [2, 0, 1, 3], [0, 0, 0, 0]):
        for strides in ([1, 1], [2, 2], [2, 1]):
            one("Conv", None, picture, w, pads=pads, strides=strides, opsets=[7, 21])
    for auto_pad in ("SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"):
        for strides in ([1, 1], [2, 2], [1, 2]):
            one("Conv", None, picture, w, auto_pad=auto_pad, strides=strides, kernel_shape=[3, 3], opsets=[11])
            one("Conv", "depthwise", picture, values(4, 1, 2, 2), auto_pad=auto_pad, strides=strides, group=4, opsets=[11])
    for dilations in ([2, 2], [1, 2]):
        for strides in ([1, 1], [2, 2], [2, 1]):
            one("Conv", None, picture, w, dilations=dilations, strides=strides, pads=[2, 2, 2, 2], opsets=[11])
    one("Conv", "dilated kernel of 1", picture, values(5, 4, 1, 1), dilations=[2, 2], strides=[2, 2], opsets=[11])
    one("ConvTranspose", None, picture, values(4, 5, 3, 3), strides=[2, 2], opsets=[11])
    one("Conv", "of one axis", values(2, 4, 6), values(5, 4, 3), opsets=[11])


def pools():
    for operator in ("GlobalAveragePool", "GlobalMaxPool"):
        one(operator, "", picture)
    for kernel_shape in ([2, 2], [3, 2], [6, 5]):
        for strides in (None, [2, 2], [1, 2]):
            for more in (
                {},
                {"pads": [1, 1, 1, 1]},
                {"pads": [1, 1, 1, 1], "count_include_pad": 1},
                {"pads": [0, 0, 1, 1]},
                {"ceil_mode": 1},
                {"auto_pad": "SAME_UPPER"},
                {"auto_pad": "SAME_LOWER"},
                {"auto_pad": "SAME_UPPER", "count_include_pad": 1},
                {"auto_pad": "VALID"},
                {"dilations": [2, 1]},
            ):
                given = {"kernel_shape": kernel_shape, **more, **({} if strides is None else {"strides": strides})}
                one("AveragePool", None, picture, opsets=[7, 11, 21], **given)
                one("MaxPool", None, picture, opsets=[12], **given)
    one("LpPool", None, picture, kernel_shape=[2, 2])
    nodes = [node("MaxPool", ["x"], ["m", "i"], kernel_shape=[2, 2]), node("Relu", ["m"], ["y"])]
    case("after a MaxPool with two outputs", nodes, picture)


def means():
    for axes in ([2, 3], [-1, -2], [3, 2], [-2, 3], [2], [3], [-1], [1], [1, 2, 3], None, []):
        for keepdims in (None, 0, 1):
            for noop in (None, 1):
                kept = {} if keepdims is None else {"keepdims": keepdims}
                if noop is not None:
                    kept["noop_with_empty_axes"] = noop
                for x in (picture, vector):
                    if axes:
                        one("ReduceMean", f"axes {axes} {kept} {x.ndim}", x, opsets=[7, 11, 13], axes=axes, **kept)
                    else:
                        one("ReduceMean", f"no axes {kept} {x.ndim}", x, opsets=[11], **kept)
                    one("ReduceMean", f"axes {axes} {kept} {x.ndim}", x, None if axes is None else ints(*axes), opsets=[18, 21], **kept)
    for keepdims in (0, 1):
        for first, second in ((3, 2), (2, 3), (2, 2)):
            if keepdims == 1 and first == second or keepdims == 0 and second == 3:
                continue
            nodes = [
                node("Conv", ["x", "w"], ["c"]),
                node("ReduceMean", ["c"], ["a"], axes=[first], keepdims=keepdims),
                node("ReduceMean", ["a"], ["y"], axes=[second], keepdims=keepdims),
            ]
            case(f"axis {first}, then {second}, keepdims {keepdims}", nodes, picture, {"w": values(4, 4, 1, 1)}, opsets=[9, 13])
    one("ReduceSum", None, picture, axes=[2, 3], opsets=[11])
    one("ReduceMax", None, picture, axes=[2, 3], opsets=[11])


def normalizations():
    four = [values(4, low=0.5, high=2) for _ in range(4)]
    for more in ({}, {"epsilon": 1e-3}, {"momentum": 0.5}, {"training_mode": 0}, {"spatial": 0}, {"spatial": 1}):
        one("BatchNormalization", None, picture, *four, **more)
    seven = [values(7, low=0.5, high=2) for _ in range(4)]
    one("BatchNormalization", "vectors", vector, *seven)
    one("BatchNormalization", "three axes", values(2, 4, 6), *four)
    case(
        "in training",
        [node("BatchNormalization", ["x", "a", "b", "c", "d"], ["y", "m", "v"], training_mode=1)],
        picture,
        dict(zip("abcd", four)),
    )
    one("InstanceNormalization", None, picture, four[0], four[1])
    one("LRN", None, picture, size=3)
    one("LayerNormalization", None, vector, seven[0])
    one("LpNormalization", None, vector)
    for ratio in (None, 0.2, 0.0):
        one("Dropout", None, vector, opsets=[7, 10, 11], **({} if ratio is None else {"ratio": ratio}))
        one("Dropout", f"ratio {ratio}", picture, None if ratio is None else real(ratio))
        one("Dropout", f"ratio {ratio}, not in training", picture, None if ratio is None else real(ratio), np.array(False))
    one("Dropout", "in training", vector, real(0.5), np.array(True))
    nodes = [node("Dropout", ["x"], ["d", "mask"]), node("Relu", ["d"], ["y"])]
    case("after a Dropout with a mask", nodes, vector)
    nodes = [node("Dropout", ["x"], ["d", "mask"]), node("Cast", ["mask"], ["y"], to=1)]
    case("of a Dropout's mask", nodes, vector, opsets=[12, 13])


def products():
    w, b = values(7, 3), values(3)
    for matrix, trans in ((w, None), (w.T.copy(), 1), (w, 0)):
        for bias in (None, b, b[None], values(1), values(1, 1), values(), values(2, 1), values(2, 3)):
            for scales in ({}, {"alpha": 0.5}, {"beta": 0.25}, {"alpha": 2.0, "beta": 3.0}):
                more = scales if trans is None else {**scales, "transB": trans}
                one("Gemm", f"C {None if bias is None else bias.shape} {more}", vector, matrix, bias, opsets=[7, 11, 13], **more)
    one("Gemm", None, values(7, 2), w, b, transA=1, batch=7, opsets=[11])
    case("the matrix first", [node("Gemm", ["a", "x"], ["y"])], values(7, 3), {"a": values(2, 7)}, opsets=[11], batch=7)
    square = values(2, 2)
    one("Gemm", "a column of as many rows as units", square, values(2, 2), values(2, 1), opsets=[11])
    for shape in ((7, 3), (7,), (1, 7, 3), (1, 1, 7, 3), (7, 1)):
        one("MatMul", f"by {shape}", vector, values(*shape), opsets=[9, 13])
    for shape in ((5, 3), (5,), (1, 5, 3), (1, 1, 5, 3), (4, 5, 3), (1, 4, 5, 3)):
        one("MatMul", f"a picture by {shape}", picture, values(*shape), opsets=[9, 13])
    case("the matrix first", [node("MatMul", ["a", "x"], ["y"])], values(7, 3), {"a": values(2, 7)}, opsets=[13], batch=7)
    nodes = [node("Conv", ["x", "w"], ["c"]), node("MatMul", ["c", "m"], ["y"])]
    case("of a picture with its channels first", nodes, picture, {"w": values(3, 4, 1, 1), "m": values(5, 2)}, opsets=[13])
    nodes = [node("MatMul", ["x", "m"], ["p"]), node("Add", ["p", "b"], ["y"])]
    case("a bias after MatMul", nodes, vector, {"m": w, "b": b}, opsets=[13])
    case("a bias before MatMul", [nodes[0], node("Add", ["b", "p"], ["y"])], vector, {"m": w, "b": b[None]}, opsets=[13])
    case("a bias that gives an axis", nodes, vector, {"m": w, "b": values(1, 1, 3)}, opsets=[13])


def activations():
    for x in (picture, vector):
        for operator in ("Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Exp", "HardSwish", "Identity", "Mish", "Abs", "Neg", "Sqrt", "Erf", "Floor", "Sign", "Sin", "Reciprocal"):
            one(operator, f"of {x.ndim} axes", x)
        for alpha in (None, 0.0, 0.1, 0.2, 1.0, 2.5, -0.5):
            given = {} if alpha is None else {"alpha": alpha}
            for operator in ("LeakyRelu", "Elu", "ThresholdedRelu", "Celu", "Swish"):
                one(operator, f"{given} of {x.ndim} axes", x, **given)
            for beta in (None, 0.25, 0.5):
                one("HardSigmoid", None, x, **given, **({} if beta is None else {"beta": beta}))
        one("HardSigmoid", "Keras's", x, alpha=1 / 6, beta=0.5)
        for more in ({}, {"alpha": 1.5}, {"gamma": 2.0}):
            one("Selu", f"{more} of {x.ndim} axes", x, **more)
        for more in ({}, {"approximate": "none"}, {"approximate": "tanh"}):
            one("Gelu", f"{more} of {x.ndim} axes", x, **more)
        for axis in (None, *range(-x.ndim, x.ndim)):
            for operator in ("Softmax", "LogSoftmax", "Hardmax"):
                one(operator, f"axis {axis} of {x.ndim}", x, **({} if axis is None else {"axis": axis}))
    for axis in (1, -3, 3, None):
        for operator in ("Softmax", "LogSoftmax"):
            one(operator, f"axis {axis} of a pixel", values(2, 6, 1, 1), opsets=[11, 13], **({} if axis is None else {"axis": axis}))
            nodes = [node("Conv", ["x", "w"], ["c"]), node(operator, ["c"], ["y"], **({} if axis is None else {"axis": axis}))]
            case(f"axis {axis} after Conv", nodes, picture, {"w": values(3, 4, 1, 1)}, opsets=[11, 13])
            pixel = [node("GlobalAveragePool", ["x"], ["c"]), nodes[1]]
            case(f"axis {axis} after a pool", pixel, picture, opsets=[11, 13])
    for slope in (values(1, low=0.1, high=0.9), values(low=0.1, high=0.9), real(-0.5), values(4, 1, 1, low=0.1, high=0.9), values(1, 4, 1, 1), values(5)):
        one("PRelu", f"slope {slope.shape}", picture, slope)
    one("PRelu", "slope (7,)", vector, values(7))


def bounds():
    for low, high in ((0, 6), (0, None), (None, 6), (None, None), (-1, 1), (0.5, 2), (-2, 2), (None, -1), (1, None), (0, 1), (2, 1), (-1, None), (-np.inf, np.inf), (0, 0)):
        given = {k: v for k, v in (("min", low), ("max", high)) if v is not None}
        for x in (picture, vector):
            one("Clip", f"{given} of {x.ndim}", x, opsets=[7, 9], **{k: float(v) for k, v in given.items()})
            one("Clip", f"[{low}, {high}] of {x.ndim}", x, None if low is None else real(low), None if high is None else real(high))
        nodes = [node("Relu", ["x"], ["r"]), node("Clip", ["r", *(("a" if k == "min" else "b") if k in given else "" for k in ("min", "max"))], ["y"])]
        case(f"[{low}, {high}] after Relu", nodes, picture, {("a" if k == "min" else "b"): real(v) for k, v in given.items()}, opsets=[13])
    for operator in ("Max", "Min", "Sum", "Mean"):
        for name, constants in {
            "alone": [],
            "0": [real(0)],
            "6": [real(6)],
            "1.5": [real(1.5)],
            "two constants": [real(0), real(1)],
            "three": [real(0), real(-1), real(2)],
            "one a channel": [values(4, 1, 1)],
            "a shape of four ones": [np.zeros((1, 1, 1, 1), np.float32)],
            "five ones": [np.zeros((1, 1, 1, 1, 1), np.float32)],
        }.items():
            one(operator, name, picture, *constants, opsets=[8, 13])
        case("the constant first", [node(operator, ["a", "x"], ["y"])], picture, {"a": real(0)}, opsets=[8, 13])
        case("twice itself", [node(operator, ["x", "x"], ["y"])], picture, opsets=[8, 13])
        two = [node("Relu", ["x"], ["a"]), node("Sigmoid", ["x"], ["b"])]
        case("two values", [*two, node(operator, ["a", "b"], ["y"])], picture, opsets=[8, 13])
        case("three values", [*two, node(operator, ["a", "b", "x"], ["y"])], picture, opsets=[8, 13])
        case("two values and a number", [*two, node(operator, ["a", "b", "c"], ["y"])], picture, {"c": real(1)}, opsets=[8, 13])


def arithmetic():
    shapes = [(), (1,), (1, 1), (1, 1, 1), (1, 1, 1, 1), (1, 1, 1, 1, 1), (4, 1, 1), (1, 4, 1, 1), (5,), (6, 1), (6, 5), (4, 6, 5), (1, 4, 6, 5), (2, 1, 1, 1), (4, 1, 5)]
    for operator in ("Add", "Sub", "Mul", "Div", "Pow"):
        for shape in shapes:
            c = values(*shape, low=0.5, high=2)
            one(operator, f"{shape}", picture, c, opsets=[7, 13])
            case(f"{shape} first", [node(operator, ["a", "x"], ["y"])], picture, {"a": c}, opsets=[13])
            nodes = [node("Conv", ["x", "w"], ["c"]), node(operator, ["c", "a"], ["y"])]
            case(f"{shape} after Conv", nodes, picture, {"w": values(4, 4, 1, 1), "a": c}, opsets=[13])
            case(f"{shape} before Conv", [node(operator, ["x", "a"], ["c"]), node("Conv", ["c", "w"], ["y"])], picture, {"w": values(4, 4, 1, 1), "a": c}, opsets=[13])
        for shape in ((), (1,), (7,), (1, 7), (2, 1), (2, 7), (1, 1, 7), (1, 1, 1)):
            one(operator, f"vector {shape}", vector, values(*shape, low=0.5, high=2), opsets=[13])
        one(operator, "a channel that becomes three", values(2, 1, 6, 5), values(3, 1, 1, low=0.5, high=2), opsets=[13])
        one(operator, "one number that becomes three", values(2, 1), values(3, low=0.5, high=2), opsets=[13])
        two = [node("Relu", ["x"], ["a"]), node("Sigmoid", ["x"], ["b"])]
        case("two values", [*two, node(operator, ["a", "b"], ["y"])], picture, opsets=[13])
        case("itself", [node(operator, ["x", "x"], ["y"])], picture, opsets=[13])
        pooled = [node("GlobalAveragePool", ["x"], ["a"]), node(operator, ["x", "a"], ["y"])]
        case("a value and its mean", pooled, picture, opsets=[13])
        other = [node("Transpose", ["x"], ["a"], perm=[0, 1, 3, 2]), node(operator, ["x", "a"], ["y"])]
        case("a value and itself, turned", other, values(2, 4, 5, 5), opsets=[13])
    one("Div", "by 0", vector, real(0), opsets=[13])
    one("Mul", "by 0", vector, real(0), opsets=[13])
    one("Add", "(64,)", values(2, 64), values(64), opsets=[13])
    one("Mul", "(64,)", values(2, 64), values(64), opsets=[13])
    for fold in ("Add", "Mul", "Sub", "Div"):
        nodes = [node(fold, ["a", "b"], ["w"]), node("Conv", ["x", "w"], ["y"])]
        case(f"the kernel is made by {fold}", nodes, picture, {"a": values(3, 4, 1, 1), "b": values(3, 1, 1, 1, low=1, high=2)}, opsets=[13])


def shapes():
    pixel = values(2, 6, 1, 1)
    for axis in (None, *range(-4, 5)):
        for x in (picture, vector, pixel):
            given = {} if axis is None else {"axis": axis}
            one("Flatten", f"{axis} of {x.shape}", x, opsets=[9, 13], **given)
            one("Flatten", f"{axis} of {x[:1].shape}, batch 1", x[:1], opsets=[11], batch=1, **given)
        nodes = [node("GlobalAveragePool", ["x"], ["a"]), node("Flatten", ["a"], ["y"], **given)]
        case(f"{axis} after a pool", nodes, picture, opsets=[9, 13])
    pool = node("GlobalAveragePool", ["x"], ["a"])
    gemm = node("MatMul", ["r", "w"], ["y"])
    weight = {"w": values(4, 3)}
    for target in ([1, 4], [1, -1], [-1, 4], [0, -1], [0, 4], [2, 4], [2, -1], [-1, 4, 1], [0, 0, 1, 1], [0, 0, -1], [4, -1], [8], [-1], [1, 8], [2, 2, 2], [-1, 2]):
        shape = {"s": ints(*target)}
        for batch, x in (("N", picture), (2, picture), (1, picture[:1]), ("N", picture[:1])):
            # One row for a batch that may be any is one for each picture here.
            if target == [1, -1] and batch == "N" and len(x) > 1:
                continue
            case(f"{target} of {len(x)}, batch {batch}", [pool, node("Reshape", ["a", "s"], ["y"])], x, shape, opsets=[9, 14], batch=batch)
            case(f"{target} and MatMul, {len(x)}, batch {batch}", [pool, node("Reshape", ["a", "s"], ["r"]), gemm], x, {**shape, **weight}, opsets=[14], batch=batch)
    for target in ([0, -1], [-1, 120], [0, 4, 30], [0, 4, 6, 5], [0, 5, 6, 4], [2, 120], [-1, 60], [0, 0, 0, 0], [0, -1, 1, 1]):
        shape = {"s": ints(*target)}
        one("Reshape", f"a picture {target}", picture, ints(*target), opsets=[9, 14])
        one("Reshape", f"a picture {target} allowzero", picture, ints(*target), opsets=[14], allowzero=1)
        nodes = [node("Relu", ["x"], ["p"]), node("Conv", ["p", "w"], ["c"]), node("Reshape", ["c", "s"], ["y"])]
        case(f"{target} after Conv", nodes, picture, {**shape, "w": values(4, 4, 1, 1)}, opsets=[14])
        case(f"{target} of a vector", [node("Reshape", ["x", "s"], ["y"])], values(2, 120), shape, opsets=[14])
    for axes in ([2, 3], [-1, -2], [3, 2], [2], [3], [1], [0], None):
        for x in (picture, picture[:1]):
            given = {} if axes is None else {"axes": axes}
            case(f"{axes} of {len(x)}", [pool, node("Squeeze", ["a"], ["y"], **given)], x, opsets=[9, 11], batch=len(x))
            inputs = ["a"] if axes is None else ["a", "axes"]
            case(f"{axes} of {len(x)}", [pool, node("Squeeze", inputs, ["y"])], x, {} if axes is None else {"axes": ints(*axes)}, opsets=[13, 21])
    for axes in ([2, 3], [-1, -2], [3, 2], [2], [-1], [0], [1], [1, 2]):
        for x in (vector, vector[:1]):
            one("Unsqueeze", f"{axes} of {len(x)}", x, opsets=[9, 11], axes=axes, batch=len(x))
            one("Unsqueeze", f"{axes} of {len(x)}", x, ints(*axes), opsets=[13, 21])
        nodes = [node("Unsqueeze", ["x", "axes"], ["u"]), node("Conv", ["u", "w"], ["y"])]
        case(f"{axes} and Conv", nodes, vector, {"axes": ints(*axes), "w": values(3, 7, 1, 1)}, opsets=[13])
    for x in (picture, vector):
        for perm in ([0, 2, 3, 1], [0, 3, 1, 2], [0, 1, 3, 2], [0, 3, 2, 1], [1, 0, 2, 3], None, [0, 1], [1, 0], [0, 1, 2, 3]):
            one("Transpose", f"{perm}", x, opsets=[13], **({} if perm is None else {"perm": perm}))
    nodes = [node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]), node("Transpose", ["t"], ["y"], perm=[0, 3, 1, 2])]
    case("there and back", nodes, picture, opsets=[13])
    nodes = [node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]), node("Conv", ["t", "w"], ["y"])]
    case("channels last, then Conv", nodes, values(2, 6, 5, 4), {"w": values(3, 4, 1, 1)}, opsets=[13])
    for mode in (None, "constant", "reflect", "edge", "wrap"):
        for pads in ([0, 0, 1, 1, 0, 0, 1, 1], [0, 0, 1, 2, 0, 0, 0, 3], [0] * 8, [0, 0, -1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0]):
            given = {} if mode is None else {"mode": mode}
            one("Pad", f"{pads} {given}", picture, opsets=[9], pads=pads, **given)
            one("Pad", f"{pads} {given} value", picture, opsets=[9], pads=pads, value=1.5, **given)
            one("Pad", f"{pads} {given}", picture, ints(*pads), opsets=[11, 13, 18], **given)
            for fill in (0.0, 1.5):
                one("Pad", f"{pads} {given} value {fill}", picture, ints(*pads), real(fill), opsets=[11, 13, 18], **given)
        for axes, pads in (([2, 3], [1, 2, 3, 0]), ([-1, -2], [1, 2, 3, 0]), ([3], [1, 2]), ([1], [1, 1])):
            one("Pad", f"axes {axes} {pads} {mode}", picture, ints(*pads), None, ints(*axes), opsets=[18, 21], **({} if mode is None else {"mode": mode}))
    one("Pad", "nothing, of a vector", vector, ints(0, 0, 0, 0), opsets=[13])
    one("Pad", "of a vector", vector, ints(0, 1, 0, 1), opsets=[13])
    for dtype, number in (("float", 1), ("double", 11), ("float16", 10), ("int32", 6), ("bool", 9), ("int64", 7), ("uint8", 2)):
        nodes = [node("Cast", ["x"], ["c"], to=number), node("Cast", ["c"], ["y"], to=1)]
        case(f"to {dtype} and back", nodes, np.round(vector * 4) / 4, opsets=[9, 13])
    for shape in ([1, 1, 1, 1], [2, 4, 6, 5], [1], [2, 4, 6, 1], [3, 1, 1, 1, 1]):
        one("Expand", f"{shape}", picture, ints(*shape), opsets=[8, 13])
    one("Concat", None, picture, values(2, 3, 6, 5), axis=1, opsets=[13])
    case("two values", [node("Concat", ["x", "x"], ["y"], axis=1)], picture, opsets=[13])
    for axis in (0, 1, 2, 3, -1):
        nodes = [node("Relu", ["x"], ["r"]), node("Concat", ["x", "r", "x"], ["y"], axis=axis)]
        case(f"values along {axis}", nodes, picture, opsets=[9, 13])
        kernel = values(4, 4, 1, 1)
        nodes = [node("Conv", ["x", "kernel"], ["c"]), node("Relu", ["c"], ["r"]), node("Concat", ["c", "r"], ["y"], axis=axis)]
        case(f"values along {axis}, after Conv", nodes, picture, {"kernel": kernel}, opsets=[13])
        nodes = [node("Conv", ["x", "kernel"], ["c"]), node("Concat", ["c", "x"], ["y"], axis=axis)]
        case(f"a picture and its convolution along {axis}", nodes, picture, {"kernel": kernel}, opsets=[13])
    case("vectors", [node("Relu", ["x"], ["r"]), node("Concat", ["x", "r"], ["y"], axis=1)], vector, opsets=[13])
    nodes = [node("Split", ["x"], ["a", "b"], axis=1), node("Relu", ["b"], ["y"])]
    case("after Split", nodes, picture, opsets=[9, 13])
    one("Slice", None, picture, ints(0), ints(2), ints(2), opsets=[13])
    one("Gather", None, picture, ints(0), axis=1, opsets=[13])
    one("Resize", None, picture, None, real([1, 1, 2, 2]), opsets=[13], mode="nearest")
    one("DepthToSpace", None, picture, blocksize=2, opsets=[13])
    one("Where", None, np.ones((2, 7), bool), vector, vector, opsets=[13])
    one("ArgMax", None, vector, axis=1, opsets=[13], output=TensorProto.INT64)
    nodes = [node("ArgMax", ["x"], ["a"], axis=1), node("Cast", ["a"], ["y"], to=1)]
    case("of an ArgMax", nodes, vector, opsets=[13])


def computed_shapes():
    pool = node("GlobalAveragePool", ["x"], ["a"])
    picked = [node("Shape", ["a"], ["s"]), node("Gather", ["s", "zero"], ["n"]), node("Unsqueeze", ["n"], ["u"], axes=[0])]
    joined = [node("Concat", ["u", "rest"], ["t"], axis=0), node("Reshape", ["a", "t"], ["y"])]
    constants = {"zero": np.array(0, np.int64), "rest": ints(-1)}
    case("Shape, Gather, Concat", [pool, *picked, *joined], picture, constants, opsets=[9, 11])
    newer = [picked[0], picked[1], node("Unsqueeze", ["n", "front"], ["u"])]
    constants["front"] = ints(0)
    case("Shape, Gather, Concat", [pool, *newer, *joined], picture, constants, opsets=[13, 21])
    case("with 4", [pool, *newer, *joined], picture, {**constants, "rest": ints(4)}, opsets=[13, 21])
    for last in (-1, 4):
        sliced = [node("Shape", ["a"], ["s"]), node("Slice", ["s", "from", "to"], ["u"]), *joined]
        case(f"Shape, Slice, {last}", [pool, *sliced], picture, {"from": ints(0), "to": ints(1), "rest": ints(last)}, opsets=[11, 13, 21])
        case(f"Shape with an end, {last}", [pool, node("Shape", ["a"], ["u"], end=1), *joined], picture, {"rest": ints(last)}, opsets=[15, 21])
    case("Shape with a start", [pool, node("Shape", ["a"], ["c"], start=1, end=2), node("Concat", ["one", "c"], ["t"], axis=0), node("Reshape", ["a", "t"], ["y"])], picture, {"one": ints(-1)}, opsets=[15, 21])
    case("Shape with negative bounds", [pool, node("Shape", ["a"], ["c"], start=-3, end=-2), node("Concat", ["one", "c"], ["t"], axis=0), node("Reshape", ["a", "t"], ["y"])], picture, {"one": ints(-1)}, opsets=[15, 21])
    cast = [node("Cast", ["n"], ["f"], to=1), node("Cast", ["f"], ["i"], to=7), node("Unsqueeze", ["i", "front"], ["u"])]
    case("cast to float and back", [pool, *newer[:2], *cast, *joined], picture, constants, opsets=[13, 21])
    for operator, other, rest in (("Mul", 1, 4), ("Add", 0, 4), ("Div", 1, 4), ("Sub", 0, 4)):
        made = [node(operator, ["n", "k"], ["m"]), node("Unsqueeze", ["m", "front"], ["u"])]
        case(f"the batch {operator} {other}", [pool, *newer[:2], *made, *joined], picture, {**constants, "k": np.array(other, np.int64), "rest": ints(rest)}, opsets=[13, 21])
    sizes = [node("Shape", ["x"], ["s"]), node("Gather", ["s", "i1"], ["c"]), node("Gather", ["s", "i2"], ["h"]), node("Gather", ["s", "i3"], ["w"])]
    both = [node("Mul", ["h", "w"], ["hw"]), node("Mul", ["c", "hw"], ["chw"]), node("Unsqueeze", ["chw", "front"], ["u"]), node("Concat", ["one", "u"], ["t"], axis=0)]
    names = {"i1": np.array(1, np.int64), "i2": np.array(2, np.int64), "i3": np.array(3, np.int64), "front": ints(0), "one": ints(-1)}
    case("the product of the sizes", [*sizes, *both, node("Reshape", ["x", "t"], ["y"])], picture, names, opsets=[13, 21])
    half = [node("Div", ["chw", "two"], ["d"]), node("Mul", ["d", "two"], ["m"]), node("Unsqueeze", ["m", "front"], ["u"]), both[3]]
    case("divided as integers", [*sizes, *both[:2], *half, node("Reshape", ["x", "t"], ["y"])], picture, {**names, "two": np.array(2, np.int64)}, opsets=[13, 21])
    case("Shape, ReduceProd", [node("Shape", ["x"], ["s"]), node("Slice", ["s", "front1", "end"], ["r"]), node("ReduceProd", ["r"], ["p"], keepdims=1), node("Concat", ["one", "p"], ["t"], axis=0), node("Reshape", ["x", "t"], ["y"])], picture, {"front1": ints(1), "end": ints(2**31), "one": ints(-1)}, opsets=[13])
    constant = [node("Constant", [], ["t"], value=ints(0, -1)), node("Reshape", ["a", "t"], ["y"])]
    case("a Constant node", [pool, *constant], picture, opsets=[9, 13, 21])
    case("a Constant of value_ints", [pool, node("Constant", [], ["t"], value_ints=[0, -1]), constant[1]], picture, opsets=[12, 13, 21])
    filled = [node("ConstantOfShape", ["l"], ["t"], value=ints(-1)), node("Concat", ["front", "t"], ["u"], axis=0), node("Reshape", ["a", "u"], ["y"])]
    case("a ConstantOfShape", [pool, *filled], picture, {"l": ints(1), "front": ints(0)}, opsets=[9, 13, 21])
    case("Identities", [pool, node("Identity", ["a"], ["b"]), node("Identity", ["b"], ["c"]), node("Identity", ["s"], ["t"]), node("Reshape", ["c", "t"], ["y"])], picture, {"s": ints(0, -1)}, opsets=[9, 13, 21])
    case("Gather from the end", [pool, node("Shape", ["a"], ["s"]), node("Gather", ["s", "i"], ["c"]), node("Unsqueeze", ["c", "front"], ["u"]), node("Concat", ["one", "u"], ["t"], axis=0), node("Reshape", ["a", "t"], ["y"])], picture, {"i": np.array(-3, np.int64), "front": ints(0), "one": ints(-1)}, opsets=[13])
    expanded = [node("Expand", ["m", "l"], ["u"]), node("Concat", ["front", "u"], ["t"], axis=0), node("Reshape", ["a", "t"], ["y"])]
    case("an Expand", [pool, *expanded], picture, {"m": ints(-1), "l": ints(1), "front": ints(0)}, opsets=[13])


def quantized():
    q = node("QuantizeLinear", ["x", "s", "z"], ["q"])
    d = node("DequantizeLinear", ["q", "s", "z"], ["y"])
    for dtype, zero in ((np.uint8, 128), (np.int8, 0), (np.uint8, 0), (np.int8, -128)):
        pixels = (random.integers(0, 256, (2, 5, 6, 3)) - (128 if dtype == np.int8 else 0)).astype(dtype)
        given = {"s": real(1 / 127.5), "z": np.array(zero, dtype)}
        case(f"a {np.dtype(dtype)} input, zero {zero}", [node("DequantizeLinear", ["x", "s", "z"], ["y"])], pixels, given, opsets=[10, 13, 21])
        first = [node("DequantizeLinear", ["x", "s", "z"], ["d"]), node("Transpose", ["d"], ["t"], perm=[0, 3, 1, 2]), node("Conv", ["t", "w"], ["y"])]
        case(f"a {np.dtype(dtype)} input and Conv, zero {zero}", first, pixels, {**given, "w": values(4, 3, 3, 3)}, opsets=[13, 21])
        turned = [node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]), node("DequantizeLinear", ["t", "s", "z"], ["d"]), node("Conv", ["d", "w"], ["y"])]
        case(f"a {np.dtype(dtype)} input, turned, and Conv, zero {zero}", turned, pixels, {**given, "w": values(4, 3, 3, 3)}, opsets=[13, 21])
        twice = [node("DequantizeLinear", ["x", "s", "z"], ["a"]), node("Cast", ["x"], ["b"], to=1), node("Add", ["a", "b"], ["y"])]
        case(f"a {np.dtype(dtype)} input, used twice, zero {zero}", twice, pixels, given, opsets=[13, 21])
        case(f"a {np.dtype(dtype)} input", [node("Cast", ["x"], ["y"], to=1)], pixels, opsets=[13])
        case(f"a {np.dtype(dtype)} input and Mul", [node("Cast", ["x"], ["c"], to=1), node("Mul", ["c", "s"], ["y"])], pixels, {"s": real(1 / 255)}, opsets=[13])
        one("Relu", f"a {np.dtype(dtype)} input", pixels, opsets=[14], output=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
    case("no zero point", [node("DequantizeLinear", ["x", "s"], ["y"])], pixels, {"s": real(0.5)}, opsets=[13])
    weights = {"w": random.integers(-127, 128, (3, 4, 1, 1)).astype(np.int8)}
    for name, s, z, more in (
        ("a tensor", real(0.02), np.array(3, np.int8), {}),
        ("a channel", values(3, low=0.01, high=0.02), np.array([1, -2, 3], np.int8), {"axis": 0}),
        ("a channel, negative axis", values(3, low=0.01, high=0.02), np.array([1, -2, 3], np.int8), {"axis": -4}),
        ("an input channel, default axis", values(4, low=0.01, high=0.02), np.array([1, -2, 3, 0], np.int8), {}),
    ):
        nodes = [node("DequantizeLinear", ["w", "s", "z"], ["k"], **more), node("Conv", ["x", "k"], ["y"])]
        case(f"weights, {name}", nodes, picture, {**weights, "s": s, "z": z}, opsets=[13, 21])
    floats = {"w": values(3, 4, 1, 1, low=-1, high=1)}
    for s, z, more in ((real(0.01), np.array(0, np.int8), {}), (values(3, low=0.007, high=0.02), np.zeros(3, np.int8), {"axis": 0}), (real(0.01), np.array(100, np.uint8), {})):
        nodes = [node("QuantizeLinear", ["w", "s", "z"], ["q"], **more), node("DequantizeLinear", ["q", "s", "z"], ["k"], **more), node("Conv", ["x", "k"], ["y"])]
        case(f"float weights, {z.shape} {z.dtype}", nodes, picture, {**floats, "s": s, "z": z}, opsets=[13, 21])
    # Rounding of values is not read: their scale is so small that it does not show.
    small = vector / 10
    fine = {"s": real(1e-5), "z": np.array(0, np.int16)}
    case("fine steps", [q, d], small, fine, opsets=[21])
    between = [q, node("Reshape", ["q", "t"], ["r"]), node("DequantizeLinear", ["r", "s", "z"], ["y"])]
    case("fine steps, reshaped between", between, small, {**fine, "t": ints(-1, 7, 1)}, opsets=[21])
    other = [q, node("DequantizeLinear", ["q", "s2", "z2"], ["y"])]
    case("dequantized by another scale", other, small, {**fine, "s2": real(2e-5), "z2": np.array(10, np.int16)}, opsets=[21])
    clipped = [node("QuantizeLinear", ["x", "s", "z"], ["q"]), node("Clip", ["q", "a"], ["c"]), node("DequantizeLinear", ["c", "s", "z"], ["y"])]
    case("clipped integers", clipped, vector, {"s": real(0.03), "z": np.array(0, np.int8), "a": np.array(20, np.int8)}, opsets=[13])
    relu = [node("QuantizeLinear", ["x", "s", "z"], ["q"]), node("Cast", ["q"], ["y"], to=1)]
    case("integers cast to float", relu, np.round(vector), {"s": real(0.5), "z": np.array(2, np.int8)}, opsets=[13])


def own_tests():
    from onnx.backend.test.case.node import collect_testcases

    for test in collect_testcases(None):
        model, (data, *_) = test.model, test.data_sets
        inputs = data[0]
        if not model.graph.node or not inputs or any(not isinstance(x, np.ndarray) or x.dtype.kind not in "fiub" for x in inputs):
            continue
        for kept in range(min(len(inputs), len(model.graph.input), 3)):
            changed = onnx.ModelProto()
            changed.CopyFrom(model)
            given = changed.graph.input[kept]
            for i, value in enumerate(inputs):
                if i != kept:
                    changed.graph.initializer.append(numpy_helper.from_array(value, model.graph.input[i].name))
            del changed.graph.input[:]
            changed.graph.input.append(given)
            # Ours say no shape for outputs: a batch may be any.
            save(f"{test.name}, input {kept}", model.graph.node[-1].op_type, changed, {given.name: inputs[kept]})


os.makedirs(folder, exist_ok=True)
for make in (convolutions, pools, means, normalizations, products, activations, bounds, arithmetic, shapes, computed_shapes, quantized, own_tests):
    before = len(cases)
    make()
    print(make.__name__, len(cases) - before, file=sys.stderr)
(folder / "cases.json").write_text(json.dumps(cases))
(folder / "left-out.json").write_text(json.dumps(left_out, indent=1))
