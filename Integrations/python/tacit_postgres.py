"""Privacy budgets of many machines in one PostgreSQL database.

The history is the one that ``tacit ledger`` keeps in a file, entry for entry and hash for hash: a ledger made there moves
here, and what is here is checked there::

    tacit ledger create L.db --budget people --epsilon 4 --unit 'column user_id'
    tacit ledger export L.db | python -m tacit_postgres import "host=db dbname=privacy"
    python -m tacit_postgres export "host=db dbname=privacy" | tee history.jsonl
    tacit ledger import copy.db --input history.jsonl    # replays every charge and every hash

A charge is one transaction that takes the ledger's advisory lock first (``pg_advisory_xact_lock``), replays what other
machines have charged since, decides with the library's exact arithmetic, appends one entry and commits durably; only then does
:meth:`PostgresBudget.charge` return. Two machines can never both spend the last of a budget, and a writer killed at any point leaves
the whole charge or nothing. Entries can be added but neither changed nor removed; whoever owns the database can still do
anything, so keep checkpoints (``tacit ledger checkpoint``) elsewhere.

Budgets of the filters ``pure``, ``approximate`` and ``zcdp`` are charged here; others stay in a file.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import psycopg

import tacit

_ORIGIN = "0" * 64
# "tacit" as a number: the advisory lock of the ledger in its database.
_LOCK = 0x74_61_63_69_74
_FILTERS = {"pure", "approximate", "zcdp"}
_FIELDS = ("position", "time", "kind", "budget", "detail", "label", "release", "spent", "previous", "hash")

_SCHEMA = """
CREATE TABLE tacit_history(
  position bigint PRIMARY KEY, time bigint NOT NULL, kind text NOT NULL, budget text NOT NULL, detail text NOT NULL,
  label text NOT NULL, release text, spent text NOT NULL, previous text NOT NULL UNIQUE, hash text NOT NULL UNIQUE);
