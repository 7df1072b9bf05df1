#ifndef TACIT_DELIMITED_SCAN_H
#define TACIT_DELIMITED_SCAN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How plain records look and where their fields go.
typedef struct {
  /// The byte between fields.
  uint8_t delimiter;
  /// The byte that makes a record special, or the delimiter where none does.
  uint8_t quote;
  /// The number of fields of every record.
  uint32_t fields;
  /// For each field its place in a row of ranges, or negative.
  const int32_t *_Nonnull slots;
  /// Offsets a row takes in `ranges`: two for each wanted field.
  uint32_t step;
} tacit_records;

/// Takes whole plain records from `bytes[*position ..< count]` until one is special, the bytes end inside one, or `most`
/// have been taken; leaves `*position` at the start of the first record not taken.
///
/// A plain record has exactly `fields` fields, no quote, and ends with LF or CRLF. For each wanted field its first
/// offset and the offset after it go to `ranges[row * step + 2 * slot]`. `count` is below 2^32. All paths give the same
/// answer.
size_t tacit_scan_records(
    const uint8_t *_Nonnull bytes, size_t count, const tacit_records *_Nonnull records, uint32_t *_Nonnull ranges,
    size_t most, size_t *_Nonnull position);

/// The portable path of `tacit_scan_records`; the oracle of the tests.
size_t tacit_scan_records_portable(
    const uint8_t *_Nonnull bytes, size_t count, const tacit_records *_Nonnull records, uint32_t *_Nonnull ranges,
    size_t most, size_t *_Nonnull position);

#ifdef __cplusplus
}
#endif
#endif
