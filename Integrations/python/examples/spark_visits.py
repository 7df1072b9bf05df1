"""Visits and spending by city, privately, on Spark: both routes, timed beside Spark's own aggregate and PipelineDP.

    python examples/spark_visits.py [classic|connect] [ROWS] [PIPELINEDP_ROWS]

Uses two local cores. Each time is the best of three after a first run that is not counted; start-up is not in it.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pyarrow
import pyarrow.parquet
import tacit
import tacit_spark
from pyspark.sql import SparkSession, functions

CITIES = 100
COMMAND = os.environ.get("TACIT_COMMAND", "tacit")
FIELDS = {
    "budget": {"epsilon": "1"},
    "group_by": [{"column": "city", "keys": [f"city-{i:02}" for i in range(CITIES)]}],
    "metrics": [
        {"name": "visits", "kind": "count"},
        {"name": "spend", "kind": "sum", "column": "amount", "range": [0, 100], "step": 1},
    ],
}
QUERIES = {
    "rows as units": FIELDS | {"privacy_unit": "rows"},
    "people as units": FIELDS
    | {"privacy_unit": {"column": "user"}, "bounds": {"groups_per_unit": 4, "rows_per_group": 2}},
}


def write_table(folder: Path, rows: int) -> None:
    random = numpy.random.default_rng(1)
    names = numpy.array([f"city-{i:02}" for i in range(CITIES)])
    for part in range(4):
        size = rows // 4
        pyarrow.parquet.write_table(
            pyarrow.table({
                "user": random.integers(0, max(1, rows // 100), size),
                "city": names[random.integers(0, CITIES, size)],
                "amount": random.integers(0, 120, size),
            }),
            folder / f"{part}.parquet",
        )


# What Spark takes to bound contributions by itself: two visits of a person to a city, four cities of a person.
BOUNDED = """
SELECT city, count(amount), sum(least(100, greatest(0, amount))) FROM (
  SELECT city, amount, row_number() OVER (PARTITION BY user, city ORDER BY draw) AS visit,
    dense_rank() OVER (PARTITION BY user ORDER BY lot, city) AS place
  FROM (SELECT *, rand() AS draw, xxhash64(user, city, 17) AS lot FROM {visits}))
WHERE visit <= 2 AND place <= 4 GROUP BY city"""


def timed(body: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = body()
    return time.perf_counter() - start, result


def best(body: Callable[[], Any], repeats: int = 3) -> tuple[float, Any]:
    body()
    runs = [timed(body) for _ in range(repeats)]
    return min(seconds for seconds, _ in runs), runs[-1][1]


def side_by_side(body: Callable[[], Any], native: Callable[[], Any], repeats: int = 3) -> tuple[float, float, Any]:
    """Times both in turn, so that a busy machine slows both."""
    body()
    ours, theirs = [], []
    for _ in range(repeats):
        theirs.append(timed(native)[0])
        seconds, result = timed(body)
        ours.append(seconds)
    return min(ours), min(theirs), result


def report(name: str, seconds: float, rows: int, native: float | None = None) -> None:
    beside = "" if native is None else f"{seconds / native:6.2f} x native"
    print(f"  {name:42} {seconds:8.2f} s {rows / seconds / 1e6:8.3f} M rows/s  {beside}", flush=True)


def counted(batches: Iterator[Any]) -> Iterator[Any]:
    """Takes all batches and does nothing with them: what a route through Arrow takes at least."""
    yield pyarrow.RecordBatch.from_pydict({"rows": [sum(batch.num_rows for batch in batches)]})


def pipeline_dp_seconds(spark: Any, folder: Path) -> float:
    """PipelineDP's own Spark back end: the same counts and sums with the same bounds."""
    import pipeline_dp

    rows = spark.read.parquet(str(folder)).rdd.map(lambda row: (row[0], row[1], row[2]))

    def run() -> Any:
        accountant = pipeline_dp.NaiveBudgetAccountant(total_epsilon=1, total_delta=0)
        engine = pipeline_dp.DPEngine(accountant, pipeline_dp.SparkRDDBackend(spark.sparkContext))
        parameters = pipeline_dp.AggregateParams(
            noise_kind=pipeline_dp.NoiseKind.LAPLACE, metrics=[pipeline_dp.Metrics.COUNT, pipeline_dp.Metrics.SUM],
            max_partitions_contributed=4, max_contributions_per_partition=2, min_value=0, max_value=100)
        extractors = pipeline_dp.DataExtractors(
            privacy_id_extractor=lambda row: row[0], partition_extractor=lambda row: row[1],
            value_extractor=lambda row: row[2])
        result = engine.aggregate(rows, parameters, extractors, public_partitions=[f"city-{i:02}" for i in range(CITIES)])
        accountant.compute_budgets()
        return result.collect()

    return best(run, repeats=1)[0]


