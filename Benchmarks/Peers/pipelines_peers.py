"""The benchmark's job in PipelineDP's LocalBackend: count and bounded sum of 100 known groups, Laplace noise.

Usage: pipelines_peers.py ROWS.csv GROUPS GROUPS_PER_USER ROWS_PER_GROUP HIGHEST
Prints seconds of wall clock and of processor time from rows in memory to answers, then the version.
"""

import importlib.metadata
import sys
import time

import pipeline_dp

path, groups, groups_per_user, rows_per_group, highest = sys.argv[1], *map(int, sys.argv[2:6])
rows = []
with open(path) as table:
    next(table)
    for line in table:
        user, group, value = line.split(",")
        rows.append((int(user), group, float(value)))
wall, processor = time.perf_counter(), time.process_time()
budget = pipeline_dp.NaiveBudgetAccountant(total_epsilon=1, total_delta=1e-6)
engine = pipeline_dp.DPEngine(budget, pipeline_dp.LocalBackend())
parameters = pipeline_dp.AggregateParams(
    noise_kind=pipeline_dp.NoiseKind.LAPLACE,
    metrics=[pipeline_dp.Metrics.COUNT, pipeline_dp.Metrics.SUM],
    max_partitions_contributed=groups_per_user,
    max_contributions_per_partition=rows_per_group,
    min_value=0,
    max_value=highest,
)
extractors = pipeline_dp.DataExtractors(
    privacy_id_extractor=lambda row: row[0],
    partition_extractor=lambda row: row[1],
    value_extractor=lambda row: row[2],
)
names = ["g%d" % index for index in range(groups)]
result = engine.aggregate(rows, parameters, extractors, public_partitions=names)
budget.compute_budgets()
answers = list(result)
assert len(answers) == groups
print(time.perf_counter() - wall, time.process_time() - processor, importlib.metadata.version("pipeline-dp"))
