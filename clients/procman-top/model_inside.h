/* What the files of the model share; nobody else includes it. */
#ifndef TOP_MODEL_INSIDE_H
#define TOP_MODEL_INSIDE_H

#include "idset.h"
#include "model.h"

struct entry { /* a process that fits */
    const struct pm_proc *proc;
    const char *branch;
};

struct model {
    struct model_view view;
    struct filter *filter;
    const struct specs *specs; /* NULL: no label is known */
    struct entry *entries;
    size_t n_entries, room_entries;
    struct row *rows;
    size_t n_rows, room_rows;
    struct sums all;
    char **folded;             /* paths */
    size_t n_folded;
    char **paths;              /* that rows of branches borrow; of the last build */
    size_t n_paths, room_paths;
    struct idset tags;         /* numbers of processes */
    size_t cursor, top;
    uint64_t cursor_id;        /* of the process it stands on, or 0 */
    char *cursor_path;         /* of the branch it stands on, or NULL */
};

size_t model_find_fold(const struct model *model, const char *path); /* n_folded: it is not */
/* What parts the names of a branch's path; '\0': a path has one name. */
char model_parting(const struct model *model);
void model_drop_all(char ***texts, size_t *n);

#endif