CREATE UNIQUE INDEX tacit_releases ON tacit_history(budget, release) WHERE release IS NOT NULL;
CREATE FUNCTION tacit_append_only() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN RAISE EXCEPTION ''a ledger''''s history is never changed''; END';
CREATE TRIGGER tacit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tacit_history
  FOR EACH STATEMENT EXECUTE FUNCTION tacit_append_only();
"""


def _digest(entry: dict[str, Any]) -> str:
    """The hash of an entry, as ``tacit ledger`` computes it: each field led by its length."""
    release = entry["release"]
    fields = [
        "tacit ledger 1", str(entry["position"]), str(entry["time"]), entry["kind"], entry["budget"], entry["detail"],
        entry["label"], "none" if release is None else "name:" + release, entry["spent"], entry["previous"],
    ]
    digest = hashlib.sha256()
    for field in fields:
        data = field.encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def _text(value: str, name: str) -> str:
    if not value or len(value.encode()) > 1024 or any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in value):
        raise ValueError(f"{name}: must be one line of 1 to 1024 bytes")
    return value


class _State:
    """A budget as its entries tell it."""

    def __init__(self, terms: dict[str, Any]) -> None:
        ((kind, _),) = terms["limit"].items()
        if "plan" in terms and terms["plan"] is not None or kind not in _FILTERS:
            raise tacit.BudgetRefused("budget: only pure, approximate and zcdp budgets are charged in PostgreSQL")
        self.adjacency, self.unit = terms["adjacency"], terms["unit"]
        self.budget = tacit.MemoryBudget(terms["epsilon"], terms["delta"], kind=kind, adjacency=self.adjacency)
        self.total = self.budget.remaining
        self.frozen = False

    @property
    def spent(self) -> str:
        left = self.budget.remaining
        return f"{self.total[0] - left[0]} {self.total[1] - left[1]}"

    def replay(self, entry: dict[str, Any]) -> None:
        if entry["kind"] == "charge":
            self.budget.charge(entry["detail"], self.adjacency, entry["label"])
        else:
            self.frozen = entry["kind"] == "freeze"
        if entry["spent"] != self.spent:
            raise tacit.BudgetRefused(f"entry {entry['position']}: states a total that is not the sum")


class PostgresBudget:
    """One budget of a ledger in PostgreSQL; use one for each thread.

    ``conninfo`` is libpq's. With ``release``, a name of the operator's, retries are charged once: an entry of that name is found
    again instead of being added, and must be for the same event.
    """

    def __init__(self, conninfo: str, budget: str, *, release: str | None = None) -> None:
        self._budget = _text(budget, "budget")
        self._release = None if release is None else _text(release, "release")
        self._connection = psycopg.connect(conninfo, autocommit=True)
        if self._connection.execute("SHOW fsync").fetchone() != ("on",):
            raise tacit.BudgetRefused("fsync: is off on the server, so a charge could be lost")
        self._state: _State | None = None
        self._seen = 0
        with self._connection.transaction():
            self._catch_up()

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    @property
    def remaining(self) -> tuple[Fraction, Fraction]:
        """The loss and the δ that are left, now."""
        with self._connection.transaction():
            return self._catch_up().budget.remaining

    def charge(self, event: str, adjacency: str, label: str) -> None:
        """Charges an event: durable when this returns, or it raises and nothing was spent."""
        _text(label, "label")
        try:
            with self._connection.transaction():
                self._connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
                self._connection.execute("SET LOCAL synchronous_commit = on")
                self._connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
                self._append(event, adjacency, label)
        except BaseException:
            # What was decided may not have been kept: ask the history again.
            self._state, self._seen = None, 0
            raise

    def _append(self, event: str, adjacency: str, label: str) -> None:
        state = self._catch_up()
        if adjacency != state.adjacency:
            raise tacit.BudgetRefused(f"adjacency: the budget is stated for {state.adjacency}")
        if self._release is not None:
            earlier = self._connection.execute(
                "SELECT detail FROM tacit_history WHERE budget = %s AND release = %s", [self._budget, self._release]
            ).fetchone()
            if earlier is not None:
                if earlier[0] != event:
                    raise tacit.BudgetRefused("release: was charged for another query")
                return
        if state.frozen:
            raise tacit.BudgetRefused("the budget is frozen; no charge is granted")
        state.budget.charge(event, adjacency, label)
        last = self._connection.execute(
            "SELECT position, hash FROM tacit_history ORDER BY position DESC LIMIT 1"
        ).fetchone()
        assert last is not None, "the budget's own entry is there"
        entry: dict[str, Any] = {
            "position": last[0] + 1, "time": int(time.time()), "kind": "charge", "budget": self._budget,
            "detail": event, "label": label, "release": self._release, "spent": state.spent, "previous": last[1],
        }
        entry["hash"] = _digest(entry)
        _insert(self._connection, entry)
        self._seen = entry["position"]

    def _catch_up(self) -> _State:
        """Replays the entries since the last look, each checked against its hash."""
        rows = self._connection.execute(
            f"SELECT {', '.join(_FIELDS)} FROM tacit_history WHERE budget = %s AND position > %s ORDER BY position",
            [self._budget, self._seen],
        ).fetchall()
        state = self._state
        for row in rows:
            entry = dict(zip(_FIELDS, row, strict=True))
            if _digest(entry) != entry["hash"]:
                raise tacit.BudgetRefused(f"entry {entry['position']}: was altered")
            if state is None:
                state = _State(json.loads(entry["detail"]))
            else:
                state.replay(entry)
            self._seen = entry["position"]
        if state is None:
            raise tacit.BudgetRefused("budget: there is none of that name")
        self._state = state
        return state


def _insert(connection: psycopg.Connection[Any], entry: dict[str, Any]) -> None:
    connection.execute(
        f"INSERT INTO tacit_history({', '.join(_FIELDS)}) VALUES ({', '.join(['%s'] * len(_FIELDS))})",
        [entry[field] for field in _FIELDS],
    )


def import_history(conninfo: str, lines: Iterator[str]) -> int:
    """Makes the ledger of a database out of what ``tacit ledger export`` wrote; refused where there is one."""
    count, previous = 0, _ORIGIN
    with psycopg.connect(conninfo) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        connection.execute(_SCHEMA)
        for line in lines:
            entry = {"release": None} | json.loads(line)
            count += 1
            if entry["kind"] == "own":
                raise ValueError(f"line {count}: a ledger with an owner stays in its file")
            if entry["position"] != count or entry["previous"] != previous or _digest(entry) != entry["hash"]:
                raise ValueError(f"line {count}: does not follow the entry before, or was altered")
            previous = entry["hash"]
            _insert(connection, entry)
    return count


def export_history(conninfo: str) -> Iterator[str]:
    """The history as ``tacit ledger import`` reads it, a line an entry."""
    with psycopg.connect(conninfo) as connection:
        for row in connection.execute(f"SELECT {', '.join(_FIELDS)} FROM tacit_history ORDER BY position"):
            entry = {name: value for name, value in zip(_FIELDS, row, strict=True) if value is not None}
            yield json.dumps(entry, sort_keys=True, ensure_ascii=False)


def main(arguments: list[str]) -> int:
    match arguments:
        case ["import", conninfo]:
            print(f"{import_history(conninfo, iter(sys.stdin))} entries")
        case ["export", conninfo]:
            for line in export_history(conninfo):
                print(line)
        case _:
            print("usage: python -m tacit_postgres import|export CONNINFO", file=sys.stderr)
            return 64
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
