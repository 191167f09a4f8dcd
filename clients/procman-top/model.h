/* The rows of the table: the fleet as a tree or a list, sorted, filtered, folded, tagged.
 *
 * A value machine: processes in, rows out; nothing here draws, waits or asks. Rows are made anew
 * with each model_build() and borrow from the processes given to it. The cursor stands on a
 * process or a branch, not on a row number: it goes along when rows move, and where its row
 * disappears it stays at that height. */
#ifndef TOP_MODEL_H
#define TOP_MODEL_H

#include "filter.h"
#include "specs.h"

enum column {
#define COLUMN(name, title, word, width, from, meaning) COLUMN_##name,
#include "columns.def"
#undef COLUMN
    COLUMN_COUNT
};

struct column_info {
    const char *title, *word, *meaning;
    int width, from;
};
extern const struct column_info columns[COLUMN_COUNT];

enum arrange { BY_GROUP, BY_HOST, BY_LABEL, FLAT, ARRANGE_COUNT };
extern const char *const arrange_words[ARRANGE_COUNT];

struct sums { /* of a branch, or of all */
    size_t n, up, by_state[PM_STATE_COUNT];
    double cpu_pct;
    uint64_t rss_bytes, restarts;
};

struct row {
    const struct pm_proc *proc; /* NULL: a branch */
    const char *path;           /* of the branch; of a process: the branch it is in */
    const char *label;          /* what the name column says */
    int depth;
    uint32_t rails;             /* bit d: something follows below at depth d */
    bool folded, tagged;
    struct sums sums;           /* of a branch */
    size_t first;               /* of a branch: see model_members() */
};

struct model;

struct model *model_new(void) PM_MUST_USE;
void model_close(struct model **model);

/* ---- how it is shown; takes effect with the next build --------------------------------------- */

#define LABEL_NAME_SIZE 201 /* PM_LIMIT_VARIABLE bytes and a NUL */

struct model_view {
    enum arrange arrange;
    char label[LABEL_NAME_SIZE]; /* of BY_LABEL; who has none of that name is in no branch */
    enum column sort;
    bool inverted;
};
struct model_view *model_view(struct model *model);
void model_filter(struct model *model, struct filter *filter); /* takes it; may be NULL */
void model_specs(struct model *model, const struct specs *specs); /* borrowed; has the labels */

/* ---- the rows -------------------------------------------------------------------------------- */

void model_build(struct model *model, const struct pm_proc *procs, size_t n);
const struct row *model_rows(const struct model *model, size_t *out_n);
/* The processes of a branch that fit the filter, sums.n of them; heap, borrowed processes. */
const struct pm_proc **model_members(const struct model *model, const struct row *row) PM_MUST_USE;
const struct sums *model_sums(const struct model *model); /* of everything, shown or not */
size_t model_shown(const struct model *model);            /* processes that fit the filter */

/* ---- the cursor ------------------------------------------------------------------------------ */

size_t model_cursor(const struct model *model);           /* its row; 0 when there is none */
const struct row *model_at_cursor(const struct model *model); /* NULL: there are no rows */
void model_move(struct model *model, long rows);          /* stops at both ends */
void model_go(struct model *model, size_t row);
void model_go_to(struct model *model, uint64_t id);       /* that process, when it is shown */
/* The first row to show on a page of so many, so that the cursor is on it and little moves. */
size_t model_page(struct model *model, size_t height);

/* ---- branches -------------------------------------------------------------------------------- */

enum fold { FOLD, UNFOLD, FOLD_TOGGLE };
void model_fold(struct model *model, enum fold how);      /* the branch at, or around, the cursor */
void model_fold_all(struct model *model, bool folded);

/* ---- tags ------------------------------------------------------------------------------------ */

void model_tag(struct model *model);                      /* the row at the cursor, or branch */
void model_tag_shown(struct model *model);                /* everything that fits the filter */
void model_untag_all(struct model *model);
size_t model_tagged(const struct model *model);
/* What an action is for: the tagged processes; when none is tagged, those of the cursor's row.
 * Heap array of n borrowed processes, for the caller to free. */
const struct pm_proc **model_targets(const struct model *model, size_t *out_n);

#endif
