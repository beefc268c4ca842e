"""Small graphs of TensorFlow with every operator that is read, over its attributes, and TensorFlow's answers: python tensorflow_operators.py JOB

The one task of the job (see tasks.py) is { "folder", "input" }; its answer is { "cases": [{ "name", "file", "json", "shape", "output",
"operators", "refused" }] }. Each graph is written as a GraphDef, `file`, and as a model.json of TensorFlow.js, `json`. `refused` is true if
no layer here does what it does; it is legal all the same.
"""
import os

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import json

import numpy as np
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from tasks import answer_all

v1 = tf.compat.v1
raw = tf.raw_ops
PICTURE = (8, 6, 4)
CASES = []


def numbers(*shape, seed=0, low=-1.0, high=1.0):
    return np.random.default_rng(seed + 7 * len(shape)).uniform(low, high, shape).astype("float32")


def case(name, function, shape=PICTURE, refused=False, edit=None, batch=None):
    CASES.append((name, function, shape, refused, edit, batch))


def refused(name, function, **options):
    case(name, function, refused=True, **options)


def conv(x, kernel=(3, 3, 4, 5), strides=(1, 1, 1, 1), padding="SAME", **options):
    return raw.Conv2D(input=x, filter=numbers(*kernel), strides=list(strides), padding=padding, **options)


def depthwise(x, multiplier=1, strides=(1, 1, 1, 1), padding="SAME", **options):
    return raw.DepthwiseConv2dNative(
        input=x, filter=numbers(3, 3, 4, multiplier), strides=list(strides), padding=padding, **options
    )


EXPLICIT = {"padding": "EXPLICIT", "explicit_paddings": [0, 0, 1, 2, 0, 3, 0, 0]}
for padding in ("SAME", "VALID"):
    for rows, cols in ((1, 1), (2, 2), (2, 1)):
        case(f"Conv2D {padding} strides {rows} {cols}", lambda x, p=padding, s=(1, rows, cols, 1): conv(x, strides=s, padding=p))
    for rows, cols in ((2, 2), (1, 2)):
        case(f"Conv2D {padding} dilations {rows} {cols}", lambda x, p=padding, d=[1, rows, cols, 1]: conv(x, padding=p, dilations=d))
    for multiplier in (1, 3):
        for stride in (1, 2):
            case(
                f"DepthwiseConv2dNative {padding} multiplier {multiplier} stride {stride}",
                lambda x, p=padding, m=multiplier, s=stride: depthwise(x, m, (1, s, s, 1), p),
            )
    case(f"AvgPool {padding}", lambda x, p=padding: raw.AvgPool(value=x, ksize=[1, 2, 3, 1], strides=[1, 2, 1, 1], padding=p))
    case(f"depthwise_conv2d dilated {padding}", lambda x, p=padding: tf.nn.depthwise_conv2d(x, numbers(3, 3, 4, 2), (1, 1, 1, 1), p, dilations=(2, 2)))
case(
    "depthwise_conv2d dilated by 3 and 2, BiasAdd",
    lambda x: tf.nn.depthwise_conv2d(x, numbers(3, 3, 4, 1), (1, 1, 1, 1), "SAME", dilations=(3, 2)) + numbers(4),
)
refused("SpaceToBatchND alone", lambda x: tf.nn.relu(tf.space_to_batch(x, [2, 2], [[0, 0], [0, 0]])))
refused("BatchToSpaceND alone", lambda x: tf.batch_to_space(x, [2, 1], [[0, 0], [0, 0]]))
for padding in ("SAME", "VALID"):
    case(f"MaxPool {padding}", lambda x, p=padding: raw.MaxPool(input=x, ksize=[1, 2, 3, 1], strides=[1, 2, 1, 1], padding=p))
case("MaxPool of the whole picture", lambda x: raw.MaxPool(input=x, ksize=[1, 8, 6, 1], strides=[1, 1, 1, 1], padding="VALID"))
for axis in (1, 3, -1):
    case(f"ConcatV2 along {axis}", lambda x, a=axis: tf.concat([x, tf.nn.relu(x)], a))
