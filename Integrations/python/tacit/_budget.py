"""Budgets that a release is charged to."""

from __future__ import annotations

import ctypes
import json
from fractions import Fraction
from typing import Protocol

from ._library import check, library, take


class BudgetRefused(Exception):
    """A budget that does not grant a charge."""


class Budget(Protocol):
    """Whoever grants privacy loss."""

    def charge(self, event: str, adjacency: str, label: str) -> None:
        """Records a charge durably, then returns; raises to refuse it.

        ``event`` is text as ``tacit account`` and ``tacit ledger`` read it; ``adjacency`` is ``add-remove`` or
        ``replace-one``: refuse one that the budget is not stated for. Raise :class:`NotImplementedError` for an event
        that the budget has no theorem for: the query's plain (ε, δ) may then be offered.
        """


class MemoryBudget:
    """A budget in memory, gone with the process; safe for threads.

    ``kind`` is ``pure``, ``approximate`` or ``zcdp`` (the ρ that certifies ε and δ). Amounts are exact: give text such as
    ``"0.1"`` or a :class:`~fractions.Fraction`.
    """

    def __init__(
        self,
        epsilon: str | int | Fraction,
        delta: str | int | Fraction = 0,
        *,
        kind: str = "pure",
        adjacency: str = "add-remove",
    ) -> None:
        self._pointer = ctypes.c_void_p()
        check(
            library().tacit_budget_open(
                kind.encode(), str(epsilon).encode(), str(delta).encode(), adjacency.encode(), self._pointer
            )
        )

    def __del__(self) -> None:
        if getattr(self, "_pointer", None):
            library().tacit_budget_free(self._pointer)

    @property
    def remaining(self) -> tuple[Fraction, Fraction]:
        """The loss (ε, or ρ for ``zcdp``) and the δ that are left."""
        out, length = ctypes.c_void_p(), ctypes.c_size_t()
        check(library().tacit_budget_remaining(self._pointer, out, length))
        left = json.loads(take(out, length))
        return Fraction(left["loss"]), Fraction(left["delta"])

    def charge(self, event: str, adjacency: str, label: str) -> None:
        """Charges an event, or raises."""
        answer = library().tacit_budget_charge(self._pointer, event.encode(), adjacency.encode(), label.encode())
        if answer != 0:
            text = library().tacit_last_error()
            reason = text.decode() if text else "the charge was refused"
            raise NotImplementedError(reason) if answer == 2 else BudgetRefused(reason)
