/* A new generation replaces the whole list at once, but a process that is being removed still
 * needs the stop signal and timeout of the spec it was started with. So each process holds the
 * list its spec is in, and a list lives as long as somebody holds it: no copy per process.
 */
#include "brain/specs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct specs {
    struct pm_arena arena;
    struct pm_spec_list list;         /* in the sheriff's order */
    const struct pm_spec **by_name;   /* sorted by group and name */
    unsigned holders;
};

static int by_name(const void *a, const void *b)
{
    const struct pm_spec *one = *(const struct pm_spec *const *)a;
    const struct pm_spec *other = *(const struct pm_spec *const *)b;
    int order = strcmp(one->group, other->group);

    return order ? order : strcmp(one->name, other->name);
}

static struct specs *new_specs(void)
{
    struct specs *specs = pm_alloc(sizeof *specs);

    pm_arena_init(&specs->arena, 0);
    specs->holders = 1;
    return specs;
}

static void sort(struct specs *specs)
{
    specs->by_name = pm_resize(NULL, specs->list.n + 1, sizeof(const struct pm_spec *));
    for (size_t i = 0; i < specs->list.n; i++)
        specs->by_name[i] = &specs->list.at[i];
    if (specs->list.n > 1)
        qsort(specs->by_name, specs->list.n, sizeof *specs->by_name, by_name);
}

static enum pm_err check(const struct specs *specs, char *text, size_t size)
{
    for (size_t i = 0; i < specs->list.n; i++) {
        const struct pm_spec *spec = specs->by_name[i];
        const char *fault = pm_spec_fault(spec);

        if (fault == NULL && i > 0 && by_name(&specs->by_name[i - 1], &specs->by_name[i]) == 0)
            fault = "it is there twice";
        if (fault == NULL)
            continue;
        snprintf(text, size, "spec of %s%s%s: %s", spec->group, *spec->group ? "/" : "",
                 spec->name, fault);
        return PM_BAD_MESSAGE;
    }
    return PM_OK;
}

enum pm_err specs_open(const struct pm_spec_list *list, char *text, size_t size,
                       struct specs **out)
{
    struct specs *specs = new_specs();
    struct pm_specs from = { .specs = *list }, copy;
    enum pm_err err = pm_copy(&pm_specs_desc, &from, &specs->arena, &copy);

    if (err == PM_OK) {
        specs->list = copy.specs;
        sort(specs);
        err = check(specs, text, size);
    }
    if (err != PM_OK) {
        specs_drop(&specs);
        return err;
    }
    *out = specs;
    return PM_OK;
}

struct specs *specs_open_plain(const char *group, const char *name)
{
    struct specs *specs = new_specs();
    struct pm_spec plain, *copy = pm_arena_get(&specs->arena, sizeof *copy);

    pm_spec_init(&plain);
    plain.group = group;
    plain.name = name;
    pm_assert(copy != NULL && pm_copy(&pm_spec_desc, &plain, &specs->arena, copy) == PM_OK);
    specs->list = (struct pm_spec_list){ .at = copy, .n = 1 };
    sort(specs);
    return specs;
}

struct specs *specs_hold(struct specs *specs)
{
    specs->holders++;
    return specs;
}

void specs_drop(struct specs **specs)
{
    struct specs *gone = *specs;

    *specs = NULL;
    if (gone == NULL || --gone->holders > 0)
        return;
    pm_arena_fini(&gone->arena);
    free(gone->by_name);
    free(gone);
}

struct pm_spec_list specs_list(const struct specs *specs)
{
    return specs != NULL ? specs->list : (struct pm_spec_list){ 0 };
}

const struct pm_spec *specs_find(const struct specs *specs, const char *group, const char *name)
{
    struct pm_spec key = { .group = group, .name = name };
    const struct pm_spec *wanted = &key, **found;

    if (specs == NULL)
        return NULL;
    found = bsearch(&wanted, specs->by_name, specs->list.n, sizeof *specs->by_name, by_name);
    return found != NULL ? *found : NULL;
}
