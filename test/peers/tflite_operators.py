"""Small TFLite files with every operator that is read, over its attributes, and answers of TFLite's own interpreter: python tflite_operators.py JOB

The one task of the job (see tasks.py) is { "folder", "input", "only"?: what is in the names of the cases }; its answer is { "cases": [{ "name", "file", "input", "shape", "output",
"operators" }] }, where a case has `refused`, the operator that is to be named, if no layer here does it. TensorFlow's converter makes the
files from functions; what it never writes itself is changed in them by `edit`.
"""
import os

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import flatbuffers
import numpy as np
import tensorflow as tf
from tasks import answer_all
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

PICTURE = (8, 6, 4)
CASES = []


def numbers(*shape, seed=0, low=-1.0, high=1.0):
    return np.random.default_rng(seed + 7 * len(shape)).uniform(low, high, shape).astype("float32")


def case(name, shape=PICTURE, **options):
    """Adds a function of a batch of pictures, fixed to 1 and free; `options` are those of `convert`, and `refused`."""

    def add(function):
        CASES.append((name, shape, function, options))
        return function

    return add


def conv(x, size=3, filters=5, channels=None, **options):
    kernel = numbers(size, size, channels or x.shape[-1], filters) / size
    return tf.nn.conv2d(x, kernel, **{"strides": 1, "padding": "SAME", **options})


for padding in ("SAME", "VALID"):
    for strides in (1, 2, (2, 1)):
        case(f"CONV_2D {padding} strides {strides}")(
            lambda x, p=padding, s=strides: conv(x, strides=s, padding=p) + numbers(5)
        )
    for dilation in (2, (1, 2)):
        case(f"CONV_2D {padding} dilation {dilation}")(lambda x, p=padding, d=dilation: conv(x, padding=p, dilations=d))
    for multiplier in (1, 2, 3):
        for strides in (1, 2):
            case(f"DEPTHWISE_CONV_2D {padding} multiplier {multiplier} strides {strides}")(
                lambda x, p=padding, m=multiplier, s=strides: tf.nn.depthwise_conv2d(
                    x, numbers(3, 3, 4, m), (1, s, s, 1), p
                )
            )
    case(f"DEPTHWISE_CONV_2D {padding} dilation")(
        lambda x, p=padding: tf.nn.depthwise_conv2d(x, numbers(3, 3, 4, 1), (1, 1, 1, 1), p, dilations=(2, 2))
    )
    case(f"AVERAGE_POOL_2D {padding}")(lambda x, p=padding: tf.nn.avg_pool2d(x, (2, 3), (2, 1), p))
    case(f"MAX_POOL_2D {padding}")(lambda x, p=padding: tf.nn.max_pool2d(x, (2, 3), (2, 1), p))
    case(f"MAX_POOL_2D {padding} strides 1")(lambda x, p=padding: tf.nn.max_pool2d(x, 3, 1, p))
    case(f"AVERAGE_POOL_2D {padding} strides 1")(lambda x, p=padding: tf.nn.avg_pool2d(x, 3, 1, p))
case("CONV_2D groups")(lambda x: conv(x, filters=6, channels=2))
case("CONV_2D 1 x 1 picture", shape=(1, 1, 4))(lambda x: conv(x, size=1))
case("CONV_2D even kernel")(lambda x: conv(x, size=2, strides=2))

ACTIVATIONS = {
    "RELU": tf.nn.relu,
    "RELU6": tf.nn.relu6,
    "RELU_N1_TO_1": lambda x: tf.maximum(-1.0, tf.minimum(x, 1.0)),
    "RELU_0_TO_1": lambda x: tf.maximum(0.0, tf.minimum(x, 1.0)),
    "TANH": tf.nn.tanh,
    "LOGISTIC": tf.nn.sigmoid,
    "ELU": tf.nn.elu,
    "HARD_SWISH": lambda x: x * tf.nn.relu6(x + 3.0) * (1 / 6),
    "LEAKY_RELU": lambda x: tf.nn.leaky_relu(x, 0.3),
    "LEAKY_RELU steep": lambda x: tf.nn.leaky_relu(x, 2.0),
    "EXP": tf.exp,
    "SOFTMAX": tf.nn.softmax,
    "LOG_SOFTMAX": tf.nn.log_softmax,
    "GELU": lambda x: tf.nn.gelu(x, approximate=False),
    "NEG": lambda x: -x,
    "MAXIMUM, MINIMUM": lambda x: tf.minimum(tf.maximum(x, 0.0), 4.0),
    "MINIMUM, MAXIMUM": lambda x: tf.maximum(tf.minimum(x, 4.0), 0.0),
}
for name, activation in ACTIVATIONS.items():
    case(name)(lambda x, f=activation: f(x))
    case(f"{name} after CONV_2D")(lambda x, f=activation: f(4 * conv(x)))
