/* A store that takes its time, sometimes refuses, and whose end is as abrupt as its thread's. */
#ifndef SIM_STORE_MODEL_H
#define SIM_STORE_MODEL_H

#include "sim/world.h"

#include "sheriffd/batch.h"

struct store_row {
    uint64_t id, order;
    bool up, held, has_want, has_spec;
    char *by;
    struct pm_buf spec;          /* encoded */
};

struct store_model {
    uint64_t sheriff_id, generation, last_id, last_order, last_event;
    struct store_row *rows;      /* sorted by id */
    size_t n, cap;
    struct batch *waiting[64];   /* given, not answered yet, first come first served */
    size_t n_waiting;
};

void store_model_init(struct store_model *store, uint64_t sheriff_id);
void store_model_fini(struct store_model *store);
void store_model_give(struct world *w, struct store_model *store, struct batch *batch);
/* The program dies: of what was given, a beginning is written. */
void store_model_die(struct world *w, struct store_model *store);
void store_model_load(const struct store_model *store, struct image *out);

#endif
