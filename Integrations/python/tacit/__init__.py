"""Private statistics over Arrow data: a typed face on ``libTacitC.so``.

A :class:`Query` says what is asked and under which promise. An :class:`Accumulator` takes rows from anything that speaks
Arrow's PyCapsule interface (pyarrow, polars, DuckDB, pandas with pyarrow, nanoarrow): no rows become Python objects.
:meth:`Accumulator.release` charges a budget, then adds exact noise once and answers.
"""

from ._budget import Budget, BudgetRefused, LedgerBudget, MemoryBudget
from ._statistics import Accumulator, PartialsMissing, Query, Release, Value
from ._library import TacitError

__all__ = [
    "Accumulator",
    "Budget",
    "BudgetRefused",
    "LedgerBudget",
    "MemoryBudget",
    "PartialsMissing",
    "Query",
    "Release",
    "TacitError",
    "Value",
]