case("LEAKY_RELU below 0", refused="LEAKY_RELU")(lambda x: tf.nn.leaky_relu(x, -0.5))
case("GELU approximate", refused="GELU")(lambda x: tf.nn.gelu(x, approximate=True))
case("ABS", refused="ABS")(tf.abs)
case("SQRT", refused="SQRT")(lambda x: tf.sqrt(x * 0 + 2))

def with_constants(name, operator):
    def add(what, function, **options):
        case(f"{name} {what}", **options)(function)

    def add_all(what, constant):
        add(what, lambda x: operator(x, constant))
        add(f"{what} after CONV_2D", lambda x: operator(conv(x, filters=4), constant))
        if name != "DIV":
            add(f"{what} in front", lambda x: operator(constant, x))

    add_all("a number", np.float32(0.7))
    add_all("one a channel", numbers(4, low=0.5, high=2))
    add_all("one a channel with all axes", numbers(1, 1, 1, 4, low=0.5, high=2))
    add("RELU6", lambda x: tf.nn.relu6(operator(x, np.float32(0.5))))
    # The converter divides by constants by multiplying.
    refused = "MUL" if name == "DIV" else name
    add("one a row", lambda x: operator(x, numbers(8, 1, 1, low=1, high=2)), refused=refused)


for name, operator in {"ADD": tf.add, "SUB": tf.subtract, "MUL": tf.multiply, "DIV": tf.divide}.items():
    with_constants(name, operator)
case("DIV of a number", refused="DIV")(lambda x: 1.0 / (x + 3.0))
case("ADD of two")(lambda x: tf.nn.relu(conv(x) + conv(x, size=1)))
case("ADD of two with broadcasting")(lambda x: x + tf.reduce_mean(x, (1, 2), keepdims=True))
case("MUL of two", refused="MUL")(lambda x: x * tf.nn.sigmoid(x))

DENSE = numbers(4, 7)
case("FULLY_CONNECTED", shape=(4,))(lambda x: tf.matmul(x, DENSE) + numbers(7))
case("FULLY_CONNECTED RELU", shape=(4,))(lambda x: tf.nn.relu(tf.matmul(x, DENSE)))
case("FULLY_CONNECTED one unit", shape=(4,))(lambda x: tf.matmul(x, DENSE[:, :1]))
case("FULLY_CONNECTED of a picture, flat")(lambda x: tf.matmul(tf.reshape(x, (-1, 192)), numbers(192, 3)))
case("FULLY_CONNECTED of a 1 x 1 picture", shape=(1, 1, 4))(lambda x: tf.matmul(tf.reshape(x, (-1, 4)), DENSE))
case("FULLY_CONNECTED along the last axis")(lambda x: tf.tensordot(x, DENSE, 1))
case("FULLY_CONNECTED along the last axis, one unit")(lambda x: tf.nn.sigmoid(tf.tensordot(x, DENSE[:, :1], 1)))
case("FULLY_CONNECTED along the last axis, then flat")(
    lambda x: tf.matmul(tf.reshape(tf.nn.relu(tf.tensordot(x, DENSE, 1)), (-1, 48 * 7)), numbers(48 * 7, 3))
)
case("BATCH_MATMUL of a matrix with more axes")(lambda x: tf.matmul(x, DENSE[None, None]))
case("BATCH_MATMUL of two", refused="BATCH_MATMUL")(lambda x: tf.matmul(x, x, transpose_b=True))


def layers(*stack):
    def apply(x):
        for layer in stack:
            x = layer(x)
        return x

    return apply


def keras(name, *stack, shape=PICTURE, **options):
    """Keras's layers, of a free batch, as model.export and the converter have them."""
    inputs = tf.keras.Input(shape)
    model = tf.keras.Model(inputs, layers(*stack)(inputs))
    for i, weight in enumerate(model.weights):
        weight.assign(numbers(*weight.shape, seed=i, low=0.1 if "variance" in weight.path else -0.5, high=0.5))
    case(f"Keras: {name}", shape=shape, **options)(model)


