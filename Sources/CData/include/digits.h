#ifndef TACIT_CDATA_DIGITS_H
#define TACIT_CDATA_DIGITS_H

#ifdef __cplusplus
extern "C" {
#endif

/// Optical recognition of handwritten digits (Alpaydin and Kaynak 1998, UCI Machine Learning Repository, CC BY 4.0),
/// the 1,797 images that scikit-learn distributes: one line each, 64 pixels 0 to 16 in row order and the label 0 to 9,
/// separated by commas, no header, lines ended by one newline. The last 360 lines are the customary test set.
/// The text is not terminated by a zero byte; it lives as long as the program.
extern const unsigned char tacit_digits_csv[];

/// Bytes of `tacit_digits_csv`.
extern const unsigned long tacit_digits_csv_length;

/// The first byte of `tacit_digits_csv`, for languages that cannot import an array of unknown length.
static inline const unsigned char *tacit_digits_table(void) { return tacit_digits_csv; }

#ifdef __cplusplus
}
#endif
#endif
