"""Both routes through Spark against one machine: TACIT_SPARK is `classic` or `connect`, in a process of its own each."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
import tacit
import tacit_spark
from pyspark.sql import SparkSession

KEY = "000102030405060708090a0b0c0d0e0f"
COMMAND = os.environ.get("TACIT_COMMAND", "tacit")
ROWS = 60_000
QUERIES = {
    "people": {
        "privacy_unit": {"column": "user"},
        "budget": {"epsilon": "1"},
        "bounds": {"groups_per_unit": 2, "rows_per_group": 3},
        "group_by": [{"column": "city", "keys": ["Oslo", "Bergen", "Tromsø"]}],
        "metrics": [
            {"name": "visits", "kind": "count"},
            {"name": "spend", "kind": "sum", "column": "amount", "range": [0, 100]},
            {"name": "middle", "kind": "median", "column": "amount", "range": [0, 100]},
        ],
    },
    "rows": {
        "privacy_unit": "rows",
        "budget": {"epsilon": "1"},
        "group_by": [{"column": "city", "keys": ["Oslo", "Bergen", "Tromsø"]}],
        "metrics": [{"name": "n", "kind": "count"}, {"name": "s", "kind": "sum", "column": "amount", "range": [0, 100]}],
        "on_bad_row": "drop",
    },
}


@pytest.fixture(scope="session")
def spark() -> Any:
    classic = os.environ.get("TACIT_SPARK", "classic") == "classic"
    # Four attempts a task: local Spark gives one otherwise.
    builder = SparkSession.builder.master("local[2,4]") if classic else SparkSession.builder.remote("local[2,4]")
    session = builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "4").getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="session")
def table() -> pyarrow.Table:
    return pyarrow.table({
        "user": [f"u{i * 7919 % 5000}" for i in range(ROWS)],
        "city": [("Oslo", "Bergen", "Tromsø", "tab\tand, \"quote\"", "")[i * 31 % 5] for i in range(ROWS)],
        "amount": [None if i % 97 == 0 else (i * 13 % 140) / 4 for i in range(ROWS)],
        "unused": [i for i in range(ROWS)],
    })


@pytest.fixture(scope="session")
def frame(spark: Any, table: pyarrow.Table, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("visits")
    for part in range(6):
        size = ROWS // 6
        pyarrow.parquet.write_table(table.slice(part * size, size), folder / f"{part}.parquet")
    return spark.read.parquet(str(folder)).repartition(6, "amount")


@pytest.fixture
def question(request: pytest.FixtureRequest) -> tacit.Query:
    fields = dict(QUERIES[request.param])
    fields["on_bad_row"] = "drop"
    return tacit.Query(fields)


def files(folder: Path, query: tacit.Query) -> dict[str, str]:
    (folder / "query.json").write_text(query.text)
    (folder / "sampling.key").write_text(KEY)
    return {"query_file": str(folder / "query.json"), "key_file": str(folder / "sampling.key")}


both = pytest.mark.parametrize("question", sorted(QUERIES), indirect=True)


@both
def test_either_route_gives_the_bytes_of_one_machine(
    frame: Any, table: pyarrow.Table, question: tacit.Query, tmp_path: Path
) -> None:
    alone = tacit.Accumulator(question, key=KEY).add(table).partial()
    routes = {
        "arrow": tacit_spark.partials_in_arrow(frame, question, key=KEY),
        "transform": tacit_spark.partials_with_transform(frame, question, command=COMMAND, **files(tmp_path, question)),
    }
    for name, partials in routes.items():
        envelopes = tacit_spark.collect(partials)
        assert len(envelopes) > 1, name
        assert tacit.Accumulator.from_partials(question, envelopes, expect_rows=ROWS).partial() == alone, name


@pytest.mark.parametrize("question", ["people"], indirect=True)
def test_what_comes_twice_or_is_lost_is_refused(frame: Any, question: tacit.Query) -> None:
    def attempt() -> list[bytes]:
        return tacit_spark.collect(tacit_spark.partials_in_arrow(frame, question, key=KEY, job="week 47"))

    first, second = attempt(), attempt()
    assert sorted(first) == sorted(second)
    whole = tacit.Accumulator.from_partials(question, first, expect_partials=len(first)).partial()
    with pytest.raises(tacit.TacitError, match="repeats a run"):
        tacit.Accumulator.from_partials(question, first + second[:1])
    again = tacit.Accumulator.from_partials(question, first + second, expect_rows=ROWS, ignore_duplicates=True)
    assert again.partial() == whole
    with pytest.raises(tacit.PartialsMissing, match="rows are missing"):
        tacit.Accumulator.from_partials(question, first[1:], expect_rows=ROWS)
    with pytest.raises(tacit.PartialsMissing, match="of"):
        tacit.Accumulator.from_partials(question, first[1:], expect_partials=len(first))


@pytest.mark.parametrize("question", ["people"], indirect=True)
def test_tasks_that_fail_after_their_output_count_once(
    frame: Any, table: pyarrow.Table, question: tacit.Query, tmp_path: Path
) -> None:
    alone = tacit.Accumulator(question, key=KEY).add(table).partial()
    marks = tmp_path / "marks"
    marks.mkdir()

    def fail_once(batches: Any) -> Any:
        from pyspark import TaskContext

        yield from batches
        mark = marks / str(TaskContext.get().partitionId())
        if not mark.exists():
            mark.touch()
            raise RuntimeError("lost after its output")

    partials = tacit_spark.partials_in_arrow(frame, question, key=KEY).mapInArrow(fail_once, "partial binary")
    envelopes = tacit_spark.collect(partials)
    assert any(marks.iterdir())
    assert tacit.Accumulator.from_partials(question, envelopes, expect_rows=ROWS).partial() == alone

    # The command writes its partial and then fails, once.
    script = tmp_path / "flaky"
    script.write_text(f'#!/bin/sh\n"{COMMAND}" "$@" || exit 1\nmkdir "{tmp_path}/failed" 2>/dev/null && exit 1\nexit 0\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    partials = tacit_spark.partials_with_transform(frame, question, command=str(script), **files(tmp_path, question))
    envelopes = tacit_spark.collect(partials)
    assert (tmp_path / "failed").is_dir()
    assert tacit.Accumulator.from_partials(question, envelopes, expect_rows=ROWS).partial() == alone


def test_bad_rows_and_text_that_cannot_travel_fail_the_job(spark: Any, tmp_path: Path) -> None:
    fields = QUERIES["people"] | {"on_bad_row": "reject"}
    question = tacit.Query(fields)
    bad = spark.createDataFrame([("secret-user", "Oslo", None)], "user string, city string, amount double")
    with pytest.raises(Exception) as raised:
        tacit_spark.collect(tacit_spark.partials_in_arrow(bad, question, key=KEY))
    assert "amount" in str(raised.value) and "secret-user" not in str(raised.value)
    with pytest.raises(Exception, match="amount"):
        tacit_spark.collect(
            tacit_spark.partials_with_transform(bad, question, command=COMMAND, **files(tmp_path, question))
        )
    for text in ["two\nlines", "a\x01b", "\\N"]:
        broken = spark.createDataFrame([(text, "Oslo", 1.0)], "user string, city string, amount double")
        with pytest.raises(Exception, match="TRANSFORM cannot carry"):
            tacit_spark.collect(
                tacit_spark.partials_with_transform(broken, question, command=COMMAND, **files(tmp_path, question))
            )


@pytest.mark.parametrize("question", ["people"], indirect=True)
def test_the_driver_charges_the_ledger_and_then_releases(frame: Any, question: tacit.Query, tmp_path: Path) -> None:
    import subprocess

    ledger = str(tmp_path / "L.db")
    subprocess.run([COMMAND, "ledger", "create", ledger, "--budget", "b", "--epsilon", "1"], check=True)
    envelopes = tacit_spark.collect(tacit_spark.partials_in_arrow(frame, question, key=KEY))
    whole = tacit.Accumulator.from_partials(question, envelopes, expect_rows=ROWS)
    budget = tacit.LedgerBudget(ledger, "b", command=COMMAND)
    assert len(whole.release(budget, label="visits").rows) == 3
    with pytest.raises(tacit.BudgetRefused):
        tacit.Accumulator.from_partials(question, envelopes).release(budget, label="again")
