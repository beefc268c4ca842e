"""Opens models and makes them with Keras itself: python keras_models.py PACKAGE JOB, where PACKAGE is keras or tf_keras (Keras 2).

JOB: see tasks.py. A task is one of

    { "do": "open",    "file", "input" }                      a whole model's answer
    { "do": "weights", "model", "file", "input" }             that of a model of ours below, with the weights of the file
    { "do": "read",    "file", "input" }                      that of our safetensors, read as docs/formats.md says
    { "do": "train",   "file", "to", "input" }                that after two steps of Keras's own, saved; "before" is its answer before,
                                                              "losses" those of further steps, "trainable" the number of weights that learn
    { "do": "compiled", "model", "optimizer", "to", "input" }  one of ours below after two steps, saved compiled; and what "go on" says of it
    { "do": "go on",   "file", "input" }                      two further steps of a compiled model's file: "losses", "weights" after them,
                                                              "iterations", and what was warned of ("warnings")
    { "do": "make",    "model", "files": [path, ...], "input" }  makes one with random weights, saves it, answers

and its answer { "output", "names" of layers, "calls": how models within are called }.
"""
import importlib
import json
import os
import sys
import warnings

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np
from tasks import answer_all, input_of

keras = importlib.import_module(sys.argv[1])
layers = keras.layers
SIZE = 64


def mobilenet(**arguments):
    return keras.applications.MobileNetV2(alpha=0.35, input_shape=(SIZE, SIZE, 3), weights=None, **arguments)


def functional():
    return mobilenet(classes=5)


def flat():
    return keras.Sequential(
        [
            layers.Input((SIZE, SIZE, 3)),
            layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="conv"),
            layers.BatchNormalization(name="bn"),
            layers.ReLU(6.0, name="relu"),
            layers.DepthwiseConv2D(3, padding="same", name="depthwise"),
            layers.GlobalAveragePooling2D(name="pool"),
            layers.Dropout(0.2, name="drop"),
            layers.Dense(5, activation="softmax", name="head"),
        ],
        name="flat",
    )


def sequential():
    base = mobilenet(include_top=False)
    top = [
        layers.GlobalAveragePooling2D(name="pool"),
        layers.Dropout(0.2, name="drop"),
        layers.Dense(5, activation="softmax", name="head"),
    ]
    return keras.Sequential([base, *top], name="sequential")


def nested():
    inputs = layers.Input((SIZE, SIZE, 3), name="pictures")
    x = layers.Rescaling(1.5, offset=-0.25, name="rescaling")(inputs)
    base = mobilenet(include_top=False)
    base.trainable = False
    x = base(x, training=False)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dense(5, activation="softmax", name="head")(x)
    return keras.Model(inputs, x, name="nested")


MODELS = {"functional": functional, "flat": flat, "sequential": sequential, "nested": nested}


def leaves(model):
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from leaves(layer)
        else:
            yield layer


def randomize(model):
    generator = np.random.default_rng(7)
    ranges = {"gamma": (0.5, 1.5), "beta": (-0.5, 0.5), "moving_mean": (-0.5, 0.5), "moving_variance": (0.5, 1.5), "bias": (-0.1, 0.1)}
    for layer in leaves(model):
        for weight in layer.weights:
            name = weight.name.split("/")[-1].removesuffix(":0")
            if name not in ranges and "kernel" not in name:
                continue  # the state of random numbers
            shape = tuple(weight.shape)
            limit = np.sqrt(6 / np.prod(shape[:2] if isinstance(layer, layers.DepthwiseConv2D) else shape[:-1]))
            low, high = ranges.get(name, (-limit, limit))
            weight.assign(generator.uniform(low, high, shape).astype(np.float32))


def save(model, path):
    # Keras 3 writes whole models as .h5 by save(), and weights alone by this, the layout of the published files.
    if os.path.basename(path) == "weights.h5" and keras.__name__ == "keras":
        import h5py
        from keras.src.legacy.saving import legacy_h5_format

        with h5py.File(path, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, model)
    elif os.path.basename(path) in ("weights.h5", "new.weights.h5"):
        model.save_weights(path)
    else:
        model.save(path)


def read(path):
    from safetensors import safe_open

    with safe_open(path, "np") as file:
        model = keras.models.model_from_json(file.metadata()["keras_model"])
        for layer in model.layers:
            for weight in layer.weights:
                weight.assign(file.get_tensor(f"{layer.name}/{weight.name}"))
    return model


