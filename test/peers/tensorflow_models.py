"""Models in TensorFlow's own formats, and TensorFlow's answers: python tensorflow_models.py JOB (see tasks.py)

A task is { "kind", "path", "input" }: what is named by `kind` is written to `path`; its answer is { "output" }. With `kind` "run", the
SavedModel that lies at `path` answers.
"""
import os
import zlib

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import keras
import numpy as np
import tensorflow as tf
import tf_keras
from tasks import answer_all, input_of

v1 = tf.compat.v1


def seeded(name, shape):
    """As weights of a trained network are: the spread of kernels by what they sum up."""
    # Python's own hash of a text is another one in each process.
    generator = np.random.default_rng(zlib.crc32(f"{name} {tuple(map(int, shape))}".encode()))
    if len(shape) == 1:
        low = 0.5 if name.endswith(("gamma", "variance")) else -0.5
        return generator.uniform(low, low + 1, shape).astype("float32")
    fan_in = 9 if "depthwise" in name else np.prod(shape[:-1])
    # Large logits would make a softmax of their roundings.
    spread = np.sqrt(2 / fan_in) * (0.1 if "Logits" in name else 1)
    return (generator.standard_normal(shape) * spread).astype("float32")


def reseed(model):
    for weight in model.weights:
        weight.assign(seeded(weight.path if hasattr(weight, "path") else weight.name.split(":")[0], weight.shape))
    return model


def mobilenet(package, rows, **options):
    return reseed(package.applications.MobileNetV2(input_shape=(rows, rows, 3), alpha=0.35, weights=None, classes=10, **options))


