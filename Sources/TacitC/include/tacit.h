// Tacit's private statistics for hosts that are not written in Swift.
//
// A host opens a query, feeds an accumulator with Arrow data, and releases the answers once, after it has charged its own
// budget. Every function that returns `int32_t` returns TACIT_OK or the reason of its failure; `tacit_last_error` has
// one line about it, which never holds data. No function throws an exception or ends the process on bad input.
// Addresses that are neither NULL nor what the function asks for are the caller's fault, as everywhere in C.
//
// Threads: functions on different handles may run at once. One handle is used by one thread at a time.

#ifndef TACIT_H
#define TACIT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The Arrow C data and stream interfaces, declared by the host or by Arrow's own header.
struct ArrowArray;
struct ArrowSchema;
struct ArrowArrayStream;

/// A checked query.
typedef struct tacit_query tacit_query;
/// Exact sums on their way to a release: raw data.
typedef struct tacit_accumulator tacit_accumulator;

enum {
  /// The call did what it says.
  TACIT_OK = 0,
  /// A pointer is NULL or a length impossible.
  TACIT_INVALID_ARGUMENT = 1,
  /// The query is malformed, or its noise cannot be planned.
  TACIT_INVALID_QUERY = 2,
  /// A row cannot be used and the query rejects bad rows. The accumulator is spent.
  TACIT_BAD_ROW = 3,
  /// The Arrow data failed, lacks a column, or does not fit its schema.
  TACIT_UNREADABLE = 4,
  /// A partial is damaged, of another query, version or key.
  TACIT_INVALID_PARTIAL = 5,
  /// The host refused the charge. Nothing was released; the accumulator is spent.
  TACIT_REFUSED = 6,
  /// The accumulator was used up by a release, a merge or a failure; it can only be freed.
  TACIT_SPENT = 7
};

/// The version of this interface, 1. Functions may be added under one version, never changed.
int32_t tacit_abi_version(void);

/// One line about the calling thread's last failed call, or NULL after a call that succeeded.
///
/// The text belongs to the library and lasts until the thread's next call that returns a status.
const char *tacit_last_error(void);

/// Overwrites and frees what `tacit_query_text`, `tacit_accumulator_partial` or `tacit_accumulator_release` gave.
///
/// - bytes: may be NULL.
void tacit_bytes_free(void *bytes);

/// Reads a query.
///
/// - json: `length` bytes of UTF-8, one JSON object with the fields of QUERY.yaml; not kept.
/// - out: gets the query, to be freed with `tacit_query_free`, or NULL on failure.
int32_t tacit_query_open(const char *json, size_t length, tacit_query **out);

/// The query as canonical JSON, every field and default included: equal queries have equal text.
///
/// - out: gets the text, zero-terminated, to be freed with `tacit_bytes_free`, or NULL on failure.
/// - length: gets the bytes without the zero; may be NULL.
int32_t tacit_query_text(const tacit_query *query, void **out, size_t *length);

/// The columns that a query reads, as a JSON array of names: what a table must hold, and the order of fields without names.
///
/// - out: gets the text, zero-terminated, to be freed with `tacit_bytes_free`, or NULL on failure.
/// - length: gets the bytes without the zero; may be NULL.
int32_t tacit_query_columns(const tacit_query *query, void **out, size_t *length);

/// Frees a query; accumulators made of it stay valid.
///
/// - query: may be NULL.
void tacit_query_free(tacit_query *query);

/// An empty accumulator.
///
/// - query: not kept.
/// - key: the secret sampling key, 32 hexadecimal digits and a zero, the same for all accumulators that will be merged;
///   NULL draws a fresh one. Never derive it from data.
/// - out: gets the accumulator, to be freed with `tacit_accumulator_free`, or NULL on failure.
int32_t tacit_accumulator_open(const tacit_query *query, const char *key, tacit_accumulator **out);

/// An empty accumulator of a named piece of work.
///
/// - query, key, out: as for `tacit_accumulator_open`.
/// - run: 32 hexadecimal digits and a zero, the same for every attempt at the same rows: the envelopes of two attempts
///   never merge. NULL draws a random name.
int32_t tacit_accumulator_open_run(
    const tacit_query *query, const char *key, const char *run, tacit_accumulator **out);

/// An accumulator from the bytes of `tacit_accumulator_envelope` or `tacit_accumulator_partial`; it merges and releases,
/// but takes no rows.
///
/// - query: the query the partial must answer; not kept.
/// - partial: `length` bytes; not kept.
/// - out: gets the accumulator, to be freed with `tacit_accumulator_free`, or NULL on failure.
int32_t tacit_accumulator_from_partial(
    const tacit_query *query, const void *partial, size_t length, tacit_accumulator **out);

/// Frees an accumulator.
///
/// - accumulator: may be NULL, or spent.
void tacit_accumulator_free(tacit_accumulator *accumulator);

