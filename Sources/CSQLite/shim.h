#ifndef TACIT_CSQLITE_SHIM_H
#define TACIT_CSQLITE_SHIM_H
#include <sqlite3.h>
#endif
