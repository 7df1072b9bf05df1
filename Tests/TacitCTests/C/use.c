// Uses libTacitC.so by its header alone: a query, rows by Arrow, a partial, a charge, answers, and refusals.

#include "tacit.h"

#include <stdio.h>
#include <string.h>

struct ArrowSchema {
  const char *format, *name, *metadata;
  int64_t flags, n_children;
  struct ArrowSchema **children, *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length, null_count, offset, n_buffers, n_children;
  const void **buffers;
  struct ArrowArray **children, *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

static int released;

static void release_schema(struct ArrowSchema *schema) {
  schema->release = NULL;
  released++;
}

static void release_array(struct ArrowArray *array) {
  array->release = NULL;
  released++;
}

static int32_t grant(void *context, const char *event, const char *adjacency, const char *label) {
  ++*(int *)context;
  return event && !strcmp(adjacency, "add-remove") && !strcmp(label, "use") ? 0 : 1;
}

#define REQUIRE(CONDITION)                                                                                             \
  do {                                                                                                                 \
    if (!(CONDITION)) {                                                                                                \
      const char *text = tacit_last_error();                                                                           \
      fprintf(stderr, "line %d: %s (%s)\n", __LINE__, #CONDITION, text ? text : "no error");                           \
      return 1;                                                                                                        \
    }                                                                                                                  \
  } while (0)

int main(void) {
  REQUIRE(tacit_abi_version() == 1);
  const char *json = "{\"privacy_unit\":\"rows\",\"budget\":{\"epsilon\":\"5000\"},\"metrics\":["
                     "{\"name\":\"n\",\"kind\":\"count\"},"
                     "{\"name\":\"s\",\"kind\":\"sum\",\"column\":\"x\",\"range\":[0,4],\"step\":1,\"weight\":4}],"
                     "\"on_bad_row\":\"drop\"}";
  tacit_query *query = NULL;
  REQUIRE(tacit_query_open(json, strlen(json), &query) == TACIT_OK);
  tacit_accumulator *sums = NULL, *other = NULL;
  REQUIRE(tacit_accumulator_open(query, NULL, &sums) == TACIT_OK);

  // 1, null, 3, 5000000: two are as they are, one is clamped, one is no value.
  int64_t values[] = {1, 2, 3, 5000000};
  uint8_t valid[] = {0x0d};
  const void *buffers[] = {valid, values}, *none[] = {NULL};
  struct ArrowSchema x = {.format = "l", .name = "x"}, *columns[] = {&x};
  struct ArrowSchema schema = {.format = "+s", .n_children = 1, .children = columns, .release = release_schema};
  struct ArrowArray column = {.length = 4, .null_count = -1, .n_buffers = 2, .buffers = buffers}, *arrays[] = {&column};
  struct ArrowArray array = {.length = 4, .n_buffers = 1, .n_children = 1, .buffers = none, .children = arrays,
                             .release = release_array};
  REQUIRE(tacit_accumulator_add_array(sums, &array, &schema) == TACIT_OK);
  REQUIRE(released == 2 && !array.release && !schema.release);

  // A column of another name leaves the accumulator whole.
  x.name = "y";
  schema.release = release_schema;
  array.release = release_array;
  REQUIRE(tacit_accumulator_add_array(sums, &array, &schema) == TACIT_UNREADABLE);
  REQUIRE(released == 4 && tacit_last_error() != NULL);

  void *partial = NULL, *answers = NULL;
  size_t length = 0;
  REQUIRE(tacit_accumulator_partial(sums, &partial, &length) == TACIT_OK && length > 0);
  REQUIRE(tacit_accumulator_from_partial(query, partial, length, &other) == TACIT_OK);
  REQUIRE(tacit_accumulator_merge(sums, sums) == TACIT_INVALID_ARGUMENT);
  REQUIRE(tacit_accumulator_merge(sums, other) == TACIT_OK);
  REQUIRE(tacit_accumulator_partial(other, &answers, &length) == TACIT_SPENT);
  ((char *)partial)[length / 2] ^= 1;
  tacit_accumulator_free(other);
  REQUIRE(tacit_accumulator_from_partial(query, partial, length, &other) == TACIT_INVALID_PARTIAL && !other);
  tacit_bytes_free(partial);

  // In an envelope a partial that is in already is refused, and the rows are known.
  void *envelope = NULL, *text = NULL;
  size_t size = 0;
  tacit_accumulator *first = NULL;
  const char *run = "000102030405060708090a0b0c0d0e0f";
  REQUIRE(tacit_accumulator_open_run(query, NULL, "short", &first) != TACIT_OK && !first);
  REQUIRE(tacit_accumulator_open_run(query, NULL, run, &first) == TACIT_OK);
  REQUIRE(tacit_accumulator_envelope(first, &envelope, &size) == TACIT_OK);
  REQUIRE(tacit_accumulator_from_partial(query, envelope, size, &other) == TACIT_OK);
  REQUIRE(tacit_accumulator_merge(first, other) == TACIT_INVALID_PARTIAL);
  tacit_bytes_free(envelope);
  tacit_accumulator_free(other);
  REQUIRE(tacit_accumulator_runs(first, &text, &size) == TACIT_OK);
  REQUIRE(!strcmp(text, "{\"rows\":0,\"runs\":[\"000102030405060708090a0b0c0d0e0f\"]}") && strlen(text) == size);
  tacit_bytes_free(text);
  tacit_accumulator_free(first);
  REQUIRE(tacit_query_columns(query, &text, NULL) == TACIT_OK && !strcmp(text, "[\"x\"]"));
  tacit_bytes_free(text);

  // So much budget that the noise vanishes: 2 · 3 rows, 2 · (1 + 3 + 4).
  int charges = 0;
  REQUIRE(tacit_accumulator_release(sums, grant, &charges, "use", &answers, &length) == TACIT_OK);
  REQUIRE(charges == 1 && strlen(answers) == length && strstr(answers, "\"text\":\"6\"") &&
          strstr(answers, "\"text\":\"16\""));
  tacit_bytes_free(answers);
  REQUIRE(tacit_accumulator_release(sums, grant, &charges, "use", &answers, NULL) == TACIT_SPENT);
  REQUIRE(charges == 1 && !answers);
  tacit_accumulator_free(sums);

  // A budget in memory refuses what it does not hold.
  tacit_budget *budget = NULL;
  REQUIRE(tacit_budget_open("pure", "0", NULL, NULL, &budget) == TACIT_INVALID_ARGUMENT || budget);
  tacit_budget_free(budget);
  REQUIRE(tacit_budget_open("pure", "1.5", NULL, NULL, &budget) == TACIT_OK);
  REQUIRE(tacit_accumulator_open(query, NULL, &sums) == TACIT_OK);
  REQUIRE(tacit_accumulator_release(sums, tacit_budget_charge, budget, "use", &answers, NULL) == TACIT_REFUSED);
  REQUIRE(!answers && tacit_last_error() != NULL);
  tacit_accumulator_free(sums);
  tacit_budget_free(budget);
  tacit_query_free(query);
  return 0;
}
