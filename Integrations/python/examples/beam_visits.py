"""Visits and spending by city, privately, on Beam's DirectRunner, timed beside Beam's own aggregate and PipelineDP.

    python examples/beam_visits.py [ROWS] [PEER_ROWS]

Beam's own aggregate and PipelineDP take single rows and get fewer of them: PEER_ROWS, by Tacit too. Starting the
runner is in every time.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy
import pyarrow
import pyarrow.parquet
import tacit
import tacit_beam

CITIES = 100
QUERY = {
    "privacy_unit": {"column": "user"},
    "budget": {"epsilon": "1"},
    "bounds": {"groups_per_unit": 4, "rows_per_group": 2},
    "group_by": [{"column": "city", "keys": [f"city-{i:02}" for i in range(CITIES)]}],
    "metrics": [
        {"name": "visits", "kind": "count"},
        {"name": "spend", "kind": "sum", "column": "amount", "range": [0, 100], "step": 1},
    ],
}


def table(rows: int) -> pyarrow.Table:
    random = numpy.random.default_rng(1)
    names = numpy.array([f"city-{i:02}" for i in range(CITIES)])
    return pyarrow.table({
        "user": random.integers(0, max(1, rows // 100), rows),
        "city": names[random.integers(0, CITIES, rows)],
        "amount": random.integers(0, 120, rows),
    })


def report(name: str, start: float, rows: int) -> float:
    seconds = time.perf_counter() - start
    print(f"  {name:40} {seconds:8.2f} s {rows / seconds / 1e6:8.3f} M rows/s", flush=True)
    return seconds


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000_000
    peer_rows = int(sys.argv[2]) if len(sys.argv) > 2 else 500_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in range(4):
            pyarrow.parquet.write_table(
                table(rows).slice(part * (rows // 4), rows // 4), folder / f"visits-{part}.parquet",
                row_group_size=1 << 18)
        pyarrow.parquet.write_table(table(peer_rows), folder / "few.parquet")
        query, key = tacit.Query(QUERY), secrets.token_hex(16)
        print(f"Beam {beam.__version__} DirectRunner, {CITIES} groups, people as units")
        accumulate(folder, "visits-*.parquet", query, key, rows)
        envelopes = tacit_beam.read_lines(str(folder / "visits.partial"))
        whole = tacit.Accumulator.from_partials(query, envelopes, expect_rows=rows // 4 * 4)
        alone = tacit.Accumulator(query, key=key)
        for part in sorted(folder.glob("visits-*.parquet")):
            alone.add(pyarrow.parquet.read_table(part))
        assert whole.partial() == alone.partial()
        release = whole.release(tacit.MemoryBudget("1"), label="visits")
        print("   ", {name: value for name, value in release.to_dicts()[0].items() if "_" not in name})
        if peer_rows:
            native(folder, peer_rows)
            peer = pipeline_dp_on_beam(folder, peer_rows)
            ours = accumulate(folder, "few.parquet", query, key, peer_rows)
            print(f"  {peer / ours:.1f} times as fast as PipelineDP on the same rows")


def accumulate(folder: Path, files: str, query: tacit.Query, key: str, rows: int) -> float:
    """Partials of all batches, merged and written as lines."""
    start = time.perf_counter()
    with beam.Pipeline(runner="DirectRunner") as pipeline:
        _ = (
            pipeline
            | beam.io.ReadFromParquetBatched(str(folder / files), columns=list(query.columns))
            | beam.CombineGlobally(tacit_beam.AccumulateFn(query, key=key))
            | tacit_beam.ToLines()
            | beam.io.WriteToText(str(folder / "visits.partial"), shard_name_template="")
        )
    return report(f"Tacit, {rows} rows in Arrow batches", start, rows)


def native(folder: Path, rows: int) -> None:
    start = time.perf_counter()
    with beam.Pipeline(runner="DirectRunner") as pipeline:
        _ = (
            pipeline
            | beam.io.ReadFromParquet(str(folder / "few.parquet"))
            | beam.Map(lambda row: (row["city"], min(100, max(0, row["amount"]))))
            | beam.combiners.Count.PerKey()
            | beam.io.WriteToText(str(folder / "native"))
        )
    report(f"Beam's own count by key, {rows} rows", start, rows)


def pipeline_dp_on_beam(folder: Path, rows: int) -> float:
    import pipeline_dp

    start = time.perf_counter()
    with beam.Pipeline(runner="DirectRunner") as pipeline:
        accountant = pipeline_dp.NaiveBudgetAccountant(total_epsilon=1, total_delta=0)
        engine = pipeline_dp.DPEngine(accountant, pipeline_dp.BeamBackend())
        parameters = pipeline_dp.AggregateParams(
            noise_kind=pipeline_dp.NoiseKind.LAPLACE, metrics=[pipeline_dp.Metrics.COUNT, pipeline_dp.Metrics.SUM],
            max_partitions_contributed=4, max_contributions_per_partition=2, min_value=0, max_value=100)
        extractors = pipeline_dp.DataExtractors(
            privacy_id_extractor=lambda row: row["user"], partition_extractor=lambda row: row["city"],
            value_extractor=lambda row: row["amount"])
        result: Any = engine.aggregate(
            pipeline | beam.io.ReadFromParquet(str(folder / "few.parquet")), parameters, extractors,
            public_partitions=[f"city-{i:02}" for i in range(CITIES)])
        accountant.compute_budgets()
        _ = result | beam.Map(str) | beam.io.WriteToText(str(folder / "peer"))
    return report(f"PipelineDP on Beam, {rows} rows", start, rows)


if __name__ == "__main__":
    main()
