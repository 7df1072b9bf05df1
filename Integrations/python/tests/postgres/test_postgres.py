"""The ledger in PostgreSQL against a real server: TACIT_POSTGRES (socket) and TACIT_POSTGRES_TCP are its conninfos."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import tacit
import tacit_postgres

SERVER = os.environ["TACIT_POSTGRES"]
OTHER_WAY = os.environ["TACIT_POSTGRES_TCP"]
COMMAND = os.environ.get("TACIT_COMMAND", "tacit")


def ledger(*arguments: str, text: str | None = None) -> str:
    return subprocess.run(
        [COMMAND, "ledger", *arguments], input=text, capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture(autouse=True)
def moved(tmp_path: Path) -> None:
    """A ledger made in a file and moved to the server."""
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS tacit_history; DROP FUNCTION IF EXISTS tacit_append_only")
    path = str(tmp_path / "L.db")
    ledger("create", path, "--budget", "people", "--epsilon", "4")
    ledger("create", path, "--budget", "noisy", "--epsilon", "1", "--delta", "1e-6", "--filter", "zcdp")
    ledger("charge", path, "--budget", "people", "--", "laplace(scale=2)")
    tacit_postgres.import_history(SERVER, iter(ledger("export", path).splitlines()))


def checked(tmp_path: Path) -> dict[str, dict[str, object]]:
    """Where budgets stand after the file ledger has replayed every charge and hash."""
    history, copy = tmp_path / "history.jsonl", str(tmp_path / "copy.db")
    history.write_text("\n".join(tacit_postgres.export_history(SERVER)) + "\n")
    ledger("import", copy, "--input", str(history))
    assert json.loads(ledger("verify", copy, "--json"))["intact"]
    return {b["budget"]: b for b in json.loads(ledger("status", copy, "--json"))["budgets"]}


def test_eight_writers_on_two_ways_in_spend_exactly_the_budget_though_two_are_killed(tmp_path: Path) -> None:
    # 3.5 is left: 175 charges of 1/50. Four writers by the socket and four by TCP, each a process of its own.
    script = str(Path(__file__).with_name("writer.py"))
    writers = [
        subprocess.Popen([sys.executable, script, way, "people", str(number)])
        for way in (SERVER, OTHER_WAY)
        for number in range(4)
    ]
    try:
        with psycopg.connect(SERVER, autocommit=True) as connection:
            for victim in (writers[0], writers[4]):
                deadline = time.monotonic() + 120
                before = connection.execute("SELECT count(*) FROM tacit_history").fetchone()
                while connection.execute("SELECT count(*) FROM tacit_history").fetchone() == before:
                    assert time.monotonic() < deadline
                    time.sleep(0.002)
                os.kill(victim.pid, signal.SIGKILL)
        codes = [writer.wait(timeout=300) for writer in writers]
    finally:
        for writer in writers:
            writer.kill()
    assert [code for number, code in enumerate(codes) if number not in (0, 4)] == [0] * 6
    people = checked(tmp_path)["people"]
    assert people["charges"] == 176 and people["remaining"] == "epsilon=0"


def test_a_refusal_or_a_lost_connection_spends_nothing_and_names_charge_once(tmp_path: Path) -> None:
    budget = tacit_postgres.PostgresBudget(SERVER, "noisy", release="week 47")
    before = budget.remaining
    with pytest.raises(tacit.BudgetRefused):
        budget.charge("gaussian(sigma=0.1)", "add-remove", "too much")
    with pytest.raises(tacit.BudgetRefused):
        budget.charge("gaussian(sigma=20)", "replace-one", "another adjacency")
    assert budget.remaining == before
    for _ in range(3):
        budget.charge("gaussian(sigma=20)", "add-remove", "week 47")
    with pytest.raises(tacit.BudgetRefused):
        budget.charge("gaussian(sigma=21)", "add-remove", "week 47")
    after = budget.remaining
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    with pytest.raises(psycopg.Error):
        budget.charge("gaussian(sigma=20)", "add-remove", "lost")
    assert tacit_postgres.PostgresBudget(OTHER_WAY, "noisy").remaining == after
    assert checked(tmp_path)["noisy"]["charges"] == 1
    with pytest.raises(tacit.BudgetRefused):
        tacit_postgres.PostgresBudget(SERVER, "nobody")


def test_history_cannot_be_changed_and_a_forged_entry_is_refused() -> None:
    with psycopg.connect(SERVER, autocommit=True) as connection:
        for statement in ("UPDATE tacit_history SET spent = '0 0'", "DELETE FROM tacit_history", "TRUNCATE tacit_history"):
            with pytest.raises(psycopg.errors.RaiseException):
                connection.execute(statement)
        connection.execute("ALTER TABLE tacit_history DISABLE TRIGGER tacit_append_only")
        connection.execute("UPDATE tacit_history SET detail = 'laplace(scale=200)' WHERE kind = 'charge'")
    with pytest.raises(tacit.BudgetRefused, match="altered"):
        tacit_postgres.PostgresBudget(SERVER, "people")


def test_a_release_is_charged_on_the_server_before_it_answers(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    query = tacit.Query({"privacy_unit": "rows", "budget": {"epsilon": 1}, "metrics": [
        {"name": "n", "kind": "count"}, {"name": "s", "kind": "sum", "column": "x", "range": [0, 9]}]})
    def accumulated() -> tacit.Accumulator:
        return tacit.Accumulator(query).add(pyarrow.table({"x": [1, 2, 3]}))

    for _ in range(3):
        budget = tacit_postgres.PostgresBudget(SERVER, "people")
        assert accumulated().release(budget, label="trial").names == ("n", "s")
    # 4 - 1/2 - 3: the fourth does not fit.
    with pytest.raises(tacit.BudgetRefused):
        accumulated().release(tacit_postgres.PostgresBudget(SERVER, "people"), label="trial")
    assert checked(tmp_path)["people"]["charges"] == 4
