"""The module with the tables that people have: pyarrow, polars, DuckDB."""

from __future__ import annotations

import pickle
from fractions import Fraction

import duckdb
import polars
import pyarrow as pa
import pyarrow.compute  # noqa: F401 - pa.compute
import pytest

import tacit

KEY = "000102030405060708090a0b0c0d0e0f"


def query(**changes: object) -> tacit.Query:
    fields: dict[str, object] = {
        "privacy_unit": {"column": "user"},
        "budget": {"epsilon": "1"},
        "bounds": {"groups_per_unit": 3, "rows_per_group": 10},
        "group_by": [{"column": "city", "keys": ["Oslo", "Bergen", "Tromsø"]}],
        "metrics": [
            {"name": "n", "kind": "count"},
            {"name": "spend", "kind": "sum", "column": "spend", "range": [0, 100]},
        ],
    }
    return tacit.Query(fields | changes)


def columns(rows: int = 2_000) -> dict[str, list[object]]:
    cities = ["Oslo", "Bergen", "Tromsø", "a city with a longer name"]
    return {
        "user": [index * 7919 % 301 for index in range(rows)],
        "city": [cities[index * 31 % 4] for index in range(rows)],
        "spend": [index * 104729 % 15000 / 100 for index in range(rows)],
        "unused": [None] * rows,
    }


def partial(table: object, asked: tacit.Query | None = None, **options: int) -> bytes:
    return tacit.Accumulator(asked or query(), key=KEY).add(table, **options).partial()  # type: ignore[arg-type]


def test_every_producer_and_type_gives_the_same_bytes() -> None:
    data = columns()
    table = pa.table(data)
    whole = partial(table)
    assert len(whole) > 1_000
    city, user = table["city"], table["user"]
    for other in (city.cast(pa.large_string()), city.cast(pa.string_view()), city.dictionary_encode()):
        assert partial(table.set_column(1, "city", other)) == whole
    for kind in (pa.int16(), pa.int32(), pa.uint64(), pa.string()):
        assert partial(table.set_column(0, "user", user.cast(kind))) == whole
    assert partial(polars.DataFrame(data)) == whole
    frame = table
    assert partial(duckdb.sql("SELECT * FROM frame")) == whole
    assert frame is table
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=97))
    assert partial(reader, threads=4) == whole


def test_slices_and_splits_give_the_same_bytes() -> None:
    table = pa.table(columns())
    whole = partial(table)
    merged = tacit.Accumulator(query(), key=KEY)
    for start in range(0, 2_000, 333):
        merged.merge(tacit.Accumulator.from_partial(query(), partial(table.slice(start, 333))))
    assert merged.partial() == whole


def test_filters_take_the_same_rows_as_before_the_query_saw_them() -> None:
    table = pa.table(columns())
    filtered = query(filter=[{"column": "spend", "at_least": "20"}])
    kept = table.filter(pa.compute.greater_equal(table["spend"], 20))
    strip = lambda bytes_: bytes_[-4_000:-16]  # noqa: E731 - the query's text and the checksum differ
    assert strip(partial(table, filtered)) == strip(partial(kept))


def test_a_release_charges_once_and_answers() -> None:
    budget = tacit.MemoryBudget("1.5")
    release = tacit.Accumulator(query()).add(pa.table(columns())).release(budget, label="spend")
    assert release.group_columns == ("city",) and release.names == ("n", "spend")
    assert [keys for keys, _ in release.rows] == [("Oslo",), ("Bergen",), ("Tromsø",)]
    assert budget.remaining == (Fraction(1, 2), 0)
    first = release.to_dicts()[0]
    assert first["n_low"] < first["n"] < first["n_high"]
    with pytest.raises(tacit.BudgetRefused):
        tacit.Accumulator(query()).release(budget, label="again")
    assert budget.remaining == (Fraction(1, 2), 0)


