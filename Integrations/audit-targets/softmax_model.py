#!/usr/bin/env python3
"""A softmax model from a file of its weights, as a target of `tacit audit model`.

    tacit audit model --target 'cmd:python3 softmax_model.py weights.npz' --members in.csv --nonmembers out.csv

The file holds `weight` (features x classes) and `bias` (classes). A request is one JSON line
{"rows": [[...], ...], "classes": C}; the answer is rows x C little-endian doubles.
"""
import json
import sys

import numpy

model = numpy.load(sys.argv[1])
for line in sys.stdin:
    request = json.loads(line)
    scores = numpy.asarray(request["rows"], dtype=float) @ model["weight"] + model["bias"]
    powers = numpy.exp(scores - scores.max(axis=1, keepdims=True))
    answer = powers / powers.sum(axis=1, keepdims=True)
    sys.stdout.buffer.write(answer.astype("<f8").tobytes())
    sys.stdout.buffer.flush()