L = tf.keras.layers


def top():
    return (L.Dense(3, activation="softmax"),)



keras("Dense on four axes", L.Dense(8, activation="relu"), L.Flatten(), *top())
keras("Dense on four axes twice", L.Dense(8, activation="relu"), L.Dropout(0.1), L.Dense(5), L.GlobalAveragePooling2D(), *top())
keras("Dense on four axes, softmax along it", L.Dense(6, activation="softmax"))
keras("Dense on three axes", L.Reshape((48, 4)), L.Dense(5, activation="tanh"), L.Flatten(), *top())
keras("Flatten", L.Conv2D(5, 3, activation="relu"), L.Flatten(), L.Dense(6, activation="relu"), *top())
keras("Reshape, Flatten", L.Reshape((4, 12, 4)), L.Conv2D(3, 3), L.Flatten(), *top())
keras("AveragePooling2D of the whole", L.AveragePooling2D((8, 6)), L.Flatten(), *top())
keras("AveragePooling2D of the whole, Reshape", L.AveragePooling2D((8, 6)), L.Reshape((4,)), *top())
keras("GlobalAveragePooling2D", L.GlobalAveragePooling2D(), *top())
keras("GlobalAveragePooling2D keepdims", L.GlobalAveragePooling2D(keepdims=True), L.Conv2D(3, 1), L.Flatten(), L.Softmax())
keras("GlobalMaxPooling2D", L.GlobalMaxPooling2D(), *top())
keras("MaxPooling2D of the whole", L.MaxPooling2D((8, 6)), L.Flatten(), *top())
keras("MaxPooling2D", L.Conv2D(6, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), *top())
keras("ZeroPadding2D", L.ZeroPadding2D(((1, 2), (0, 1))), L.Conv2D(3, 3, strides=2), L.Flatten(), *top())
keras("BatchNormalization alone", L.BatchNormalization(), L.ReLU(6.0), L.BatchNormalization())
keras("SeparableConv2D", L.SeparableConv2D(6, 3, padding="same", depth_multiplier=2), L.ReLU())
keras("Rescaling", L.Rescaling(1 / 127.5, -1), L.Conv2D(3, 3))
keras("PReLU of one slope", L.PReLU(shared_axes=[1, 2, 3]))
keras("PReLU", L.PReLU(shared_axes=[1, 2]), refused="PRELU")

case("MEAN")(lambda x: tf.reduce_mean(x, (1, 2)))
case("MEAN keepdims")(lambda x: tf.reduce_mean(x, (1, 2), keepdims=True))
case("MEAN negative axes")(lambda x: tf.reduce_mean(x, (-3, -2)))
case("MEAN of a list of pixels")(lambda x: tf.reduce_mean(tf.reshape(x, (-1, 48, 4)), 1))
case("MEAN of channels first")(lambda x: tf.reduce_mean(tf.transpose(x, (0, 3, 1, 2)), (2, 3)))
case("MEAN of channels first keepdims")(lambda x: tf.reduce_mean(tf.transpose(x, (0, 3, 1, 2)), (2, 3), keepdims=True))
case("MEAN of channels", refused="MEAN")(lambda x: tf.reduce_mean(x, 3))
case("MEAN of rows", refused="MEAN")(lambda x: tf.reduce_mean(x, 1))
case("SUM")(lambda x: tf.reduce_sum(x, (1, 2)))
case("REDUCE_MAX")(lambda x: tf.reduce_max(x, (1, 2)))
case("REDUCE_MAX keepdims")(lambda x: tf.reduce_max(x, (1, 2), keepdims=True))

case("PAD")(lambda x: conv(tf.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0))), padding="VALID"))
case("PAD alone")(lambda x: tf.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0))))
case("PAD of channels first")(lambda x: tf.transpose(tf.pad(tf.transpose(x, (0, 3, 1, 2)), ((0, 0), (0, 0), (1, 2), (3, 0))), (0, 2, 3, 1)))
case("PADV2 of zeros")(lambda x: tf.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=0.0))
case("PADV2", refused="PADV2")(lambda x: tf.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=1.0))
case("PAD of channels", refused="PAD")(lambda x: tf.pad(x, ((0, 0), (0, 0), (0, 0), (0, 1))))
case("MIRROR_PAD", refused="MIRROR_PAD")(lambda x: tf.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "REFLECT"))

