#!/usr/bin/env python3
"""A bounded sum with a mechanism of IBM's diffprivlib.

    tacit audit mechanism --target 'cmd:python3 diffprivlib_laplace.py 1.0 Laplace' --claim epsilon=1,unit=row

The second argument is Laplace, LaplaceTruncated or Snapping; the domain is 0 to 1.
"""
import sys

from diffprivlib import mechanisms

from protocol import serve

epsilon = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
name = sys.argv[2] if len(sys.argv) > 2 else "Laplace"
if name == "Laplace":
    mechanism = mechanisms.Laplace(epsilon=epsilon, sensitivity=1)
elif name == "LaplaceTruncated":
    mechanism = mechanisms.LaplaceTruncated(epsilon=epsilon, sensitivity=1, lower=-50, upper=50)
elif name == "Snapping":
    mechanism = mechanisms.Snapping(epsilon=epsilon, sensitivity=1, lower=-50, upper=50)
else:
    sys.exit("no mechanism " + name)


def answer(dataset, count):
    total = float(sum(min(max(value, 0.0), 1.0) for value in dataset))
    return [mechanism.randomise(total) for _ in range(count)]


serve(answer)
