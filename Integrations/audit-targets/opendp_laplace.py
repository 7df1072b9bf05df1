#!/usr/bin/env python3
"""A bounded sum with OpenDP's Laplace measurement on floats or integers.

    tacit audit mechanism --target 'cmd:python3 opendp_laplace.py 1.0 float' --claim epsilon=1,unit=row

The second argument is float or integer; the latter counts the rows at 1/2 or above.
"""
import sys

import opendp.prelude as dp

from protocol import serve

dp.enable_features("contrib")
epsilon = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
kind = sys.argv[2] if len(sys.argv) > 2 else "float"
if kind == "float":
    space = dp.vector_domain(dp.atom_domain(T=float, nan=False)), dp.l1_distance(T=float)
else:
    space = dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int)
measurement = dp.m.make_laplace(*space, scale=1.0 / epsilon)


def answer(dataset, count):
    if kind == "float":
        total = float(sum(min(max(value, 0.0), 1.0) for value in dataset))
    else:
        total = sum(1 for value in dataset if value >= 0.5)
    # Every coordinate of a vector gets noise of its own; one call for all of them takes a fraction of the time.
    return measurement([total] * count)


serve(answer)