case("RESHAPE to a list")(lambda x: tf.reshape(x, (-1, 192)))
case("RESHAPE of a list")(lambda x: conv(tf.reshape(x, (-1, 4, 12, 4))))
case("RESHAPE to lists and back")(lambda x: tf.reshape(tf.nn.relu(tf.reshape(x, (-1, 4))), (-1, 8, 6, 4)))
case("RESHAPE, softmax, RESHAPE")(lambda x: tf.reshape(tf.nn.softmax(tf.reshape(x, (-1, 4))), (-1, 48, 4)))
case("RESHAPE that splits channels")(lambda x: tf.nn.softmax(tf.reshape(x, (-1, 8, 12, 2))))
case("RESHAPE of channels first", refused="output 'Identity'")(
    lambda x: tf.reshape(tf.transpose(x, (0, 3, 1, 2)), (-1, 192))
)
case("RESHAPE of channels first, FULLY_CONNECTED")(
    lambda x: tf.matmul(tf.reshape(tf.transpose(x, (0, 3, 1, 2)), (-1, 192)), numbers(192, 3)) + numbers(3)
)
case("RESHAPE of columns first, FULLY_CONNECTED")(
    lambda x: tf.matmul(tf.reshape(tf.transpose(x, (0, 2, 3, 1)), (-1, 192)), numbers(192, 3))
)
case("SQUEEZE", shape=(1, 1, 4))(lambda x: tf.nn.softmax(tf.squeeze(x, (1, 2))))
case("SQUEEZE of one axis", shape=(1, 6, 4))(lambda x: tf.nn.softmax(tf.squeeze(x, 1)))
case("SQUEEZE after MEAN")(lambda x: tf.nn.softmax(tf.squeeze(tf.reduce_mean(x, (1, 2), keepdims=True), (-2, -3))))
case("EXPAND_DIMS", shape=(4,))(lambda x: conv(tf.expand_dims(tf.expand_dims(x, 1), 1), size=1))
case("TRANSPOSE there and back")(lambda x: tf.transpose(tf.nn.relu(tf.transpose(x, (0, 3, 1, 2))), (0, 2, 3, 1)))
case("TRANSPOSE, numbers a channel")(
    lambda x: tf.transpose(tf.transpose(x, (0, 3, 1, 2)) * numbers(1, 4, 1, 1) + numbers(4, 1, 1), (0, 2, 3, 1))
)
case("TRANSPOSE, sum of two")(
    lambda x: tf.transpose(tf.transpose(conv(x), (0, 3, 1, 2)) + tf.transpose(conv(x, size=1), (0, 3, 1, 2)), (0, 2, 3, 1))
)
case("TRANSPOSE, softmax along channels")(
    lambda x: tf.transpose(tf.nn.softmax(tf.transpose(x, (0, 1, 3, 2))), (0, 1, 3, 2))
)
case("TRANSPOSE of rows and columns", refused="CONV_2D")(lambda x: conv(tf.transpose(x, (0, 2, 1, 3))))
case("shapes: SHAPE, STRIDED_SLICE, PACK")(lambda x: tf.reshape(x, tf.stack((tf.shape(x)[0], 24, 8))))
case("shapes: GATHER, REDUCE_PROD, CONCATENATION")(
    lambda x: tf.reshape(
        tf.reshape(x, tf.stack((tf.reduce_prod(tf.gather(tf.shape(x), (0, 1, 2))), 4))) * 2.0,
        tf.concat((tf.gather(tf.shape(x), (0, 1, 2)), (4,)), 0),
    )
)
case("shapes: UNPACK")(lambda x: tf.reshape(x, tf.stack((tf.unstack(tf.shape(x))[0], -1))))
case("shapes: SLICE, MUL")(lambda x: tf.reshape(x, tf.concat((tf.slice(tf.shape(x), (0,), (1,)) * 48, (4,)), 0)))
case("CAST of bytes", dtype=tf.uint8)(lambda x: conv(tf.cast(x, tf.float32) / 127.5 - 1.0))
case("CAST of bytes, by way of integers", dtype=tf.uint8)(lambda x: tf.cast(tf.cast(x, tf.int32), tf.float32) * 0.1)
case("CAST to integers", refused="CAST")(lambda x: tf.cast(tf.cast(x * 10, tf.int32), tf.float32) * 0.1)