refused("ConcatV2 along the batch", lambda x: tf.concat([x, tf.nn.relu(x)], 0))
case("Conv2D EXPLICIT", lambda x: conv(x, **EXPLICIT))
case("Conv2D EXPLICIT stride 2", lambda x: conv(x, strides=(1, 2, 2, 1), **EXPLICIT))
case("Conv2D of groups", lambda x: conv(x, (3, 3, 2, 6)))
case("Conv2D of as many groups as channels", lambda x: conv(x, (3, 3, 1, 8)))
case("Conv2D for one picture", lambda x: conv(x), batch=1)
refused("Conv2D strides and dilations", lambda x: conv(x, strides=(1, 2, 2, 1), dilations=[1, 2, 2, 1]))
refused("Conv2D of a computed kernel", lambda x: raw.Conv2D(input=x, filter=tf.reshape(x, [4, 4, 4, -1])[:, :, :, :2], strides=[1, 1, 1, 1], padding="SAME"), batch=1)
case("DepthwiseConv2dNative EXPLICIT", lambda x: depthwise(x, **EXPLICIT))
case("AvgPool of the whole picture", lambda x: raw.AvgPool(value=x, ksize=[1, 8, 6, 1], strides=[1, 1, 1, 1], padding="VALID"))
refused("AvgPool over channels", lambda x: raw.AvgPool(value=x, ksize=[1, 1, 1, 2], strides=[1, 1, 1, 2], padding="VALID"), edit="no answer")


def nchw(graph):
    for node in graph.node:
        if "data_format" in node.attr:
            node.attr["data_format"].s = b"NCHW"


