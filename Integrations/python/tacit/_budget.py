"""Budgets that a release is charged to."""

from __future__ import annotations

import ctypes
import json
import subprocess
from fractions import Fraction
from typing import Any, Protocol

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


class LedgerBudget:
    """A budget of a durable ledger, charged through the command ``tacit`` on this machine.

    Each charge is on disk before :meth:`charge` returns. Use it where the release is made, never in a worker.
    """

    def __init__(self, ledger: str, budget: str, *, command: str = "tacit", capability: str | None = None) -> None:
        self._command, self._ledger, self._budget = command, ledger, budget
        self._options = ["--capability", capability] if capability else []
        self._adjacency: str = self._run("status", "--budget", budget)["budgets"][0]["adjacency"]

    def _run(self, verb: str, *arguments: str) -> dict[str, Any]:
        done = subprocess.run(
            [self._command, "ledger", verb, self._ledger, "--json", *self._options, *arguments],
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise BudgetRefused(done.stderr.strip() or f"tacit ledger {verb} failed")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def charge(self, event: str, adjacency: str, label: str) -> None:
        """Charges an event, or raises."""
        if adjacency != self._adjacency:
            raise BudgetRefused(f"adjacency: the budget is stated for {self._adjacency}")
        self._run("charge", "--budget", self._budget, "--label", label, "--", event)
