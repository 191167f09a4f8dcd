/* An index by number over what the sheriff sent; it sends by name. */
#include "specs.h"

#include <stdlib.h>
#include <string.h>

struct known { uint64_t id; const struct pm_spec *spec; };

struct specs {
    struct pm_spec_list list;
    struct known *by_id;
    size_t n;
    bool known;
};

struct specs *specs_new(void)
{
    return pm_alloc(sizeof(struct specs));
}

void specs_close(struct specs **where)
{
    if (*where == NULL)
        return;
    free((*where)->by_id);
    free(*where);
    *where = NULL;
}

static int by_id(const void *one, const void *other)
{
    uint64_t a = ((const struct known *)one)->id, b = ((const struct known *)other)->id;

    return (a > b) - (a < b);
}

void specs_take(struct specs *specs, struct pm_spec_list list, struct pm_proc_list procs)
{
    specs->list = list;
    specs->known = true;
    specs->n = list.n < procs.n ? list.n : procs.n;
    specs->by_id = pm_resize(specs->by_id, specs->n + 1, sizeof *specs->by_id);
    for (size_t i = 0; i < specs->n; i++)
        specs->by_id[i] = (struct known){ procs.at[i].id, &list.at[i] };
    qsort(specs->by_id, specs->n, sizeof *specs->by_id, by_id);
}

bool specs_known(const struct specs *specs)
{
    return specs->known;
}

struct pm_spec_list specs_all(const struct specs *specs)
{
    return specs->list;
}

const struct pm_spec *specs_of(const struct specs *specs, uint64_t id)
{
    struct known key = { .id = id }, *found = NULL;

    if (specs->n > 0)
        found = bsearch(&key, specs->by_id, specs->n, sizeof *specs->by_id, by_id);
    return found ? found->spec : NULL;
}

const char *specs_label(const struct specs *specs, uint64_t id, const char *name)
{
    const struct pm_spec *spec = specs_of(specs, id);

    for (size_t i = 0; spec != NULL && i < spec->labels.n; i++)
        if (strcmp(spec->labels.at[i].name, name) == 0)
            return spec->labels.at[i].value;
    return "";
}

const char *specs_next_label(const struct specs *specs, const char *name)
{
    const char *next = NULL;

    for (size_t i = 0; i < specs->list.n; i++) {
        const struct pm_var_list *labels = &specs->list.at[i].labels;
        for (size_t k = 0; k < labels->n; k++)
            if (strcmp(labels->at[k].name, name) > 0
                && (next == NULL || strcmp(labels->at[k].name, next) < 0))
                next = labels->at[k].name;
    }
    return next;
}