def beside_pipeline_dp(spark: Any, folder: Path, rows: int) -> None:
    """The same table, units, bounds and metrics by PipelineDP and by both routes."""
    frame, query, key = spark.read.parquet(str(folder)), tacit.Query(QUERIES["people as units"]), secrets.token_hex(16)
    print(f" people as units, {rows} rows, beside PipelineDP")
    peer = pipeline_dp_seconds(spark, folder)
    report("PipelineDP", peer, rows)

    def run() -> Any:
        return tacit.Accumulator.from_partials(
            query, tacit_spark.collect(tacit_spark.partials_in_arrow(frame, query, key=key)), expect_rows=rows // 4 * 4)

    ours, whole = best(run)
    whole.release(tacit.MemoryBudget("1"), label="visits")
    report("mapInArrow", ours, rows)
    print(f"  {peer / ours:.1f} times as fast as PipelineDP on the same rows", flush=True)


def main() -> None:
    mode = sys.argv[1] if len(sys.argv) > 1 else "classic"
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 4_000_000
    peer_rows = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
    builder = SparkSession.builder.master("local[2]") if mode == "classic" else SparkSession.builder.remote("local[2]")
    spark = builder.config("spark.ui.enabled", "false").getOrCreate()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for table, size in (("visits", rows), ("few", peer_rows)):
            (folder / table).mkdir()
            write_table(folder / table, size)
        frame = spark.read.parquet(str(folder / "visits"))
        print(f"Spark {spark.version} {mode} local[2], {rows} rows of Parquet, {CITIES} groups")
        clamped = functions.greatest(functions.lit(0), functions.least(functions.lit(100), "amount"))

        def by_spark() -> Any:
            return frame.groupBy("city").agg(functions.count("amount"), functions.sum(clamped)).collect()

        def bounded_by_spark() -> Any:
            return spark.sql(BOUNDED, visits=frame).collect()

        native, found = best(by_spark)
        assert len(found) == CITIES
        report("Spark SQL count and sum, no privacy", native, rows)
        bounded, found = best(bounded_by_spark)
        assert len(found) == CITIES
        report("the same with each person's visits bounded", bounded, rows)
        few = frame.select("city", "amount")
        report("mapInArrow that only counts rows", best(lambda: few.mapInArrow(counted, "rows long").collect())[0], rows)
        lines = "SELECT TRANSFORM(city, amount) USING 'wc -l' AS (rows STRING) FROM {visits}"
        report("TRANSFORM by wc -l", best(lambda: spark.sql(lines, visits=frame).collect())[0], rows)
        key = secrets.token_hex(16)
        (folder / "key").write_text(key)
        for title, fields in QUERIES.items():
            print(f" {title}")
            query = tacit.Query(fields)
            (folder / "query.json").write_text(query.text)
            alone = tacit.Accumulator(query, key=key).add(pyarrow.parquet.read_table(folder / "visits")).partial()
            routes = {
                "mapInArrow": lambda: tacit_spark.partials_in_arrow(frame, query, key=key),
                "TRANSFORM": lambda: tacit_spark.partials_with_transform(
                    frame, query, query_file=str(folder / "query.json"), key_file=str(folder / "key"), command=COMMAND),
            }
            for route, partials in routes.items():
                def run() -> tacit.Accumulator:
                    return tacit.Accumulator.from_partials(
                        query, tacit_spark.collect(partials()), expect_rows=rows // 4 * 4)

                seconds, native, whole = side_by_side(run, by_spark)
                assert whole.partial() == alone, route
                report(route, seconds, rows, native)
                if title == "people as units":
                    print(f"  {bounded / seconds:.1f} times as fast as Spark's own bounding", flush=True)
            release = whole.release(tacit.MemoryBudget("1"), label="visits")
            print("   ", {name: value for name, value in release.to_dicts()[0].items() if "_" not in name})
        if mode == "classic" and peer_rows:
            beside_pipeline_dp(spark, folder / "few", peer_rows)
    spark.stop()


if __name__ == "__main__":
    main()
