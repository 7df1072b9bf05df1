"""Private statistics in Apache Beam: Arrow batches into one exact partial aggregate, released where the pipeline was started.

:class:`AccumulateFn` combines ``pyarrow`` tables or record batches, as ``ReadFromParquetBatched`` yields them; never single
rows, which cost more than a hundred times as much::

    with beam.Pipeline() as pipeline:
        (
            pipeline
            | beam.io.ReadFromParquetBatched("visits/*.parquet", columns=list(query.columns))
            | beam.CombineGlobally(tacit_beam.AccumulateFn(query, key=key))
            | tacit_beam.ToLines()
            | beam.io.WriteToText("visits.partial", shard_name_template="")
        )
    partials = tacit_beam.read_lines("visits.partial")
    release = tacit.Accumulator.from_partials(query, partials).release(budget, label="visits 2026-w47")

or ``tacit release QUERY.yaml --partial visits.partial --ledger L.db --budget B``. Bundles that Beam retries leave nothing behind; a partial
delivered twice is refused when merging. **Partials are raw data**, in Beam's shuffle as in the file.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import apache_beam as beam

import tacit


class _State:
    """Rows on their way: an accumulator that is still taking some, and envelopes."""

    def __init__(self, envelopes: list[bytes] | None = None) -> None:
        self.live: tacit.Accumulator | None = None
        self.envelopes = envelopes or []

    def seal(self) -> list[bytes]:
        """Ends the run in progress; further rows belong to a new one."""
        if self.live is not None:
            self.envelopes.append(self.live.envelope())
            self.live = None
        return self.envelopes

    def __reduce__(self) -> tuple[type[_State], tuple[list[bytes]]]:
        return _State, (self.seal(),)


class AccumulateFn(beam.CombineFn):  # type: ignore[misc]
    """Combines Arrow tables or record batches into the envelope of one partial.

    ``key`` is the secret sampling key, drawn once for a release (``secrets.token_hex(16)``); it travels with the pipeline's
    definition, so keep that as safe as the data.
    """

    def __init__(self, query: tacit.Query, *, key: str) -> None:
        self._text, self._key = query.text, key

    def create_accumulator(self) -> _State:
        return _State()

    def add_input(self, state: _State, batch: Any) -> _State:
        import pyarrow

        if isinstance(batch, pyarrow.RecordBatch):
            batch = pyarrow.Table.from_batches([batch])
        if state.live is None:
            state.live = tacit.Accumulator(tacit.Query(self._text), key=self._key)
        state.live.add(batch)
        return state

    def merge_accumulators(self, states: Iterable[_State]) -> _State:
        return _State([envelope for state in states for envelope in state.seal()])

    def compact(self, state: _State) -> _State:
        envelopes = state.seal()
        if len(envelopes) < 2:
            return state
        return _State([tacit.Accumulator.from_partials(tacit.Query(self._text), envelopes).envelope()])

    def extract_output(self, state: _State) -> bytes:
        envelopes = state.seal()
        query = tacit.Query(self._text)
        if not envelopes:
            return tacit.Accumulator(query, key=self._key).envelope()
        return tacit.Accumulator.from_partials(query, envelopes).envelope()


class ToLines(beam.PTransform):  # type: ignore[misc]
    """Envelopes as lines of base64, which ``WriteToText`` writes and ``tacit merge`` reads."""

    def expand(self, envelopes: Any) -> Any:
        return envelopes | beam.Map(lambda envelope: base64.b64encode(envelope).decode())


def read_lines(path: str) -> list[bytes]:
    """The envelopes in a file of lines of base64."""
    with open(path, "rb") as lines:
        return [base64.b64decode(line, validate=True) for line in lines.read().splitlines() if line]
