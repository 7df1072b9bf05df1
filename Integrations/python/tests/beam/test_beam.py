"""The CombineFn on DirectRunner, and its laws without a runner."""

from __future__ import annotations

import pickle
import random
from pathlib import Path

import apache_beam as beam
import pyarrow
import pyarrow.parquet
import pytest
import tacit
import tacit_beam

KEY = "000102030405060708090a0b0c0d0e0f"
ROWS = 30_000


@pytest.fixture
def query() -> tacit.Query:
    return tacit.Query({
        "privacy_unit": {"column": "user"}, "budget": {"epsilon": "1"},
        "bounds": {"groups_per_unit": 2, "rows_per_group": 3}, "group_by": [{"column": "city", "keys": ["a", "b", "c"]}],
        "metrics": [{"name": "n", "kind": "count"}, {"name": "s", "kind": "sum", "column": "x", "range": [0, 50]}],
    })


@pytest.fixture
def table() -> pyarrow.Table:
    return pyarrow.table({
        "user": [i * 7919 % 900 for i in range(ROWS)], "city": ["abcd"[i * 31 % 4] for i in range(ROWS)],
        "x": [i * 13 % 61 for i in range(ROWS)],
    })


def test_a_pipeline_over_parquet_gives_the_bytes_of_one_machine(
    query: tacit.Query, table: pyarrow.Table, tmp_path: Path
) -> None:
    for part in range(5):
        pyarrow.parquet.write_table(
            table.slice(part * ROWS // 5, ROWS // 5), tmp_path / f"{part}.parquet", row_group_size=1_000)
    out = str(tmp_path / "partial")
    with beam.Pipeline(runner="DirectRunner") as pipeline:
        _ = (
            pipeline
            | beam.io.ReadFromParquetBatched(str(tmp_path / "*.parquet"), columns=list(query.columns))
            | beam.CombineGlobally(tacit_beam.AccumulateFn(query, key=KEY))
            | tacit_beam.ToLines()
            | beam.io.WriteToText(out, shard_name_template="")
        )
    envelopes = tacit_beam.read_lines(out)
    assert len(envelopes) == 1
    whole = tacit.Accumulator.from_partials(query, envelopes, expect_rows=ROWS)
    assert whole.partial() == tacit.Accumulator(query, key=KEY).add(table).partial()


def test_any_tree_of_combining_gives_the_same_bytes_and_counts_nothing_twice(
    query: tacit.Query, table: pyarrow.Table
) -> None:
    alone = tacit.Accumulator(query, key=KEY).add(table).partial()
    combine = tacit_beam.AccumulateFn(query, key=KEY)
    batches = table.to_batches(max_chunksize=700)
    for seed in range(3):
        random.Random(seed).shuffle(batches)
        states = [combine.create_accumulator() for _ in range(6)]
        for number, batch in enumerate(batches):
            states[number % 6] = combine.add_input(states[number % 6], batch)
            if number % 17 == 0:
                # Sent somewhere and taken up again.
                states[number % 6] = pickle.loads(pickle.dumps(states[number % 6]))
        left = combine.compact(combine.merge_accumulators(states[:2]))
        right = combine.merge_accumulators([*states[2:], combine.create_accumulator()])
        envelope = combine.extract_output(combine.merge_accumulators([left, right]))
        assert tacit.Accumulator.from_partials(query, [envelope], expect_rows=ROWS).partial() == alone
        with pytest.raises(tacit.TacitError, match="repeats a run"):
            combine.extract_output(combine.merge_accumulators([left, pickle.loads(pickle.dumps(left))]))


def test_no_rows_give_an_empty_partial(query: tacit.Query) -> None:
    combine = tacit_beam.AccumulateFn(query, key=KEY)
    envelope = combine.extract_output(combine.create_accumulator())
    assert tacit.Accumulator.from_partials(query, [envelope], expect_rows=0).partial() == (
        tacit.Accumulator(query, key=KEY).partial())
