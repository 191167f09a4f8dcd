/* What happened, in sentences: rows that are published at once and stored soon after. */
#ifndef SHERIFFD_JOURNAL_H
#define SHERIFFD_JOURNAL_H

#include "sheriffd/batch.h"

#include <procman/time.h>

/* Rows waiting for a store that does not answer; then the oldest go, which is logged. */
#define JOURNAL_WAITING 20000

struct journal {
    uint64_t last;            /* sequence number given last */
    struct pm_event *rows;    /* not stored yet */
    size_t n, cap;
    size_t published;         /* of these */
    uint64_t lost;            /* thrown away because the store did not answer */
    struct pm_arena arena;    /* holds their texts */
};

/* The process or deputy concerned; NULL members are empty. */
struct journal_about { const char *host, *group, *name; };

void journal_init(struct journal *journal, uint64_t last);
void journal_fini(struct journal *journal);

/* Texts are copied. by: who caused it, or "". */
void journal_add(struct journal *journal, struct pm_wall now, struct journal_about about,
                 const char *what, const char *by, const char *format, ...) PM_PRINTF(6, 7);

/* The deputy reports another row than before (NULL: none). Says nothing when nothing people
 * care about changed. */
void journal_row(struct journal *journal, struct pm_wall now, const char *host,
                 const struct pm_status_row *row, const struct pm_status_row *before);

/* The next row nobody was told of, or NULL. */
const struct pm_event *journal_publish(struct journal *journal);

/* All rows move into the batch. */
void journal_store(struct journal *journal, struct batch *batch);

#endif
