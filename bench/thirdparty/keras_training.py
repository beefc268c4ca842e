"""Keras on TensorFlow, training: a child process that speaks as bench/node-child.ts does, a line of JSON a message.

keras_training.py all|head THREADS: steps of MobileNetV2 1.0_224 on batches of 16 random pictures, SGD with momentum; of all layers,
or of a head of 5 classes on the frozen base.
"""

import json
import os
import resource
import sys
import time

setup, threads = sys.argv[1], int(sys.argv[2])
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy
import tensorflow

BATCH = 16
tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
keras.utils.set_random_seed(0)


def say(message):
    print(json.dumps(message), flush=True)


def peak():
    """In bytes; Linux counts in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


started = time.perf_counter()
if setup == "all":
    classes = 1000
    model = keras.applications.MobileNetV2(weights=None)
else:
    classes = 5
    base = keras.applications.MobileNetV2(weights=None, include_top=False, pooling="avg", input_shape=(224, 224, 3))
    base.trainable = False
    inputs = keras.Input((224, 224, 3))
    model = keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(base(inputs, training=False)))
model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "sparse_categorical_crossentropy")
random = numpy.random.default_rng(0)
x = random.uniform(-1, 1, (BATCH, 224, 224, 3)).astype("float32")
y = random.integers(0, classes, BATCH)


def step():
    return float(model.train_on_batch(x, y))


step()
say({"firstMs": (time.perf_counter() - started) * 1000, "scores": []})

for line in sys.stdin.buffer:
    end = time.perf_counter() + json.loads(line) / 1000
    times = []
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1000 / BATCH)
    say({"times": times, "peakBytes": peak()})
