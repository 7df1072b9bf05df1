#include "adult.h"

#if defined(__clang__)
#pragma clang diagnostic ignored "-Wc23-extensions"
#endif

const unsigned char tacit_adult_csv[] = {
#embed "data/adult.csv"
};

const unsigned long tacit_adult_csv_length = sizeof(tacit_adult_csv);
