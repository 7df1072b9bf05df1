// What the trait MPI needs of an MPI library, as functions: communicators, types and operations are macros that Swift
// cannot import. Nothing here is compiled unless the trait is on.
#ifndef TACIT_CMPI_SHIM_H
#define TACIT_CMPI_SHIM_H

#if !__has_include(<mpi.h>)
#error "the trait MPI needs an MPI library: apt-get install libopenmpi-dev openmpi-bin (or libmpich-dev mpich, and MPI_PKG_CONFIG=mpich)"
#else

#include <mpi.h>
#include <stdint.h>

/// Starts MPI for calls from one thread at a time; 0 is success.
static inline int tacit_mpi_start(void) {
  int provided = 0;
  int started = 0;
  MPI_Initialized(&started);
  if (started) return 0;
  return MPI_Init_thread(0, 0, MPI_THREAD_SERIALIZED, &provided);
}

/// Ends MPI, once every rank gets here.
static inline int tacit_mpi_finish(void) { return MPI_Finalize(); }

/// Ends every rank of the job with an exit code.
static inline int tacit_mpi_abort(int code) { return MPI_Abort(MPI_COMM_WORLD, code); }

static inline int tacit_mpi_rank(void) {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

static inline int tacit_mpi_size(void) {
  int size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size;
}

/// Adds up words over all ranks, modulo 2^64, in place.
static inline int tacit_mpi_sum(uint64_t *words, int count) {
  return MPI_Allreduce(MPI_IN_PLACE, words, count, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
}

static inline int tacit_mpi_broadcast(void *bytes, int count) {
  return MPI_Bcast(bytes, count, MPI_BYTE, 0, MPI_COMM_WORLD);
}

/// Every rank's word, in the order of ranks, for rank 0.
static inline int tacit_mpi_gather_word(uint64_t word, uint64_t *words) {
  return MPI_Gather(&word, 1, MPI_UINT64_T, words, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
}

static inline int tacit_mpi_send(const void *bytes, int count) {
  return MPI_Send(bytes, count, MPI_BYTE, 0, 11, MPI_COMM_WORLD);
}

static inline int tacit_mpi_receive(void *bytes, int count, int rank) {
  return MPI_Recv(bytes, count, MPI_BYTE, rank, 11, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

#endif
#endif
