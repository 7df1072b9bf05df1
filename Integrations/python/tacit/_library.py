"""Finding and typing the shared library."""

from __future__ import annotations

import ctypes
import functools
import os
from pathlib import Path

CHARGE = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p)
ABI_VERSION = 1

_STATUS = {
    1: "invalid argument",
    2: "invalid query",
    3: "bad row",
    4: "unreadable",
    5: "invalid partial",
    6: "refused",
    7: "spent",
}


class TacitError(Exception):
    """A call that failed: ``status`` as in ``tacit.h``, and one line without data."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = _STATUS.get(status, f"status {status}")


def _candidates() -> list[str]:
    named = os.environ.get("TACIT_LIBRARY")
    if named:
        return [named]
    beside = Path(__file__).with_name("libTacitC.so")
    return [str(beside)] if beside.exists() else ["libTacitC.so"]


@functools.cache
def library() -> ctypes.CDLL:
    """The library: ``TACIT_LIBRARY``, else ``libTacitC.so`` beside this file, else where the system finds it."""
    lib = ctypes.CDLL(_candidates()[0])
    pointer, size, status = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int32
    out, length = ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_size_t)
    signatures: dict[str, tuple[object, list[object]]] = {
        "tacit_abi_version": (status, []),
        "tacit_last_error": (ctypes.c_char_p, []),
        "tacit_bytes_free": (None, [pointer]),
        "tacit_query_open": (status, [ctypes.c_char_p, size, out]),
        "tacit_query_text": (status, [pointer, out, length]),
        "tacit_query_columns": (status, [pointer, out, length]),
        "tacit_query_free": (None, [pointer]),
        "tacit_accumulator_open": (status, [pointer, ctypes.c_char_p, out]),
        "tacit_accumulator_open_run": (status, [pointer, ctypes.c_char_p, ctypes.c_char_p, out]),
        "tacit_accumulator_from_partial": (status, [pointer, ctypes.c_char_p, size, out]),
        "tacit_accumulator_free": (None, [pointer]),
        "tacit_accumulator_add_stream": (status, [pointer, pointer, ctypes.c_int32]),
        "tacit_accumulator_add_array": (status, [pointer, pointer, pointer]),
        "tacit_accumulator_partial": (status, [pointer, out, length]),
        "tacit_accumulator_envelope": (status, [pointer, out, length]),
        "tacit_accumulator_runs": (status, [pointer, out, length]),
        "tacit_accumulator_merge": (status, [pointer, pointer]),
        "tacit_budget_open": (status, [ctypes.c_char_p] * 4 + [out]),
        "tacit_budget_charge": (status, [pointer, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p]),
        "tacit_budget_remaining": (status, [pointer, out, length]),
        "tacit_budget_free": (None, [pointer]),
        "tacit_accumulator_release": (status, [pointer, CHARGE, pointer, ctypes.c_char_p, out, length]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    if lib.tacit_abi_version() != ABI_VERSION:
        raise ImportError(f"libTacitC.so has another interface than version {ABI_VERSION}")
    return lib


def check(status: int) -> None:
    """Raises for a status that is not success."""
    if status != 0:
        text = library().tacit_last_error()
        raise TacitError(status, text.decode() if text else _STATUS.get(status, "failed"))


def take(out: ctypes.c_void_p, length: ctypes.c_size_t) -> bytes:
    """Copies the bytes that the library lent and gives them back."""
    try:
        return ctypes.string_at(out, length.value)
    finally:
        library().tacit_bytes_free(out)