case("CONCATENATION")(lambda x: tf.concat((conv(x), conv(x, size=1, filters=2), x), -1))
case("CONCATENATION of rows")(lambda x: tf.concat((conv(x), conv(x, size=1)), 1))
case("CONCATENATION of channels first")(
    lambda x: tf.transpose(tf.concat([tf.transpose(y, (0, 3, 1, 2)) for y in (conv(x), conv(x, size=1))], 1), (0, 2, 3, 1))
)
case("CONCATENATION of pictures", refused="CONCATENATION")(lambda x: tf.concat((x, x * 2.0), 0))
case("STRIDED_SLICE", refused="STRIDED_SLICE")(lambda x: x[:, ::2, 1:5])
case("SLICE", refused="SLICE")(lambda x: tf.slice(x, (0, 0, 0, 1), (-1, -1, -1, 2)))
case("GATHER", refused="GATHER")(lambda x: tf.gather(x, (0, 2), axis=3))
case("PACK", refused="PACK")(lambda x: tf.stack((x, x), 1))
case("SPLIT", refused="SPLIT")(lambda x: tf.nn.relu(tf.split(x, 2, 3)[1]))
case("RESIZE_BILINEAR to its own size")(lambda x: tf.raw_ops.ResizeBilinear(images=x, size=(8, 6)) * 2.0)
case("RESIZE_NEAREST_NEIGHBOR to its own size")(
    lambda x: tf.raw_ops.ResizeNearestNeighbor(images=x, size=(8, 6)) * 2.0
)
for size in ((16, 12), (5, 9), (3, 4)):
    case(f"RESIZE_BILINEAR to {size}")(lambda x, size=size: tf.image.resize(x, size))
    case(f"RESIZE_NEAREST_NEIGHBOR to {size}")(lambda x, size=size: tf.image.resize(x, size, "nearest"))
case("RESIZE_BILINEAR between corners", refused="RESIZE_BILINEAR")(
    lambda x: tf.compat.v1.image.resize_bilinear(x, (16, 12), align_corners=True)
)
case("RESIZE_NEAREST_NEIGHBOR between corners", refused="RESIZE_NEAREST_NEIGHBOR")(
    lambda x: tf.compat.v1.image.resize_nearest_neighbor(x, (5, 9))
)
case("TRANSPOSE_CONV", refused="TRANSPOSE_CONV")(lambda x: tf.nn.conv2d_transpose(x, numbers(3, 3, 5, 4), (1, 16, 12, 5), 2))
case("ARG_MAX", refused="ARG_MAX")(lambda x: tf.cast(tf.argmax(x, -1), tf.float32))
case("L2_NORMALIZATION", refused="L2_NORMALIZATION")(lambda x: tf.nn.l2_normalize(x, -1))
case("TILE", refused="TILE")(lambda x: tf.tile(x, (1, 2, 1, 1)))
case("SPACE_TO_DEPTH", refused="SPACE_TO_DEPTH")(lambda x: tf.nn.space_to_depth(x, 2))
case("WHILE", refused="WHILE")(lambda x: tf.while_loop(lambda i, y: i < tf.cast(tf.shape(x)[0], tf.int32) + 2, lambda i, y: (i + 1, y * 2.0), (0, x))[1])



def base():
    return (
        L.Conv2D(8, 3, strides=2, padding="same", activation="relu6"),
        L.DepthwiseConv2D(3, padding="same", activation="relu"),
        L.Conv2D(6, 1),
    )


for kind in ("float16", "dynamic", "int8", "int8 io", "uint8 io", "int16"):
    keras(f"{kind}: wide", L.Flatten(), L.Dense(64, activation="relu"), *top(), quantize=kind)
    keras(f"{kind}: mean", *base(), L.GlobalAveragePooling2D(), *top(), quantize=kind)
    keras(f"{kind}: Flatten", *base(), L.Flatten(), L.Dense(7, activation="relu"), *top(), quantize=kind)
    keras(f"{kind}: Dense on four axes", *base(), L.Dense(8, activation="relu"), L.Flatten(), *top(), quantize=kind)
    keras(f"{kind}: ZeroPadding2D", L.ZeroPadding2D(((0, 1), (0, 1))), L.Conv2D(5, 3, strides=2), L.Flatten(), *top(), quantize=kind)
    keras(f"{kind}: mean, softmax", L.Conv2D(5, 3, activation="tanh"), L.GlobalAveragePooling2D(keepdims=True), L.Softmax(), quantize=kind)


