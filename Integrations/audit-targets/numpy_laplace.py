#!/usr/bin/env python3
"""A bounded sum with numpy's Laplace noise, as it is written down most often.

    tacit audit mechanism --target 'cmd:python3 numpy_laplace.py 1.0' --claim epsilon=1,unit=row

The noise has the right scale and the wrong bits: sums of doubles round to grids that depend on the data.
"""
import sys

import numpy

from protocol import serve

epsilon = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
half = len(sys.argv) > 2 and sys.argv[2] == "half"  # half of the noise, a plain mistake
generator = numpy.random.default_rng()


def answer(dataset, count):
    total = sum(min(max(value, 0.0), 1.0) for value in dataset)
    return total + generator.laplace(0.0, (0.5 if half else 1.0) / epsilon, count)


serve(answer)
