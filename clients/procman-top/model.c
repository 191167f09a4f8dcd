/* A build sorts the processes that fit, by branch and then by the chosen column, and walks them
 * once: the processes of a branch stand together, and those of its sub-branches within them.
 *
 * The same walk adds up each branch, folded or not. Folded branches and tags are kept by name and
 * number, so they outlive builds, sheriffs and processes that come and go.
 */
#include "model.h"

#include "idset.h"
#include "rank.h"

#include <stdlib.h>
#include <string.h>

#define MOST_DEPTH 31 /* of `rails`; deeper branches are drawn at that depth */

const struct column_info columns[COLUMN_COUNT] = {
#define COLUMN(name, title, word, width, from, meaning) \
    [COLUMN_##name] = { title, word, meaning, width, from },
#include "columns.def"
#undef COLUMN
};

const char *const arrange_words[ARRANGE_COUNT] = { "group", "host", "label", "flat" };

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

struct model *model_new(void)
{
    struct model *model = pm_alloc(sizeof *model);

    model->view.sort = COLUMN_NAME;
    return model;
}

static void drop_all(char ***texts, size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        free((*texts)[i]);
    *n = 0;
}

void model_close(struct model **where)
{
    struct model *model = *where;

    if (model == NULL)
        return;
    drop_all(&model->folded, &model->n_folded);
    drop_all(&model->paths, &model->n_paths);
    filter_close(&model->filter);
    free(model->folded);
    free(model->paths);
    free(model->entries);
    free(model->rows);
    idset_fini(&model->tags);
    free(model->cursor_path);
    free(model);
    *where = NULL;
}

struct model_view *model_view(struct model *model)
{
    return &model->view;
}

void model_filter(struct model *model, struct filter *filter)
{
    filter_close(&model->filter);
    model->filter = filter;
}

void model_specs(struct model *model, const struct specs *specs)
{
    model->specs = specs;
}

/* ---- sums ------------------------------------------------------------------------------------ */

static void add(struct sums *sums, const struct pm_proc *proc)
{
    sums->n++;
    sums->by_state[proc->state]++;
    sums->up += proc->state == PM_STATE_RUNNING;
    sums->cpu_pct += proc->cpu_pct;
    sums->rss_bytes += proc->rss_bytes;
    sums->restarts += proc->restarts;
}

/* ---- tags and folds -------------------------------------------------------------------------- */

/* Of those that are still there. */
static void keep_tags(struct model *model, const struct pm_proc *procs, size_t n)
{
    struct idset kept = { 0 };

    for (size_t i = 0; model->tags.n > 0 && i < n; i++)
        if (idset_has(&model->tags, procs[i].id))
            idset_put(&kept, procs[i].id, true);
    idset_fini(&model->tags);
    model->tags = kept;
}

static size_t find_fold(const struct model *model, const char *path)
{
    size_t i = 0;

    while (i < model->n_folded && strcmp(model->folded[i], path) != 0)
        i++;
    return i;
}

static void set_fold(struct model *model, const char *path, bool on)
{
    size_t at = find_fold(model, path);

    if (on && at == model->n_folded) {
        model->folded = pm_resize(model->folded, model->n_folded + 1, sizeof *model->folded);
        model->folded[model->n_folded++] = pm_strdup(path);
    } else if (!on && at < model->n_folded) {
        free(model->folded[at]);
        model->folded[at] = model->folded[--model->n_folded];
    }
}

/* ---- building -------------------------------------------------------------------------------- */

/* What is below a branch comes right behind it: '/' before any other character. */
static int weight(char c)
{
    return c == '/' ? 1 : (unsigned char)c * 2;
}

static int compare_branches(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return weight(*a) - weight(*b);
}

static int compare(const void *one, const void *other, void *context)
{
    const struct entry *a = one, *b = other;
    const struct model_view *view = context;
    int order = compare_branches(a->branch, b->branch);

    return order ? order : rank_compare(a->proc, b->proc, view->sort, view->inverted);
}

static const char *branch_of(const struct model *model, const struct pm_proc *proc)
{
    switch (model->view.arrange) {
    case BY_GROUP:
        return proc->group;
    case BY_HOST:
        return proc->host;
    case BY_LABEL:
        return model->specs ? specs_label(model->specs, proc->id, model->view.label) : "";
    default:
        return "";
    }
}

/* What parts the names of a branch's path; '\0': a path has one name. */
static char parting(const struct model *model)
{
    return model->view.arrange == BY_GROUP ? '/' : '\0';
}

static void collect(struct model *model, const struct pm_proc *procs, size_t n)
{
    if (n > model->room_entries) {
        model->room_entries = n;
        model->entries = pm_resize(model->entries, n, sizeof *model->entries);
    }
    keep_tags(model, procs, n);
    model->n_entries = 0;
    model->all = (struct sums){ 0 };
    for (size_t i = 0; i < n; i++) {
        add(&model->all, &procs[i]);
        if (filter_match(model->filter, &procs[i]))
            model->entries[model->n_entries++] = (struct entry){ &procs[i],
                                                                 branch_of(model, &procs[i]) };
    }
    if (model->n_entries > 1)
        qsort_r(model->entries, model->n_entries, sizeof *model->entries, compare, &model->view);
}

static struct row *new_row(struct model *model, int depth)
{
    if (model->n_rows == model->room_rows) {
        model->room_rows = model->room_rows * 2 + 64;
        model->rows = pm_resize(model->rows, model->room_rows, sizeof *model->rows);
    }
    model->rows[model->n_rows] = (struct row){ .depth = depth < MOST_DEPTH ? depth : MOST_DEPTH };
    return &model->rows[model->n_rows++];
}

static const char *keep_path(struct model *model, const char *branch, size_t n)
{
    char *path = pm_strdup(branch);

    path[n] = '\0';
    if (model->n_paths == model->room_paths) {
        model->room_paths = model->room_paths * 2 + 16;
        model->paths = pm_resize(model->paths, model->room_paths, sizeof *model->paths);
    }
    return model->paths[model->n_paths++] = path;
}

struct span { size_t from, to; }; /* of entries */

/* Those at `from` and after that are in the same branch, of which n bytes of the path are meant. */
static size_t end_of_branch(const struct model *model, struct span span, size_t n)
{
    const char *branch = model->entries[span.from].branch;
    size_t i = span.from + 1;

    while (i < span.to && strncmp(model->entries[i].branch, branch, n) == 0
           && (model->entries[i].branch[n] == parting(model)
               || model->entries[i].branch[n] == '\0'))
        i++;
    return i;
}

static void add_processes(struct model *model, struct span span, int depth)
{
    for (size_t i = span.from; i < span.to; i++) {
        const struct pm_proc *proc = model->entries[i].proc;
        struct row *row = new_row(model, depth);
        row->proc = proc;
        row->path = model->entries[i].branch;
        row->label = proc->name;
        row->tagged = idset_has(&model->tags, proc->id);
    }
}

static void add_branches(struct model *model, struct span span, size_t above, int depth);

/* The entries of one branch: its sub-branches first, as directories come before files. The
 * sorting has put its own processes in front of them. */
static void add_contents(struct model *model, struct span span, size_t n, int depth)
{
    size_t own = span.from;

    while (own < span.to && model->entries[own].branch[n] == '\0')
        own++;
    add_branches(model, (struct span){ own, span.to }, n > 0 ? n + 1 : 0, depth);
    add_processes(model, (struct span){ span.from, own }, depth);
}

static void add_branches(struct model *model, struct span span, size_t above, int depth)
{
    const char parts[] = { parting(model), '\0' };

    while (span.from < span.to) {
        const char *branch = model->entries[span.from].branch;
        size_t n = above + strcspn(branch + above, parts);
        struct span inside = { span.from, end_of_branch(model, span, n) };
        size_t at = model->n_rows;
        struct row *row = new_row(model, depth);

        row->path = keep_path(model, branch, n);
        row->label = row->path + above;
        row->folded = find_fold(model, row->path) < model->n_folded;
        for (size_t i = inside.from; i < inside.to; i++)
            add(&row->sums, model->entries[i].proc);
        if (!model->rows[at].folded)
            add_contents(model, inside, n, depth + 1);
        span.from = inside.to;
    }
}

/* From below: a row has a rail at a depth when, before anything less deep, a row of that depth
 * follows it. */
static void lay_rails(struct model *model)
{
    uint32_t rails = 0;

    for (size_t i = model->n_rows; i-- > 0;) {
        struct row *row = &model->rows[i];
        rails &= (UINT32_C(1) << row->depth) * 2 - 1;
        row->rails = rails;
        rails |= UINT32_C(1) << row->depth;
    }
}

static bool is_cursor(const struct model *model, const struct row *row)
{
    if (row->proc != NULL)
        return model->cursor_id != 0 && row->proc->id == model->cursor_id;
    return model->cursor_path != NULL && strcmp(row->path, model->cursor_path) == 0;
}

static void find_cursor(struct model *model)
{
    for (size_t i = 0; i < model->n_rows; i++) {
        if (is_cursor(model, &model->rows[i])) {
            model->cursor = i;
            return;
        }
    }
    model_go(model, model->cursor);
}

void model_build(struct model *model, const struct pm_proc *procs, size_t n)
{
    model->n_rows = 0;
    drop_all(&model->paths, &model->n_paths);
    collect(model, procs, n);
    add_contents(model, (struct span){ 0, model->n_entries }, 0, 0);
    lay_rails(model);
    find_cursor(model);
}

const struct row *model_rows(const struct model *model, size_t *out_n)
{
    *out_n = model->n_rows;
    return model->rows;
}

const struct sums *model_sums(const struct model *model)
{
    return &model->all;
}

size_t model_shown(const struct model *model)
{
    return model->n_entries;
}

/* ---- the cursor ------------------------------------------------------------------------------ */

size_t model_cursor(const struct model *model)
{
    return model->cursor;
}

const struct row *model_at_cursor(const struct model *model)
{
    return model->cursor < model->n_rows ? &model->rows[model->cursor] : NULL;
}

void model_go(struct model *model, size_t row)
{
    const struct row *at;

    if (model->n_rows == 0)
        return; /* who stood somewhere will stand there again when it is back */
    model->cursor = row < model->n_rows ? row : model->n_rows - 1;
    at = &model->rows[model->cursor];
    model->cursor_id = at->proc ? at->proc->id : 0;
    pm_free(&model->cursor_path);
    if (at->proc == NULL)
        model->cursor_path = pm_strdup(at->path);
}

void model_move(struct model *model, long rows)
{
    long to = (long)model->cursor + rows;

    model_go(model, to > 0 ? (size_t)to : 0);
}

void model_go_to(struct model *model, uint64_t id)
{
    for (size_t i = 0; i < model->n_rows; i++)
        if (model->rows[i].proc != NULL && model->rows[i].proc->id == id)
            model_go(model, i);
}

size_t model_page(struct model *model, size_t height)
{
    size_t last = model->n_rows > height ? model->n_rows - height : 0;

    if (model->top > last)
        model->top = last;
    if (model->cursor < model->top)
        model->top = model->cursor;
    if (height > 0 && model->cursor >= model->top + height)
        model->top = model->cursor - height + 1;
    return model->top;
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
        drop_all(&model->folded, &model->n_folded);
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
           && (n == 0 || entry->branch[n] == '\0' || entry->branch[n] == parting(model));
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
