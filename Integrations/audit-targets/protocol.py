"""The protocol of `tacit audit mechanism --target cmd:...`.

Each request is one JSON line {"dataset": [...], "count": N} on standard input; the answer is N little-endian doubles on
standard output. Raw doubles, because decimal text would destroy the low bits in which floating-point noise leaks.
"""
import json
import struct
import sys


def serve(answer):
    """Answers requests until standard input ends. `answer(dataset, count)` returns `count` numbers."""
    for line in sys.stdin:
        request = json.loads(line)
        values = answer(request["dataset"], request["count"])
        sys.stdout.buffer.write(struct.pack("<%dd" % request["count"], *map(float, values)))
        sys.stdout.buffer.flush()