def small(package):
    """What else a graph of Keras has: pixels scaled within, layers in a model within, Flatten, Dropout, bounds, another size of windows."""
    layers = package.layers
    inner = package.Sequential(
        [
            layers.Conv2D(8, 3, padding="same", use_bias=False),
            layers.BatchNormalization(scale=False),
            layers.ReLU(max_value=4, negative_slope=0.1) if package is keras else layers.ReLU(max_value=4),
            layers.AveragePooling2D(2),
        ],
        name="inner",
    )
    image = package.Input((32, 32, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(image)
    x = inner(x)
    x = layers.DepthwiseConv2D(3, dilation_rate=2, depth_multiplier=2, padding="same", activation="swish")(x)
    x = layers.LeakyReLU(0.2)(x)
    y = layers.Conv2D(16, 1, activation="hard_sigmoid")(x)
    x = layers.Add()([x, y])
    x = layers.ZeroPadding2D(((0, 1), (2, 0)))(x)
    x = layers.Conv2D(4, 3, strides=2, activation="tanh")(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Dense(6, activation="relu")(x)
    x = layers.BatchNormalization(center=False)(x)
    return reseed(package.Model(image, layers.Dense(3, activation="softmax")(x)))


def depth(value, alpha):
    made = max(8, int(value * alpha + 4) // 8 * 8)
    return made + 8 if made < 0.9 * value * alpha else made


def variable(name, shape):
    return v1.get_variable(name, initializer=tf.constant(seeded(f"{v1.get_variable_scope().name}/{name}", shape)))


def slim_unit(x, name, filters, size=1, stride=1, active=True):
    """A convolution of slim's, depthwise without filters: with its names and its normalization."""
    channels = int(x.shape[-1])
    with v1.variable_scope(name):
        if filters is None:
            x = v1.nn.depthwise_conv2d(x, variable("depthwise_weights", (3, 3, channels, 1)), [1, stride, stride, 1], "SAME")
        else:
            x = v1.nn.conv2d(x, variable("weights", (size, size, channels, filters)), stride, "SAME")
        with v1.variable_scope("BatchNorm"):
            ends = [variable(end, (int(x.shape[-1]),)) for end in ("gamma", "beta", "moving_mean", "moving_variance")]
        x = v1.nn.fused_batch_norm(x, *ends, epsilon=1e-3, is_training=False)[0]
        return tf.nn.relu6(x) if active else x


STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]


def slim(x, alpha, classes):
    """research/slim/nets/mobilenet/mobilenet_v2.py: logits, and predictions."""
    index = 0
    with v1.variable_scope("MobilenetV2"):
        x = slim_unit(x, "Conv", depth(32, alpha), 3, 2)
        for expansion, channels, repeats, stride in STAGES:
            for repeat in range(repeats):
                with v1.variable_scope("expanded_conv" + (f"_{index}" if index > 0 else "")):
                    y = x if expansion == 1 else slim_unit(x, "expand", int(x.shape[-1]) * expansion)
                    y = slim_unit(y, "depthwise", None, stride=stride if repeat == 0 else 1)
                    y = slim_unit(y, "project", depth(channels, alpha), active=False)
                    x = x + y if x.shape == y.shape else y
                index += 1
        x = slim_unit(x, "Conv_1", max(1280, depth(1280, alpha)))
        with v1.variable_scope("Logits"):
            x = v1.nn.avg_pool(x, [1, *x.shape[1:3], 1], [1, 1, 1, 1], "VALID", name="AvgPool")
            with v1.variable_scope("Conv2d_1c_1x1"):
                x = v1.nn.conv2d(x, variable("weights", (1, 1, int(x.shape[-1]), classes)), 1, "SAME")
                x = v1.nn.bias_add(x, variable("biases", (classes,)))
            logits = tf.squeeze(x, [1, 2], name="SpatialSqueeze")
        flat = tf.reshape(logits, [-1, classes])
        return logits, tf.reshape(tf.nn.softmax(flat), tf.shape(logits), name="Predictions/Reshape_1")


def slim_files(kind, path, x):
    with tf.Graph().as_default() as graph, v1.Session() as session:
        image = v1.placeholder(tf.float32, [None, *x.shape[1:]], "input")
        logits, predictions = slim(image, 0.35, 11)
        weights = v1.global_variables()
        averages = []
        if kind == "slim averages":
            averages = [v1.get_variable(f"{w.op.name}/ExponentialMovingAverage", initializer=tf.constant(seeded(w.op.name, w.shape))) for w in weights]
        v1.get_variable("global_step", initializer=tf.constant(7, tf.int64))
        v1.get_variable("MobilenetV2/Conv/weights/RMSProp", shape=weights[0].shape)
        session.run(v1.global_variables_initializer())
        output = session.run(predictions if kind == "frozen" else logits, {image: x})
        if averages:
            # The network itself has moved on since.
            session.run([v1.assign(w, w.value() * 1.5) for w in weights])
        if kind == "frozen":
            frozen = v1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), [predictions.op.name])
            with open(path, "wb") as file:
                file.write(frozen.SerializeToString())
        elif kind == "slim saved model":
            v1.saved_model.simple_save(session, path, {"images": image}, {"logits": logits})
        else:
            v1.train.Saver(sharded=kind == "slim averages").save(session, path)
    return output


def do(task):
    kind, path, x = task["kind"], task["path"], input_of(task)
    if kind in ("slim", "slim averages", "slim saved model", "frozen"):
        return {"output": slim_files(kind, path, x).ravel().tolist()}
    if kind == "run":
        served = tf.saved_model.load(path).signatures["serving_default"]
        [name] = served.structured_input_signature[1]
        [output] = served(**{name: tf.constant(x)}).values()
        return {"output": output.numpy().ravel().tolist()}
    package = keras if "Keras 3" in kind else tf_keras
    model = small(package) if kind.startswith("small") else mobilenet(package, x.shape[1])
    if kind.endswith("checkpoint"):
        tf.train.Checkpoint(net=model).write(path)
    elif kind.endswith("save_weights"):
        model.save_weights(path, save_format="tf")
    elif kind.endswith("saved_model.save"):
        tf.saved_model.save(model, path)
    elif package is keras:
        model.export(path, verbose=False)
    else:
        model.save(path, save_format="tf")
    return {"output": np.asarray(model(tf.constant(x), training=False)).ravel().tolist()}


answer_all(do)