for name, function in (
    ("Conv2D", conv),
    ("DepthwiseConv2dNative", depthwise),
    ("BiasAdd", lambda x: raw.BiasAdd(value=x, bias=numbers(4))),
    ("AvgPool", lambda x: raw.AvgPool(value=x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")),
):
    refused(f"{name} NCHW", function, edit=nchw)


def normalized(x, op=raw.FusedBatchNormV3, **options):
    return op(
        x=x, scale=numbers(4, seed=1), offset=numbers(4, seed=2), mean=numbers(4, seed=3),
        variance=numbers(4, seed=4, low=0.5), is_training=False, **options,
    ).y


case("FusedBatchNormV3", normalized)
case("FusedBatchNormV3 epsilon 0.001", lambda x: normalized(x, epsilon=0.001))
case("FusedBatchNormV2", lambda x: normalized(x, raw.FusedBatchNormV2, epsilon=0.1))
case("FusedBatchNorm", lambda x: normalized(x, raw.FusedBatchNorm))
case("FusedBatchNorm after Conv2D", lambda x: normalized(conv(x, (1, 1, 4, 4))))
refused(
    "FusedBatchNormV3 in training",
    lambda x: raw.FusedBatchNormV3(x=x, scale=numbers(4), offset=numbers(4), mean=[], variance=[], is_training=True).y,
)
for scale in (True, False):
    for center in (True, False):
        for after in (True, False):
            case(
                f"batch_normalization scale={scale} center={center}{' after Conv2D' if after else ''}",
                lambda x, s=scale, c=center, a=after: tf.nn.batch_normalization(
                    conv(x, (1, 1, 4, 4)) if a else x,
                    tf.constant(numbers(4, seed=3)), tf.constant(numbers(4, seed=4, low=0.5)),
                    tf.constant(numbers(4, seed=2)) if c else None, tf.constant(numbers(4, seed=1)) if s else None, 1e-3,
                ),
            )
case("BiasAdd", lambda x: raw.BiasAdd(value=x, bias=numbers(4)))
case("BiasAdd after Conv2D", lambda x: raw.BiasAdd(value=conv(x), bias=numbers(5)))
case("BiasAdd of vectors", lambda x: raw.BiasAdd(value=x, bias=numbers(4)), shape=(4,))

for name in ("Relu", "Relu6", "Elu", "Selu", "Softplus", "Softsign"):
    case(name, lambda x, op=getattr(raw, name): op(features=x * 9))
for name in ("Sigmoid", "Tanh", "Exp", "Neg"):
    case(name, lambda x, op=getattr(raw, name): op(x=x))
for name in ("Softmax", "LogSoftmax"):
    for shape in ((7,), PICTURE):
        case(f"{name} of {len(shape)} axes", lambda x, op=getattr(raw, name): op(logits=x), shape=shape)
case("Softmax after MatMul", lambda x: raw.Softmax(logits=tf.matmul(x, numbers(7, 3))), shape=(7,))
for alpha in (0.0, 0.2, 0.3, 1.5):
    case(f"LeakyRelu {alpha}", lambda x, a=alpha: raw.LeakyRelu(features=x, alpha=a))
refused("LeakyRelu -0.1", lambda x: raw.LeakyRelu(features=x, alpha=-0.1))
case("x * sigmoid(x)", lambda x: x * tf.sigmoid(x))
case("x * sigmoid(1 * x)", lambda x: x * tf.sigmoid(1.0 * x))
case("sigmoid(x) * x", lambda x: tf.sigmoid(x) * x)
for low in (0.0, -0.5, 0.25):
    case(f"Maximum {low}", lambda x, v=low: tf.maximum(x, v))
    case(f"Maximum {low}, constant first", lambda x, v=low: tf.maximum(v, x))
    case(f"Minimum {low}", lambda x, v=low: tf.minimum(x, v))
for low, high in ((0, 3), (-0.5, 0.25), (-1, 1), (0.1, 0.2), (0, 6)):
    case(f"Maximum of Minimum {low} {high}", lambda x, a=float(low), b=float(high): tf.maximum(tf.minimum(x * 4, b), a))
    case(f"Minimum of Maximum {low} {high}", lambda x, a=float(low), b=float(high): tf.minimum(tf.maximum(x * 4, a), b))
case("Maximum of a Minimum below it", lambda x: tf.maximum(tf.minimum(x, -0.5), 0.25))
case("hard sigmoid", lambda x: tf.clip_by_value(x * 0.2 + 0.5, 0.0, 1.0))
refused("Maximum of two values", lambda x: tf.maximum(x, x * 2))
refused("Maximum of a vector", lambda x: tf.maximum(x, numbers(4)))

FACTORS = {"a number": (), "a list of one": (1,), "channels": (4,), "channels with axes": (1, 1, 1, 4)}
for op in ("Add", "AddV2", "Sub", "Mul", "RealDiv"):
    function = getattr(raw, op)
    for what, shape in FACTORS.items():
        case(f"{op} {what}", lambda x, f=function, s=shape: f(x=x, y=numbers(*s, low=0.5)))
        if op != "RealDiv":
            case(f"{op} {what}, constant first", lambda x, f=function, s=shape: f(x=numbers(*s, low=0.5), y=x))
            case(f"{op} {what} after Conv2D", lambda x, f=function, s=shape: f(x=conv(x, (1, 1, 4, 4)), y=numbers(*s)))
    refused(f"{op} of a picture", lambda x, f=function: f(x=x, y=numbers(8, 6, 4, low=0.5)))
    refused(f"{op} of columns", lambda x, f=function: f(x=x, y=numbers(6, 1, low=0.5)))
case("Sub of two values", lambda x: raw.Sub(x=x, y=tf.nn.relu(x)))
for op in ("Mul", "RealDiv"):
    refused(f"{op} of two values", lambda x, f=getattr(raw, op): f(x=x, y=tf.nn.relu(x)))
refused("RealDiv by a value", lambda x: raw.RealDiv(x=1.0, y=x + 2))
for op in (raw.Add, raw.AddV2):
    case(f"{op.__name__} of two values", lambda x, f=op: f(x=x, y=tf.nn.relu(x)))
    case(f"{op.__name__} of two values of other shapes", lambda x, f=op: f(x=x, y=tf.reduce_mean(x, [1, 2], keepdims=True)))
for count in (1, 2, 3):
    case(f"AddN of {count}", lambda x, n=count: raw.AddN(inputs=[x, tf.nn.relu(x), x * 2][:n]))

for op in ("Mean", "Max"):
    function = getattr(raw, op)
    for axes in ([1, 2], [2, 1], [-3, -2], [-2, 1]):
        for keep in (True, False):
            case(f"{op} {axes} keep_dims={keep}", lambda x, f=function, a=axes, k=keep: f(input=x, axis=a, keep_dims=k))
    for axes in ([3], [1], [1, 2, 3], [0, 1]):
        refused(f"{op} {axes}", lambda x, f=function, a=axes: f(input=x, axis=a, keep_dims=False))

for transpose in (True, False):
    case(f"MatMul transpose_b={transpose}", lambda x, t=transpose: raw.MatMul(a=x, b=numbers(*((5, 7) if t else (7, 5))), transpose_b=t), shape=(7,))
    case(f"BatchMatMulV2 adj_y={transpose}", lambda x, t=transpose: raw.BatchMatMulV2(x=x, y=numbers(*((5, 4) if t else (4, 5))), adj_y=t))
case("MatMul and BiasAdd", lambda x: raw.BiasAdd(value=tf.matmul(x, numbers(7, 5)), bias=numbers(5)), shape=(7,))
refused("MatMul of two values", lambda x: raw.MatMul(a=x, b=x, transpose_b=True), shape=(7,))
refused("MatMul transpose_a", lambda x: raw.MatMul(a=x, b=numbers(1, 5), transpose_a=True), shape=(7,), batch=1)

case("Pad", lambda x: raw.Pad(input=x, paddings=[[0, 0], [1, 2], [0, 3], [0, 0]]))
case("Pad before Conv2D", lambda x: conv(raw.Pad(input=x, paddings=[[0, 0], [0, 1], [0, 1], [0, 0]]), strides=(1, 2, 2, 1), padding="VALID"))
case("PadV2", lambda x: raw.PadV2(input=x, paddings=[[0, 0], [1, 2], [0, 3], [0, 0]], constant_values=0.0))
refused("PadV2 with ones", lambda x: raw.PadV2(input=x, paddings=[[0, 0], [1, 2], [0, 3], [0, 0]], constant_values=1.0))
refused("Pad of channels", lambda x: raw.Pad(input=x, paddings=[[0, 0], [0, 0], [0, 0], [0, 1]]))
refused("Pad of the batch", lambda x: raw.Pad(input=x, paddings=[[0, 1], [0, 0], [0, 0], [0, 0]]))

case("Reshape to a vector", lambda x: tf.reshape(x, [-1, 192]))
case("Reshape to another picture", lambda x: tf.reshape(x, [-1, 4, 12, 4]))
case("Reshape with Shape, StridedSlice and Pack", lambda x: tf.reshape(x, [tf.shape(x)[0], -1]))
case("Reshape with ConcatV2", lambda x: tf.reshape(x, tf.concat([tf.shape(x)[:1], [-1]], 0)))
case("Reshape with Prod", lambda x: tf.reshape(x, tf.stack([tf.shape(x)[0], tf.reduce_prod(tf.shape(x)[1:])])))
case("Reshape with GatherV2", lambda x: tf.reshape(x, tf.gather(tf.shape(x), [0, 2, 1, 3])))
case("Reshape with Unpack", lambda x: tf.reshape(x, [tf.unstack(tf.shape(x))[0], tf.unstack(tf.shape(x))[1], 24]))
case("Reshape with Slice", lambda x: tf.reshape(x, tf.concat([tf.slice(tf.shape(x), [0], [1]), [-1]], 0)))
case("Reshape with Rank", lambda x: tf.reshape(x, tf.stack([tf.shape(x)[0], raw.Rank(input=x) * 48])))
case("Reshape with Mul", lambda x: tf.reshape(x, tf.stack([-1, tf.shape(x)[1] * tf.shape(x)[2] * 4])))
case("Reshape for one picture", lambda x: tf.reshape(x, [1, 192]), batch=1)
case("Reshape for one picture, batch open", lambda x: tf.reshape(x, [-1, 192]), batch=1)
case("Reshape of a constant", lambda x: x + tf.reshape(tf.identity(numbers(4)), [1, 1, 1, -1]))
case("Squeeze [1, 2]", lambda x: raw.Squeeze(input=tf.reduce_mean(x, [1, 2], keepdims=True), axis=[1, 2]))
case("Squeeze [-2, -3]", lambda x: raw.Squeeze(input=tf.reduce_mean(x, [1, 2], keepdims=True), axis=[-2, -3]))
case("Squeeze without axes", lambda x: raw.Squeeze(input=tf.reduce_mean(x, [1, 2], keepdims=True)))
case("Squeeze for one picture", lambda x: raw.Squeeze(input=tf.reduce_mean(x, [1, 2], keepdims=True), axis=[1, 2]), batch=1)
case("ExpandDims 1", lambda x: raw.ExpandDims(input=x, axis=1), shape=(7,))
case("ExpandDims -1", lambda x: raw.ExpandDims(input=x, axis=-1), shape=(7,))
case("Transpose there and back", lambda x: tf.transpose(tf.nn.relu(tf.transpose(x, [0, 3, 1, 2])), [0, 2, 3, 1]))
case("Transpose of a constant", lambda x: tf.matmul(x, tf.transpose(tf.identity(numbers(5, 7)))), shape=(7,))

for name in ("Identity", "StopGradient", "PreventGradient", "Snapshot"):
    case(name, lambda x, op=getattr(raw, name): tf.nn.relu(op(input=x)))
case("CheckNumerics", lambda x: tf.nn.relu(raw.CheckNumerics(tensor=x, message="broken")))
case("IdentityN", lambda x: tf.nn.relu(raw.IdentityN(input=[x * 2, x])[1]))
case("Cast", lambda x: tf.cast(tf.cast(x, tf.float64), tf.float32))
refused("Cast to integers", lambda x: tf.cast(tf.cast(x * 9, tf.int32), tf.float32))
case("PlaceholderWithDefault", lambda x: x * v1.placeholder_with_default(numbers(4), [4]))
for name in ("Exp", "Neg", "Reciprocal", "Rsqrt", "Sqrt", "Square"):
    case(f"{name} of a constant", lambda x, op=getattr(raw, name): x * op(x=tf.constant(numbers(4, low=0.5))))
for name in ("AddV2", "Maximum", "Minimum", "Mul", "RealDiv", "Sub"):
    case(
        f"{name} of constants",
        lambda x, op=getattr(raw, name): x * op(x=tf.constant(numbers(4, low=0.5)), y=tf.constant(numbers(1, 1, low=0.5))),
    )
case("Normalization", lambda x: (x - numbers(1, 1, 1, 4)) / tf.maximum(tf.sqrt(tf.constant(numbers(1, 1, 1, 4, low=0.5))), 1e-7))
for name in ("Sqrt", "Rsqrt", "Square", "Reciprocal", "Cos"):
    refused(f"{name} of a value", lambda x, op=getattr(raw, name): op(x=x + 2))


def fuse(fused, operators, **attributes):
    """What TensorFlow's optimizer makes of an operator and those that follow it: their other inputs become its own."""

    def edit(graph):
        by_name = {node.name: node for node in graph.node}
        chain = [node for node in graph.node if node.op in operators or node.op in ("Conv2D", "MatMul", "DepthwiseConv2dNative")]
        first, last = chain[0], chain[-1]
        for node in chain[1:]:
            first.input.extend(node.input[1:])
        first.op = fused
        for node in chain[1:]:
            for name in ("epsilon",):
                if name in node.attr:
                    first.attr[name].CopyFrom(node.attr[name])
        first.attr["fused_ops"].list.s.extend([name.encode() for name in attributes.get("names", operators)])
        first.attr["num_args"].i = len(first.input) - 2
        if "alpha" in attributes:
            first.attr["leakyrelu_alpha"].f = attributes["alpha"]
        for node in chain[1:]:
            graph.node.remove(by_name[node.name])
        for node in graph.node:
            node.input[:] = [first.name if name == last.name else name for name in node.input]

    return edit


bias = lambda x, n=5: raw.BiasAdd(value=x, bias=numbers(n))
case("_FusedConv2D BiasAdd", lambda x: bias(conv(x)), edit=fuse("_FusedConv2D", ["BiasAdd"]))
case("_FusedConv2D BiasAdd Relu6", lambda x: tf.nn.relu6(bias(conv(x))), edit=fuse("_FusedConv2D", ["BiasAdd", "Relu6"]))
case("_FusedConv2D BiasAdd Elu", lambda x: tf.nn.elu(bias(conv(x))), edit=fuse("_FusedConv2D", ["BiasAdd", "Elu"]))
case(
    "_FusedConv2D BiasAdd LeakyRelu",
    lambda x: raw.LeakyRelu(features=bias(conv(x)), alpha=0.3),
    edit=fuse("_FusedConv2D", ["BiasAdd", "LeakyRelu"], alpha=0.3),
)
case(
    "_FusedConv2D FusedBatchNorm Relu",
    lambda x: tf.nn.relu(normalized(conv(x, (1, 1, 4, 4)), epsilon=0.01)),
    edit=fuse("_FusedConv2D", ["FusedBatchNormV3", "Relu"], names=["FusedBatchNorm", "Relu"]),
)
case("FusedDepthwiseConv2dNative", lambda x: tf.nn.relu6(bias(depthwise(x), 4)), edit=fuse("FusedDepthwiseConv2dNative", ["BiasAdd", "Relu6"]))
case("_FusedMatMul", lambda x: tf.nn.relu(bias(tf.matmul(x, numbers(7, 5)))), shape=(7,), edit=fuse("_FusedMatMul", ["BiasAdd", "Relu"]))
refused("_FusedConv2D BiasAdd Add", lambda x: tf.nn.relu(bias(conv(x))), edit=fuse("_FusedConv2D", ["BiasAdd", "Relu"], names=["BiasAdd", "Add"]))


def written(graph_def, folder):
    """The graph as TensorFlow.js has it: constants in a file beside."""
    topology = MessageToDict(graph_def)
    weights, parts = [], []
    for node, json_node in zip(graph_def.node, topology["node"]):
        if node.op != "Const":
            continue
        value = tf.make_ndarray(node.attr["value"].tensor)
        del json_node["attr"]["value"]
        dtype = {"float32": "float32", "int32": "int32", "int64": "int32"}[value.dtype.name]
        weights.append({"name": node.name, "shape": list(value.shape), "dtype": dtype})
        parts.append(value.astype(dtype).tobytes())
    os.makedirs(folder)
    with open(f"{folder}/weights.bin", "wb") as file:
        file.write(b"".join(parts))
    manifest = [{"paths": ["weights.bin"], "weights": weights}]
    with open(f"{folder}/model.json", "w") as file:
        json.dump({"format": "graph-model", "modelTopology": topology, "weightsManifest": manifest}, file)


def made(number, folder, case):
    name, function, shape, is_refused, edit, batch = case
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [batch, *shape], "x")
        y = tf.identity(function(x), name="y")
        given = numbers(batch or 2, *shape, seed=number)
        output = []
        if not is_refused:
            with v1.Session() as session:
                output = session.run(y, {x: given}).ravel().tolist()
    graph_def = v1.graph_util.extract_sub_graph(graph.as_graph_def(), ["y"])
    if callable(edit):
        edit(graph_def)
    file = f"{folder}/{number}"
    with open(f"{file}.pb", "wb") as stream:
        stream.write(graph_def.SerializeToString())
    written(graph_def, file)
    given.tofile(f"{file}.f32")
    operators = sorted({node.op for node in graph_def.node})
    return {"name": name, "file": f"{file}.pb", "json": file, "input": f"{file}.f32", "shape": list(given.shape), "output": output, "operators": operators, "refused": is_refused}


def do(task):
    os.makedirs(task["folder"], exist_ok=True)
    cases = []
    for number, case in enumerate(CASES):
        try:
            cases.append(made(number, task["folder"], case))
        except Exception as error:
            cases.append({"name": case[0], "failed": f"{type(error).__name__}: {error}"[:500], "operators": []})
    return {"cases": cases}


answer_all(do)
