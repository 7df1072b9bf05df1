#!/usr/bin/env python3
"""Audits the mechanisms of several libraries with the same command and prints a table.

    python3 scoreboard.py [--tacit PATH] [--samples N] [--python PATH]

Libraries that are not installed are named as such. A row says what the run proved, not what a library is worth: the
claim is the one its documentation makes for the mechanism called as shown in the adapter beside this script.
"""
import argparse
import json
import pathlib
import subprocess
import sys

ROWS = [
    ("tacit", "laplace", "builtin:laplace"),
    ("tacit", "discrete-laplace", "builtin:discrete-laplace"),
    ("numpy", "float Laplace", "numpy_laplace.py {epsilon}"),
    ("numpy", "float Laplace, half the noise", "numpy_laplace.py {epsilon} half"),
    ("diffprivlib", "Laplace", "diffprivlib_laplace.py {epsilon} Laplace"),
    ("diffprivlib", "LaplaceTruncated", "diffprivlib_laplace.py {epsilon} LaplaceTruncated"),
    ("diffprivlib", "Snapping", "diffprivlib_laplace.py {epsilon} Snapping"),
    ("opendp", "make_laplace, float", "opendp_laplace.py {epsilon} float"),
    ("opendp", "make_laplace, integer", "opendp_laplace.py {epsilon} integer"),
]


def audit(options, target, epsilon):
    folder = pathlib.Path(__file__).resolve().parent
    if not target.startswith("builtin:"):
        script, _, rest = target.format(epsilon=epsilon).partition(" ")
        target = "cmd:%s %s %s" % (options.python, folder / script, rest)
    return subprocess.run(
        [options.tacit, "audit", "mechanism", "--target", target, "--claim", "epsilon=%s,unit=row" % epsilon,
         "--samples", str(options.samples), "--alpha", "0.001", "--json"],
        capture_output=True, text=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tacit", default="tacit")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--samples", type=int, default=20000)
    parser.add_argument("--epsilon", default="1")
    options = parser.parse_args()
    print("| library | mechanism | claimed ε | proved ε | verdict | warnings | seconds |")
    print("|---|---|---|---|---|---|---|")
    for library, mechanism, target in ROWS:
        if library not in ("tacit",):
            found = subprocess.run([options.python, "-c", "import " + library], capture_output=True)
            if found.returncode != 0:
                print("| %s | %s | %s | | not installed | | |" % (library, mechanism, options.epsilon))
                continue
        run = audit(options, target, options.epsilon)
        if run.returncode not in (0, 1, 2):
            print("| %s | %s | %s | | %s | | |" % (library, mechanism, options.epsilon, run.stderr.strip()))
            continue
        answer = json.loads(run.stdout)
        warnings = [f["check"] for f in answer["findings"] if f["level"] == "warning"]
        print("| %s | %s | %s | %.3f | %s | %s | %.1f |" % (
            library, mechanism, options.epsilon, answer["epsilon_lower_bound"], answer["verdict"],
            ", ".join(warnings), answer["seconds"]))


main()