def convert(function, shape, batch, samples, quantize=None, edit=None, dtype=tf.float32):
    signature = tf.TensorSpec((batch, *shape), dtype, name="x")
    concrete = convert_variables_to_constants_v2(tf.function(function).get_concrete_function(signature))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    if quantize is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantize in ("int8", "int8 io", "uint8 io", "int16"):
        converter.representative_dataset = lambda: ([sample[None]] for sample in samples)
        wide = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        converter.target_spec.supported_ops = [wide if quantize == "int16" else tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if quantize in ("int8 io", "uint8 io"):
        converter.inference_input_type = converter.inference_output_type = tf.as_dtype(quantize[:-3])
    content = converter.convert()
    return content if edit is None else edited(content, edit)


def edited(content, edit):
    model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    edit(model)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def option(**changes):
    """Changes options of the last operator."""

    def edit(model):
        options = model.subgraphs[0].operators[-1].builtinOptions
        for name, value in changes.items():
            assert hasattr(options, name), name
            setattr(options, name, value)

    return edit


def becomes(name, options=None, **fields):
    """Makes the last operator another one, with options of that."""

    def edit(model):
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = 1
        model.operatorCodes.append(code)
        operator = model.subgraphs[0].operators[-1]
        operator.opcodeIndex = len(model.operatorCodes) - 1
        operator.builtinOptions = options and getattr(schema, f"{options}T")()
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, options) if options else 0
        for field, value in fields.items():
            setattr(operator.builtinOptions, field, value)
        return operator

    return edit


def takes(count, edit):
    """Leaves the inputs after the first ones out, too."""

    def edit_all(model):
        operator = edit(model) or model.subgraphs[0].operators[-1]
        operator.inputs = operator.inputs[:count]

    return edit_all


def adds_zero(model):
    """PADV2 has a third input, what to pad with: the kernel's number 0 here."""
    operator = becomes("PADV2", "PadV2Options")(model)
    buffer = schema.BufferT()
    buffer.data = np.zeros(4, np.uint8)
    model.buffers.append(buffer)
    tensor = schema.TensorT()
    tensor.shape, tensor.type, tensor.name, tensor.buffer = [], schema.TensorType.FLOAT32, b"zero", len(model.buffers) - 1
    model.subgraphs[0].tensors.append(tensor)
    operator.inputs = np.append(operator.inputs, len(model.subgraphs[0].tensors) - 1).astype(np.int32)


def unnamed(model):
    for tensor in model.subgraphs[0].tensors:
        tensor.name = b""


def second_graph(model):
    model.subgraphs.append(model.subgraphs[0])


case("edited: SQUEEZE", shape=(1, 1, 4), edit=takes(1, becomes("SQUEEZE", "SqueezeOptions", squeezeDims=[1, -2])))(
    lambda x: tf.reshape(x, (-1, 4))
)
case("edited: SQUEEZE of all", shape=(1, 1, 4), free=False, edit=takes(1, becomes("SQUEEZE", "SqueezeOptions")))(
    lambda x: tf.reshape(x, (4,))
)
case("edited: RESHAPE by an option", edit=takes(1, becomes("RESHAPE", "ReshapeOptions", newShape=[-1, 192])))(lambda x: tf.reshape(x, (-1, 192)))
case("edited: PADV2", edit=adds_zero)(lambda x: tf.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0))))
case("edited: RELU_N1_TO_1", edit=becomes("RELU_N1_TO_1"))(tf.nn.elu)
case("edited: DIV", edit=becomes("DIV", "DivOptions"))(lambda x: x * numbers(4, low=1, high=2))
case("edited: MAXIMUM", edit=becomes("MAXIMUM", "MaximumMinimumOptions"))(lambda x: tf.minimum(x, 0.25))
case("edited: RELU6", edit=becomes("RELU6"))(tf.nn.elu)
case("edited: BATCH_MATMUL", shape=(4,), edit=takes(2, becomes("BATCH_MATMUL", "BatchMatMulOptions", adjY=True)))(
    lambda x: tf.matmul(x, DENSE)
)
case("edited: CONCATENATION of one", edit=takes(1, becomes("CONCATENATION", "ConcatenationOptions", axis=3)))(tf.nn.elu)
case("edited: SOFTMAX of beta 0.5", edit=option(beta=0.5))(tf.nn.softmax)
for code, activation in enumerate(("RELU", "RELU_N1_TO_1", "RELU6"), 1):
    for name, function in {
        "CONV_2D": lambda x: 4 * conv(x),
        "DEPTHWISE_CONV_2D": lambda x: tf.nn.depthwise_conv2d(x, 2 * numbers(3, 3, 4, 1), (1, 1, 1, 1), "SAME"),
        "FULLY_CONNECTED": lambda x: tf.matmul(tf.reshape(x, (-1, 192)), numbers(192, 3)),
        "ADD": lambda x: x + conv(x, filters=4),
        "MUL": lambda x: x * 3.0,
        "SUB": lambda x: x - 0.5,
        "DIV": lambda x: x / 0.7,
        "AVERAGE_POOL_2D": lambda x: tf.nn.avg_pool2d(x, 2, 2, "VALID"),
        "MAX_POOL_2D": lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"),
    }.items():
        case(f"edited: {name} with {activation}", edit=option(fusedActivationFunction=code))(function)
