"""Charges until nothing is left: writer.py CONNINFO BUDGET."""

import sys

import tacit
import tacit_postgres

budget = tacit_postgres.PostgresBudget(sys.argv[1], sys.argv[2])
while True:
    try:
        budget.charge("laplace(scale=50)", "add-remove", f"writer {sys.argv[3]}")
    except tacit.BudgetRefused:
        break