def calls(model):
    """How models within are called."""
    found = []
    for layer in json.loads(model.to_json())["config"]["layers"]:
        for node in layer.get("inbound_nodes", []):
            named = node["kwargs"] if isinstance(node, dict) else node[0][3] if isinstance(node[0], list) else {}
            if "training" in named:
                found.append([layer["config"]["name"], named["training"]])
    return found


def exact(model, x):
    """The answer in float64: in float32, Keras's own answers are up to 1.4e-5 away from it here, which says nothing of a file."""
    description = model.to_json().replace('"float32"', '"float64"')
    keras.backend.set_floatx("float64")
    same = keras.models.model_from_json(description)
    for own, weight in zip(same.weights, model.weights):
        if "seed" not in weight.name:
            own.assign(np.asarray(weight).astype("float64"))
    answer = np.asarray(same(x.astype("float64"), training=False))
    keras.backend.set_floatx("float32")
    return answer


def train(path, to, x):
    model = keras.models.load_model(path)
    before = exact(model, x)
    labels = labels_of(model, x)

    def fit(epochs):
        model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
        return model.fit(x, labels, batch_size=len(x), epochs=epochs, shuffle=False, verbose=0).history["loss"]

    fit(2)
    model.save(to)
    output = exact(model, x)
    return {
        "before": before.ravel().tolist(),
        "output": output.ravel().tolist(),
        "losses": fit(3),
        "trainable": len(model.trainable_weights),
    }


def small():
    """Normalization by the batch, and no Dropout: two runs are the same."""
    x = inputs = layers.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="conv")(x)
    x = layers.BatchNormalization(name="bn")(x)
    x = layers.ReLU(6.0, name="relu")(x)
    x = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, layers.Dense(5, activation="softmax", name="head")(x), name="small")


def fine():
    """The last block of a base within learns, and the head; normalization does not.

    With trainable normalization Keras 3.15 would normalize by the batch in `fit`, in spite of `training=False`.
    """
    inputs = layers.Input((SIZE, SIZE, 3))
    base = mobilenet(include_top=False, pooling="avg")
    learns = False
    for layer in base.layers:
        learns = learns or layer.name == "block_16_expand"
        layer.trainable = learns and not isinstance(layer, layers.BatchNormalization)
    x = base(inputs, training=False)
    return keras.Model(inputs, layers.Dense(5, activation="softmax", name="head")(x), name="fine")


TRAINED = {"small": small, "fine": fine}


def labels_of(model, x):
    return np.arange(len(x)) % model.output_shape[-1]


def compiled(task, x):
    keras.backend.clear_session()
    model = TRAINED[task["model"]]()
    randomize(model)
    optimizers = keras.optimizers
    if task["optimizer"] == "adam":
        optimizer = optimizers.Adam(1e-3)
    else:
        optimizer = optimizers.SGD(optimizers.schedules.CosineDecay(0.0005, 10), momentum=0.9)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, labels_of(model, x), batch_size=len(x), epochs=2, shuffle=False, verbose=0)
    model.save(task["to"])
    return go_on(task["to"], x)


def go_on(path, x):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = keras.models.load_model(path)
    history = model.fit(x, labels_of(model, x), batch_size=len(x), epochs=2, shuffle=False, verbose=0).history
    return {
        "losses": history["loss"],
        "logged": sorted(history),
        "weights": [np.asarray(weight).ravel().tolist() for layer in leaves(model) for weight in layer.weights],
        "iterations": int(model.optimizer.iterations),
        "warnings": [str(one.message) for one in caught],
    }


def do(task):
    if task["do"] == "open":
        model = keras.models.load_model(task["file"])
    elif task["do"] == "train":
        return train(task["file"], task["to"], input_of(task))
    elif task["do"] == "compiled":
        return compiled(task, input_of(task))
    elif task["do"] == "go on":
        return go_on(task["file"], input_of(task))
    elif task["do"] == "read":
        model = read(task["file"])
    else:
        keras.backend.clear_session()
        model = MODELS[task["model"]]()
        if task["do"] == "weights":
            model.load_weights(task["file"])
        else:
            randomize(model)
            for path in task["files"]:
                save(model, path)
    x = input_of(task)
    return {"output": exact(model, x).ravel().tolist(), "names": [layer.name for layer in model.layers], "calls": calls(model)}


answer_all(do)