# TFLite's interpreter leaves these two out.
case("edited: CONV_2D with TANH", edit=option(fusedActivationFunction=4), refused="CONV_2D")(conv)
case("edited: CONV_2D with SIGN_BIT", edit=option(fusedActivationFunction=5), refused="CONV_2D")(conv)
case("edited: tensors without names", edit=unnamed)(lambda x: tf.nn.softmax(conv(x)))
case("edited: several graphs", edit=second_graph)(lambda x: tf.nn.softmax(conv(x)))


def answers(content, x):
    """Each picture by itself if the file is for one at a time."""
    interpreter = tf.lite.Interpreter(
        model_content=content,
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    given = interpreter.get_input_details()[0]
    if given["shape_signature"][0] == -1:
        interpreter.resize_tensor_input(given["index"], x.shape)
    interpreter.allocate_tensors()
    made = interpreter.get_output_details()[0]
    outputs = []
    for part in [x] if given["shape_signature"][0] == -1 else x[:, None]:
        interpreter.set_tensor(given["index"], to_integers(part, given))
        interpreter.invoke()
        outputs.append(to_numbers(interpreter.get_tensor(made["index"]), made).ravel())
    return np.concatenate(outputs), sorted({op["op_name"] for op in interpreter._get_ops_details()})


def to_integers(values, tensor):
    if tensor["dtype"] == np.float32 or tensor["quantization"][0] == 0:
        return values.astype(tensor["dtype"])
    scale, zero = tensor["quantization"]
    ends = np.iinfo(tensor["dtype"])
    return np.clip(np.round(values / scale + zero), ends.min, ends.max).astype(tensor["dtype"])


def to_numbers(values, tensor):
    scale, zero = tensor["quantization"]
    return values.astype(np.float64) if values.dtype == np.float32 else (values.astype(np.float64) - zero) * scale


def do(task):
    cases = []
    for number, (name, shape, function, given) in enumerate(CASES):
        refused, free = given.get("refused"), given.get("free", True)
        options = {key: value for key, value in given.items() if key not in ("refused", "free")}
        samples = numbers(100, *shape, seed=3)
        if "dtype" in given:
            samples = np.floor(128 * samples + 128)
        for batch in (1, None) if free else (1,):
            if (task.get("only") or "") not in name:
                continue
            x = samples[:2]
            said = f"{name}, {'a free batch' if batch is None else 'one picture at a time'}"
            try:
                content = convert(function, shape, batch, samples, **options)
                output, operators = ([], []) if refused else answers(content, x)
            except Exception as error:
                cases.append({"name": said, "failed": f"{type(error).__name__}: {error}"[:2000]})
                continue
            file = os.path.join(task["folder"], f"{number}-{batch}.tflite")
            with open(file, "wb") as f:
                f.write(content)
            x.tofile(file + ".f32")
            cases.append(
                {
                    "name": said,
                    "file": file,
                    "shape": x.shape,
                    "output": np.asarray(output).tolist(),
                    "operators": operators,
                    "quantize": options.get("quantize"),
                    "refused": refused,
                }
            )
    return {"cases": cases}


if __name__ == "__main__":
    answer_all(do)
