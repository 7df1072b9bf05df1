#ifndef TACIT_CDATA_ADULT_H
#define TACIT_CDATA_ADULT_H

#ifdef __cplusplus
extern "C" {
#endif

/// Six columns of the UCI Adult training table (Becker and Kohavi 1996, CC BY 4.0) as CSV text: a header line and
/// 32,561 rows, lines ended by one newline, no quoting. `?` stands for a missing value, as in the source.
/// The text is not terminated by a zero byte; it lives as long as the program.
extern const unsigned char tacit_adult_csv[];

/// Bytes of `tacit_adult_csv`.
extern const unsigned long tacit_adult_csv_length;

/// The first byte of `tacit_adult_csv`, for languages that cannot import an array of unknown length.
static inline const unsigned char *tacit_adult_table(void) { return tacit_adult_csv; }

#ifdef __cplusplus
}
#endif
#endif
