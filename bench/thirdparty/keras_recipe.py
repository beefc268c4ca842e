"""Keras on TensorFlow with the recipe of our command `train`: a head on the frozen base, then its last blocks.

keras_recipe.py WEIGHTS SEED THREADS: for each line on standard input, `{"learned": FOLDER, "others": FOLDER}` with a folder a class in each, it
learns from the first and prints for the second `{"right": N, "pictures": N, "head": N}`: right answers in the end, and with the head alone.
WEIGHTS is Keras's file of MobileNetV2 1.0_224 without the top.
"""

import json
import os
import sys

weights, seed, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy
import tensorflow

SIZE, BATCH, HEAD_EPOCHS, EPOCHS, RATE = 224, 8, 60, 30, 1e-3
tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
Cosine = keras.optimizers.schedules.CosineDecay


def load(folder):
    names = sorted(os.listdir(folder))
    x, y = [], []
    for label, name in enumerate(names):
        for file in sorted(os.listdir(f"{folder}/{name}")):
            picture = keras.utils.load_img(f"{folder}/{name}/{file}", target_size=(SIZE, SIZE), interpolation="bilinear")
            x.append(keras.utils.img_to_array(picture))
            y.append(label)
    return names, numpy.stack(x), numpy.array(y)


def train(learned, others):
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    names, x, y = load(learned)
    other_names, other_x, other_y = load(others)
    other_y = numpy.array([names.index(other_names[label]) for label in other_y])
    steps = -(-len(x) // BATCH)
    counts = numpy.bincount(y, minlength=len(names))
    balanced = counts.max() >= 1.5 * counts.min()
    class_weight = {i: len(y) / (len(names) * count) for i, count in enumerate(counts)} if balanced else None

    base = keras.applications.MobileNetV2(input_shape=(SIZE, SIZE, 3), include_top=False, weights=weights)
    inputs = keras.Input((SIZE, SIZE, 3))
    features = base(keras.layers.Rescaling(1 / 127.5, -1)(inputs), training=False)
    features = keras.layers.GlobalAveragePooling2D()(features)
    dense = keras.layers.Dense(len(names), activation="softmax")
    model = keras.Model(inputs, dense(keras.layers.Dropout(0.2)(features)))

    def right():
        return int((model.predict(other_x, verbose=0).argmax(axis=-1) == other_y).sum())

    base.trainable = False
    head = keras.Sequential([keras.Input((features.shape[-1],)), keras.layers.Dropout(0.2), dense])
    schedule = Cosine(RATE, HEAD_EPOCHS * steps)
    head.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy")
    cached = keras.Model(inputs, features).predict(x, verbose=0)
    head.fit(cached, y, batch_size=BATCH, epochs=HEAD_EPOCHS, class_weight=class_weight, verbose=0)
    with_head = right()

    base.trainable = True
    learns = False
    for layer in base.layers:
        learns = learns or layer.name.startswith("block_14_")
        layer.trainable = learns and not isinstance(layer, keras.layers.BatchNormalization)
    schedule = Cosine(0.0, (EPOCHS - 1) * steps, warmup_target=RATE / 10, warmup_steps=steps)
    model.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy")
    changes = keras.Sequential(
        [keras.layers.RandomFlip("horizontal"), keras.layers.RandomRotation(0.03), keras.layers.RandomZoom(0.1)]
    )
    data = tensorflow.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x), seed=seed).batch(BATCH)
    data = data.map(lambda pictures, labels: (changes(pictures, training=True), labels)).prefetch(2)
    model.fit(data, epochs=EPOCHS, class_weight=class_weight, verbose=0)
    return {"right": right(), "pictures": len(other_y), "head": with_head}


for line in sys.stdin:
    print(json.dumps(train(**json.loads(line))), flush=True)
