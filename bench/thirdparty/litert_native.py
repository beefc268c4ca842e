"""LiteRT itself, native: a child process that speaks as bench/node-child.ts does, a line of JSON a message."""

import json
import sys
import time

import numpy
from ai_edge_litert.interpreter import Interpreter

path, threads = sys.argv[1], int(sys.argv[2])
picture = numpy.frombuffer(sys.stdin.buffer.read(224 * 224 * 3 * 4), numpy.float32).reshape(1, 224, 224, 3)


def say(message):
    print(json.dumps(message), flush=True)


started = time.perf_counter()
interpreter = Interpreter(model_path=path, num_threads=threads)
interpreter.allocate_tensors()
input_index = interpreter.get_input_details()[0]["index"]
output_index = interpreter.get_output_details()[0]["index"]


def predict():
    interpreter.set_tensor(input_index, picture)
    interpreter.invoke()
    return interpreter.get_tensor(output_index)


scores = predict()[0].tolist()
say({"scores": scores, "firstMs": (time.perf_counter() - started) * 1000})

for line in sys.stdin.buffer:
    end = time.perf_counter() + json.loads(line) / 1000
    times = []
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        predict()
        times.append((time.perf_counter() - start) * 1000)
    say({"times": times})
