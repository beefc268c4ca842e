"""Writes one small model's weights in every legal way that h5py can write HDF5: python hdf5_variants.py FOLDER [NAME ...]

FOLDER gets the files, model.keras and variants.json: { "weights": [[number, ...], ...] of the model, "variants": [{ "name", "file",
"whole": whether the file has the model too, "opens": whether Keras opens it, with the same values }] }.
"""
import json
import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import h5py
import keras
import numpy as np
from keras import layers
from keras.src.legacy.saving import legacy_h5_format

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../fixtures/saving/hdf5"))
from variants import VARIANTS, file_name, rewritten

folder, wanted = sys.argv[1], sys.argv[2:]
os.makedirs(folder, exist_ok=True)


def path(name):
    return os.path.join(folder, name)


def new_model():
    """Small, with enough values in one weight for a thousand chunks. All values are halves of small integers: exact in any type."""
    keras.utils.set_random_seed(1)
    image = keras.Input((6, 6, 3), name="image")
    x = layers.Conv2D(16, 3, use_bias=False, name="conv")(image)
    x = layers.BatchNormalization(name="bn")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dense(80, activation="relu", name="wide")(x)
    x = layers.Dense(3, name="head")(x)
    model = keras.Model(image, x, name="small")
    random = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(random.integers(0, 60, weight.shape))
    return model


model = new_model()
values = [weight.numpy() for weight in model.weights]
model.save(path("model.keras"))
model.save(path("whole.h5"))
model.save_weights(path("new.weights.h5"))
with h5py.File(path("old.h5"), "w") as f:
    legacy_h5_format.save_weights_to_hdf5_group(f, model)

def opens(file, whole):
    """Whether Keras opens the file with the model's values."""
    try:
        if whole:
            other = keras.models.load_model(file, compile=False)
        else:
            other = new_model()
            for weight in other.weights:
                weight.assign(np.full(weight.shape, -1))
            other.load_weights(file)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]
    same = all(np.array_equal(a, b.numpy()) for a, b in zip(values, other.weights))
    return True if same else "other values"


def main():
    rows = []
    for name, (source, arguments) in VARIANTS.items():
        if wanted and name not in wanted:
            continue
        file = file_name(name)
        try:
            rewritten(path(source), path(file), **arguments)
        except Exception as error:
            rows.append({"name": name, "file": file, "unwritten": f"{type(error).__name__}: {error}"[:300]})
            continue
        whole = source == "whole.h5"
        rows.append({"name": name, "file": file, "whole": whole, "opens": opens(path(file), whole)})
    numbers = [value.ravel().tolist() for value in values]
    with open(path("variants.json"), "w") as f:
        json.dump({"weights": numbers, "variants": rows}, f, indent=1)


main()