/// Adds every row of an Arrow stream, whose columns are found by their names.
///
/// - accumulator: spent when rows had been read before the failure; whole when the schema already did not fit.
/// - stream: an ArrowArrayStream of structs. It is read to its end and released, also on failure, unless the accumulator
///   is NULL or spent.
/// - threads: that decode rows at once, 1 if below; the stream is called by one at a time, possibly not the caller's.
int32_t tacit_accumulator_add_stream(tacit_accumulator *accumulator, struct ArrowArrayStream *stream, int32_t threads);

/// Adds every row of one Arrow array of structs.
///
/// - accumulator: as for `tacit_accumulator_add_stream`.
/// - array: released, also on failure, unless the accumulator is NULL or spent.
/// - schema: the array's; released likewise.
int32_t tacit_accumulator_add_array(
    tacit_accumulator *accumulator, struct ArrowArray *array, struct ArrowSchema *schema);

/// The accumulator as canonical bytes, the same for the same rows however they were split: raw data, to be protected
/// like the table.
///
/// - out: gets the bytes, to be freed with `tacit_bytes_free`, or NULL on failure.
/// - length: gets their number.
int32_t tacit_accumulator_partial(tacit_accumulator *accumulator, void **out, size_t *length);

/// The canonical bytes in an envelope that names the runs in them and counts their rows: what a worker sends. Raw data.
///
/// - out: gets the bytes, to be freed with `tacit_bytes_free`, or NULL on failure.
/// - length: gets their number.
int32_t tacit_accumulator_envelope(tacit_accumulator *accumulator, void **out, size_t *length);

/// Which runs are in the accumulator: `{"rows":N,"runs":["…"]}`; `rows` is null when a partial came without an envelope.
/// The number of rows is raw data: it is for the operator, who looks for a lost partial.
///
/// - out: gets the text, zero-terminated, to be freed with `tacit_bytes_free`, or NULL on failure.
/// - length: gets the bytes without the zero.
int32_t tacit_accumulator_runs(tacit_accumulator *accumulator, void **out, size_t *length);

/// Takes another accumulator in.
///
/// - other: spent by it, also when it answers another query, was sampled under another key or holds a run that is in
///   already; still to be freed.
int32_t tacit_accumulator_merge(tacit_accumulator *accumulator, tacit_accumulator *other);

/// Charges the host's budget: called before any noise is drawn, on the thread of `tacit_accumulator_release`.
///
/// Returns 0 only when the charge is durable: it stands whatever happens next. Returns 2 when the budget has no theorem
/// for the event; another event may then be offered by a second call. Anything else refuses. It must return: no
/// exception or long jump may leave it.
///
/// - context: what was given to `tacit_accumulator_release`.
/// - event: the privacy event of the whole release, as `tacit ledger` and `tacit account` read it.
/// - adjacency: `add-remove` or `replace-one`, for which the event is stated; a budget stated for another must refuse.
/// - label: what was given to `tacit_accumulator_release`.
/// The three texts last until the callback returns.
typedef int32_t (*tacit_charge)(void *context, const char *event, const char *adjacency, const char *label);

/// Charges, adds exact noise once, and answers. The accumulator is spent, whatever the outcome.
///
/// - charge: called once, or twice after it has returned 2; never NULL.
/// - context: handed to `charge`; may be NULL.
/// - label: a public name for the budget's history, zero-terminated; never data.
/// - out: gets `{"group_columns":[…],"names":[…],"rows":[{"keys":[…],"values":[{"high":…,"low":…,"text":…}]}]}`,
///   numbers as exact text with 95 % intervals, zero-terminated, to be freed with `tacit_bytes_free`; NULL on failure.
/// - length: gets the bytes without the zero; may be NULL.
int32_t tacit_accumulator_release(
    tacit_accumulator *accumulator, tacit_charge charge, void *context, const char *label, void **out, size_t *length);

/// A budget in memory, for hosts that have none of their own. It is gone with the process.
typedef struct tacit_budget tacit_budget;

/// A budget in memory.
///
/// - kind: `pure`, `approximate` or `zcdp` (the ρ that certifies ε and δ), zero-terminated.
/// - epsilon: an exact number such as `0.5`, zero-terminated.
/// - delta: likewise; NULL for 0.
/// - adjacency: `add-remove` or `replace-one`; NULL for the first.
/// - out: gets the budget, to be freed with `tacit_budget_free`, or NULL on failure.
int32_t tacit_budget_open(
    const char *kind, const char *epsilon, const char *delta, const char *adjacency, tacit_budget **out);

/// A `tacit_charge` whose context is a `tacit_budget`; any thread may call it at any time.
int32_t tacit_budget_charge(void *budget, const char *event, const char *adjacency, const char *label);

/// What is left: `{"delta":"…","loss":"…"}`, exact numbers; the loss is ε, or ρ for `zcdp`.
///
/// - out: gets the text, zero-terminated, to be freed with `tacit_bytes_free`, or NULL on failure.
/// - length: gets the bytes without the zero; may be NULL.
int32_t tacit_budget_remaining(const tacit_budget *budget, void **out, size_t *length);

/// Frees a budget.
///
/// - budget: may be NULL.
void tacit_budget_free(tacit_budget *budget);

#ifdef __cplusplus
}
#endif
#endif
