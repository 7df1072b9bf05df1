#include "digits.h"

#if defined(__clang__)
#pragma clang diagnostic ignored "-Wc23-extensions"
#endif

const unsigned char tacit_digits_csv[] = {
#embed "data/digits.csv"
};

const unsigned long tacit_digits_csv_length = sizeof(tacit_digits_csv);
