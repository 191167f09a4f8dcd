/* What the user has marked: folded branches and tagged processes, and what an action is for. */
#include "model_inside.h"

#include <stdlib.h>
#include <string.h>

void model_drop_all(char ***texts, size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        free((*texts)[i]);
    *n = 0;
}

char model_parting(const struct model *model)
{
    return model->view.arrange == BY_GROUP ? '/' : '\0';
}

size_t model_find_fold(const struct model *model, const char *path)
{
    size_t i = 0;

    while (i < model->n_folded && strcmp(model->folded[i], path) != 0)
        i++;
    return i;
}

static void set_fold(struct model *model, const char *path, bool on)
{
    size_t at = model_find_fold(model, path);

    if (on && at == model->n_folded) {
        model->folded = pm_resize(model->folded, model->n_folded + 1, sizeof *model->folded);
        model->folded[model->n_folded++] = pm_strdup(path);
    } else if (!on && at < model->n_folded) {
        free(model->folded[at]);
        model->folded[at] = model->folded[--model->n_folded];
    }
}

/* ---- branches -------------------------------------------------------------------------------- */

static const struct row *branch_at_cursor(const struct model *model)
{
    for (size_t i = model->cursor + 1; i-- > 0 && i < model->n_rows;)
        if (model->rows[i].proc == NULL
            && (i == model->cursor || model->rows[i].depth < model->rows[model->cursor].depth))
            return &model->rows[i];
    return NULL;
}

void model_fold(struct model *model, enum fold how)
{
    const struct row *row = model_at_cursor(model);
    const struct row *branch = row ? branch_at_cursor(model) : NULL;

    if (branch == NULL)
        return;
    set_fold(model, branch->path, how == FOLD || (how == FOLD_TOGGLE && !branch->folded));
    if (branch != row)
        model_go(model, (size_t)(branch - model->rows));
}

void model_fold_all(struct model *model, bool folded)
{
    if (!folded) {
        model_drop_all(&model->folded, &model->n_folded);
        return;
    }
    for (size_t i = 0; i < model->n_rows; i++)
        if (model->rows[i].proc == NULL)
            set_fold(model, model->rows[i].path, true);
}

/* ---- tags ------------------------------------------------------------------------------------ */

/* Is that entry in the branch of that path? */
static bool within(const struct model *model, const struct entry *entry, const char *path)
{
    size_t n = strlen(path);

    return strncmp(entry->branch, path, n) == 0
           && (n == 0 || entry->branch[n] == '\0' || entry->branch[n] == model_parting(model));
}

static void tag_branch(struct model *model, const char *path)
{
    bool on = false;

    for (size_t i = 0; i < model->n_entries; i++)
        on |= within(model, &model->entries[i], path)
              && !idset_has(&model->tags, model->entries[i].proc->id);
    for (size_t i = 0; i < model->n_entries; i++)
        if (within(model, &model->entries[i], path))
            idset_put(&model->tags, model->entries[i].proc->id, on);
}

void model_tag(struct model *model)
{
    const struct row *row = model_at_cursor(model);

    if (row == NULL)
        return;
    if (row->proc != NULL)
        idset_put(&model->tags, row->proc->id, !idset_has(&model->tags, row->proc->id));
    else
        tag_branch(model, row->path);
}

void model_tag_shown(struct model *model)
{
    for (size_t i = 0; i < model->n_entries; i++)
        idset_put(&model->tags, model->entries[i].proc->id, true);
}

void model_untag_all(struct model *model)
{
    idset_fini(&model->tags);
}

size_t model_tagged(const struct model *model)
{
    return model->tags.n;
}

const struct pm_proc **model_targets(const struct model *model, size_t *out_n)
{
    const struct pm_proc **targets = pm_resize(NULL, model->n_entries + 1, sizeof *targets);
    const struct row *row = model_at_cursor(model);
    size_t n = 0;

    for (size_t i = 0; i < model->n_entries; i++) {
        const struct entry *entry = &model->entries[i];
        bool meant;
        if (model->tags.n > 0)
            meant = idset_has(&model->tags, entry->proc->id);
        else if (row == NULL || row->proc != NULL)
            meant = row != NULL && row->proc == entry->proc;
        else
            meant = within(model, entry, row->path);
        if (meant)
            targets[n++] = entry->proc;
    }
    *out_n = n;
    return targets;
}
