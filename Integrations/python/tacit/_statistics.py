"""Queries, accumulators and releases."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ._budget import Budget
from ._library import CHARGE, TacitError, check, library, take


class ArrowStreamExportable(Protocol):
    """Anything with Arrow's PyCapsule stream interface: tables, frames, relations, readers."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


class Query:
    """What is asked of a table, and under which promise; checked whole.

    Takes the fields of ``QUERY.yaml`` as a mapping, or the same as JSON text. Numbers may be exact text: ``"0.1"``.
    """

    def __init__(self, fields: Mapping[str, Any] | str) -> None:
        text = fields if isinstance(fields, str) else json.dumps(fields)
        data = text.encode()
        self._pointer = ctypes.c_void_p()
        check(library().tacit_query_open(data, len(data), self._pointer))

    def __del__(self) -> None:
        if getattr(self, "_pointer", None):
            library().tacit_query_free(self._pointer)

    @property
    def text(self) -> str:
        """Canonical JSON with every default: equal queries have equal text."""
        out, length = ctypes.c_void_p(), ctypes.c_size_t()
        check(library().tacit_query_text(self._pointer, out, length))
        return take(out, length).decode()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a table must hold."""
        out, length = ctypes.c_void_p(), ctypes.c_size_t()
        check(library().tacit_query_columns(self._pointer, out, length))
        return tuple(json.loads(take(out, length)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Query) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Query({self.text!r})"


@dataclass(frozen=True)
class Value:
    """One answer with its 95 % interval, as exact decimal text."""

    text: str
    low: str
    high: str

    def __float__(self) -> float:
        return float(self.text)


@dataclass(frozen=True)
class Release:
    """The answers: for each group its keys and one value a name."""

    group_columns: tuple[str, ...]
    names: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], tuple[Value, ...]], ...]

    def to_dicts(self) -> list[dict[str, str | float]]:
        """One dictionary a group: keys, then ``name``, ``name_low``, ``name_high``."""
        result: list[dict[str, str | float]] = []
        for keys, values in self.rows:
            row: dict[str, str | float] = dict(zip(self.group_columns, keys, strict=True))
            for name, value in zip(self.names, values, strict=True):
                row |= {name: float(value.text), f"{name}_low": float(value.low), f"{name}_high": float(value.high)}
            result.append(row)
        return result


class PartialsMissing(Exception):
    """Partials that do not add up to what was expected; nothing has been released."""


class Accumulator:
    """Exact sums on their way to a release: raw data, neither printed nor pickled. Use it from one thread at a time.

    ``key`` is the secret sampling key of contribution bounding, 32 hexadecimal digits, shared by the accumulators that
    will be merged; a fresh one is drawn without it. ``run`` names this piece of work, 32 hexadecimal digits: attempts at the
    same rows that share it never merge, so they cannot count twice; it is random without.
    """

    def __init__(self, query: Query, *, key: str | None = None, run: str | None = None) -> None:
        self._pointer = ctypes.c_void_p()
        check(
            library().tacit_accumulator_open_run(
                query._pointer, key.encode() if key else None, run.encode() if run else None, self._pointer
            )
        )

    @classmethod
    def from_partials(
        cls,
        query: Query,
        partials: Iterable[bytes],
        *,
        expect_rows: int | None = None,
        expect_partials: int | None = None,
        ignore_duplicates: bool = False,
    ) -> Accumulator:
        """Everything that workers sent, merged, or :class:`PartialsMissing` when it is not all there.

        A run that comes twice raises, or is left out with ``ignore_duplicates`` when all of its partial is in already.
        ``expect_rows`` are the rows that must have been taken in, ``expect_partials`` the runs that must have come.
        """
        whole: Accumulator | None = None
        known: dict[str, None] = {}
        for partial in partials:
            part = cls.from_partial(query, partial)
            names, rows = part.runs
            if rows is None:
                raise PartialsMissing("a partial names no runs, so a repeat would not be seen: send envelope()")
            if ignore_duplicates and all(name in known for name in names):
                continue
            known |= dict.fromkeys(names)
            whole = part if whole is None else whole.merge(part)
        if whole is None:
            raise PartialsMissing("no partial came")
        names, rows = whole.runs
        if expect_partials is not None and len(names) != expect_partials:
            raise PartialsMissing(f"{len(names)} of {expect_partials} partials came")
        if expect_rows is not None and rows is not None and rows != expect_rows:
            raise PartialsMissing(
                f"{expect_rows - rows} rows are missing" if rows < expect_rows else f"{rows - expect_rows} rows too many"
            )
        return whole

    @classmethod
    def from_partial(cls, query: Query, partial: bytes) -> Accumulator:
        """An accumulator from :meth:`envelope`'s bytes; it merges and releases, but takes no rows."""
        result = cls.__new__(cls)
        result._pointer = ctypes.c_void_p()
        check(library().tacit_accumulator_from_partial(query._pointer, partial, len(partial), result._pointer))
        return result

    def __del__(self) -> None:
        if getattr(self, "_pointer", None):
            library().tacit_accumulator_free(self._pointer)

    def __reduce__(self) -> str:
        raise TypeError("an accumulator is raw data; send envelope() where it must go")

    def add(self, table: ArrowStreamExportable, *, threads: int = 1) -> Accumulator:
        """Adds every row of a table, frame, relation or record batch reader; returns the accumulator."""
        capsule = table.__arrow_c_stream__()
        get = ctypes.pythonapi.PyCapsule_GetPointer
        get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        # The capsule outlives the call and frees the stream's struct, which the library has released by then.
        check(library().tacit_accumulator_add_stream(self._pointer, get(capsule, b"arrow_array_stream"), threads))
        return self

    def merge(self, other: Accumulator) -> Accumulator:
        """Takes another accumulator in, which is used up; returns this one."""
        check(library().tacit_accumulator_merge(self._pointer, other._pointer))
        return self

    def partial(self) -> bytes:
        """Canonical bytes, the same for the same rows however they were split. They are raw data."""
        out, length = ctypes.c_void_p(), ctypes.c_size_t()
        check(library().tacit_accumulator_partial(self._pointer, out, length))
        return take(out, length)

    def envelope(self) -> bytes:
        """What a worker sends: :meth:`partial`'s bytes in an envelope that names their runs. They are raw data.

        The envelope differs from run to run; merging refuses a run that comes twice.
        """
        out, length = ctypes.c_void_p(), ctypes.c_size_t()
        check(library().tacit_accumulator_envelope(self._pointer, out, length))
        return take(out, length)

    @property
    def runs(self) -> tuple[tuple[str, ...], int | None]:
        """The names of the runs that are in, and their rows (raw data; ``None`` where a partial had no envelope)."""
        out, length = ctypes.c_void_p(), ctypes.c_size_t()
        check(library().tacit_accumulator_runs(self._pointer, out, length))
        found = json.loads(take(out, length))
        return tuple(found["runs"]), found["rows"]

    def release(self, budget: Budget, *, label: str) -> Release:
        """Charges the budget, adds exact noise once and answers; the accumulator is used up.

        ``label`` is a public name for the budget's history, never data. What ``budget.charge`` raises to refuse comes
        out of here; nothing was released then.
        """
        raised: list[BaseException] = []

        def charge(_: object, event: bytes, adjacency: bytes, name: bytes) -> int:
            try:
                budget.charge(event.decode(), adjacency.decode(), name.decode())
            except BaseException as error:  # noqa: BLE001 - no exception may cross into the library
                raised.append(error)
                return 2 if isinstance(error, NotImplementedError) else 1
            return 0

        out, length = ctypes.c_void_p(), ctypes.c_size_t()
        callback = CHARGE(charge)
        try:
            check(
                library().tacit_accumulator_release(
                    self._pointer, callback, None, label.encode(), out, length
                )
            )
        except TacitError as error:
            if raised and error.reason == "refused":
                raise raised[-1] from None
            raise
        table = json.loads(take(out, length))
        rows = tuple(
            (tuple(row["keys"]), tuple(Value(v["text"], v["low"], v["high"]) for v in row["values"]))
            for row in table["rows"]
        )
        return Release(tuple(table["group_columns"]), tuple(table["names"]), rows)
