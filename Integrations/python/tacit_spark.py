"""Private statistics over Spark frames: exact partial aggregates in the tasks, one release on the driver.

Two routes give the same partial bytes as one machine reading the whole table under the same key:

- :func:`partials_in_arrow`: ``mapInArrow`` over ``libTacitC.so``, on classic Spark and Spark Connect. The package
  ``tacit`` with its library must be importable on the workers.
- :func:`partials_with_transform`: SQL ``TRANSFORM`` through the command ``tacit``, with no Python on the workers.

Partials leave a task only as its output, so what a failed or speculative attempt produced is dropped by Spark; each carries
the name of its run, so that one delivered twice is refused. **Partials are raw data**: they pass through Spark's shuffle and the driver
like the rows themselves. Noise is drawn once, on the driver, after the budget has been charged::

    partials = tacit_spark.partials_in_arrow(frame, query, key=secrets.token_hex(16))
    whole = tacit.Accumulator.from_partials(query, tacit_spark.collect(partials), expect_rows=n)
    release = whole.release(tacit.LedgerBudget("budget.db", "people"), label="visits 2026-w47")
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import shlex
from collections.abc import Iterator
from typing import Any

import tacit

_READ_BY_ARROW = {"tinyint", "smallint", "int", "bigint", "float", "double", "boolean", "string"}


def _selected(frame: Any, query: tacit.Query) -> Any:
    """The query's columns in their order; types that Tacit does not read as they are become text."""
    from pyspark.sql import functions

    types = dict(frame.dtypes)
    columns = []
    for name in query.columns:
        column = functions.col("`" + name.replace("`", "``") + "`")
        columns.append(column if types.get(name) in _READ_BY_ARROW else column.cast("string").alias(name))
    return frame.select(*columns)


def partials_in_arrow(frame: Any, query: tacit.Query, *, key: str, job: str | None = None) -> Any:
    """A frame of one envelope a task that had rows, by ``mapInArrow``: column ``partial``, binary.

    ``key`` is the secret sampling key, drawn once for a release (``secrets.token_hex(16)``). ``job`` names the release: attempts
    at the same partition of it have the same run, so whatever Spark delivers, no partition counts twice.
    """
    text, name = query.text, job or secrets.token_hex(16)

    def work(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow
        from pyspark import TaskContext

        from tacit import Accumulator, Query

        first = next(batches, None)
        if first is None:
            return
        context = TaskContext.get()
        place = context.partitionId() if context else secrets.token_hex(16)
        run = hashlib.blake2b(f"{name}/{place}".encode(), digest_size=16).hexdigest()

        def stream() -> Iterator[Any]:
            yield first
            yield from batches

        accumulator = Accumulator(Query(text), key=key, run=run)
        accumulator.add(pyarrow.RecordBatchReader.from_batches(first.schema, stream()))
        yield pyarrow.RecordBatch.from_arrays([pyarrow.array([accumulator.envelope()], pyarrow.binary())], ["partial"])

    return _selected(frame, query).mapInArrow(work, "partial binary")


def partials_with_transform(
    frame: Any, query: tacit.Query, *, query_file: str, key_file: str, command: str = "tacit"
) -> Any:
    """A frame of one envelope a task that had rows, by SQL ``TRANSFORM``: column ``partial``, base64.

    ``command``, ``query_file`` (with ``query.text`` in it) and ``key_file`` are paths that every worker can read. Text that
    ``TRANSFORM`` cannot carry, with a line break or the byte 1 in it or the text ``\\N``, fails the job.
    """
    from pyspark.sql import functions

    selected = _selected(frame, query)
    fields = []
    for index, (name, kind) in enumerate(selected.dtypes):
        column = functions.col("`" + name.replace("`", "``") + "`")
        if kind == "string":
            # Searches for bytes, which take a fifth of a pattern's time.
            unfit = column == functions.lit("\\N")
            for byte in "\n\r\x01":
                unfit = unfit | column.contains(functions.lit(byte))
            column = functions.when(
                unfit, functions.raise_error(functions.lit("tacit: text that TRANSFORM cannot carry"))
            ).otherwise(column)
        fields.append(column.alias(f"c{index}"))
    script = " ".join(
        shlex.quote(word)
        for word in [
            command, "accumulate", query_file, "--input", "-", "--input-format", "spark-transform", "--output", "-",
            "--key", key_file, "--threads", "1",
        ]
    )
    columns = ", ".join(f"c{index}" for index in range(len(fields)))
    quoted = script.replace("\\", "\\\\").replace("'", "\\'").replace("{", "{{").replace("}", "}}")
    return frame.sparkSession.sql(
        f"SELECT TRANSFORM({columns}) USING '{quoted}' AS (partial STRING) FROM {{rows}}", rows=selected.select(*fields)
    )


def collect(partials: Any) -> list[bytes]:
    """The envelopes of either frame, on the driver (``spark.driver.maxResultSize`` bounds them)."""
    found = [row["partial"] for row in partials.collect()]
    return [base64.b64decode(text, validate=True) if isinstance(text, str) else bytes(text) for text in found]