def test_a_budget_of_the_caller_decides() -> None:
    class Ours:
        def __init__(self) -> None:
            self.charged: list[tuple[str, str, str]] = []

        def charge(self, event: str, adjacency: str, label: str) -> None:
            if label == "no":
                raise PermissionError("not today")
            self.charged.append((event, adjacency, label))

    budget = Ours()
    with pytest.raises(PermissionError):
        tacit.Accumulator(query()).release(budget, label="no")
    tacit.Accumulator(query()).release(budget, label="yes")
    assert len(budget.charged) == 1
    assert budget.charged[0][0].startswith("discrete-laplace(") and budget.charged[0][1:] == ("add-remove", "yes")


def test_nulls_follow_the_policy() -> None:
    table = pa.table({"user": [1, 2, 3], "city": ["Oslo", "Oslo", None], "spend": [1.0, None, 3.0]})
    with pytest.raises(tacit.TacitError) as error:
        tacit.Accumulator(query()).add(table)
    assert error.value.reason == "bad row" and "arrow:2" in str(error.value)
    dropped = query(on_bad_row="drop")
    assert partial(table, dropped) == partial(table.slice(0, 1), dropped)


def test_failures_are_errors_without_data() -> None:
    with pytest.raises(tacit.TacitError, match="budget"):
        tacit.Query({"privacy_unit": "rows", "metrics": []})
    with pytest.raises(tacit.TacitError, match="no such column"):
        tacit.Accumulator(query()).add(pa.table({"user": [1]}))
    lists = pa.table({"user": [[1]], "city": ["Oslo"], "spend": [1.0]})
    with pytest.raises(tacit.TacitError, match="only whole numbers"):
        tacit.Accumulator(query()).add(lists)
    nan = pa.table({"user": [1], "city": ["Oslo"], "spend": [float("nan")]})
    spoiled = tacit.Accumulator(query())
    with pytest.raises(tacit.TacitError, match="not a finite"):
        spoiled.add(nan)
    with pytest.raises(tacit.TacitError, match="used up"):
        spoiled.partial()
    with pytest.raises(tacit.TacitError):
        tacit.Accumulator.from_partial(query(), b"TACITPRT" + b"x" * 100)
    with pytest.raises(TypeError):
        pickle.dumps(tacit.Accumulator(query()))


def test_a_producer_that_fails_is_an_error() -> None:
    def batches() -> object:
        yield pa.record_batch({"user": [1], "city": ["Oslo"], "spend": [1.0]})
        raise RuntimeError("secret 4711")

    schema = pa.schema([("user", pa.int64()), ("city", pa.string()), ("spend", pa.float64())])
    with pytest.raises(tacit.TacitError) as error:
        tacit.Accumulator(query()).add(pa.RecordBatchReader.from_batches(schema, batches()))
    assert "4711" not in str(error.value)


def test_envelopes_refuse_a_repeat_and_find_a_loss() -> None:
    table = pyarrow.table({"user": ["a", "b", "c", "d"], "city": ["Oslo"] * 4, "amount": [1, 2, 3, 4]})
    asked = tacit.Query({
        "privacy_unit": "rows", "budget": {"epsilon": 1},
        "metrics": [{"name": "s", "kind": "sum", "column": "amount", "range": [0, 9]}]})
    assert asked.columns == ("amount",)
    parts = [tacit.Accumulator(asked, key=KEY).add(table.slice(i, 2)).envelope() for i in (0, 2)]
    whole = tacit.Accumulator.from_partials(asked, parts, expect_rows=4, expect_partials=2)
    assert whole.partial() == tacit.Accumulator(asked, key=KEY).add(table).partial()
    assert len(whole.runs[0]) == 2 and whole.runs[1] == 4
    with pytest.raises(tacit.TacitError, match="repeats a run"):
        tacit.Accumulator.from_partials(asked, parts + parts[:1])
    again = tacit.Accumulator.from_partials(asked, parts + parts[:1], expect_rows=4, ignore_duplicates=True)
    assert again.partial() == whole.partial()
    for expected in ({"expect_rows": 4}, {"expect_partials": 2}):
        with pytest.raises(tacit.PartialsMissing):
            tacit.Accumulator.from_partials(asked, parts[:1], **expected)
    bare = tacit.Accumulator(asked, key=KEY).add(table).partial()
    for partials in ([bare], []):
        with pytest.raises(tacit.PartialsMissing):
            tacit.Accumulator.from_partials(asked, partials)
