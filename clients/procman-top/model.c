/* A build sorts the processes that fit, by branch and then by the chosen column, and walks them
 * once: the processes of a branch stand together, and those of its sub-branches within them.
 *
 * The same walk adds up each branch, folded or not. Folded branches and tags are kept by name and
 * number, so they outlive builds, sheriffs and processes that come and go.
 */
#include "model_inside.h"

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

struct model *model_new(void)
{
    struct model *model = pm_alloc(sizeof *model);

    model->view.sort = COLUMN_NAME;
    return model;
}

void model_close(struct model **where)
{
    struct model *model = *where;

    if (model == NULL)
        return;
    model_drop_all(&model->folded, &model->n_folded);
    model_drop_all(&model->paths, &model->n_paths);
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

/* ---- building -------------------------------------------------------------------------------- */

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
           && (model->entries[i].branch[n] == model_parting(model)
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
    const char parts[] = { model_parting(model), '\0' };

    while (span.from < span.to) {
        const char *branch = model->entries[span.from].branch;
        size_t n = above + strcspn(branch + above, parts);
        struct span inside = { span.from, end_of_branch(model, span, n) };
        size_t at = model->n_rows;
        struct row *row = new_row(model, depth);

        row->path = keep_path(model, branch, n);
        row->label = row->path + above;
        row->first = span.from;
        row->folded = model_find_fold(model, row->path) < model->n_folded;
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
    model_drop_all(&model->paths, &model->n_paths);
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

const struct pm_proc **model_members(const struct model *model, const struct row *row)
{
    const struct pm_proc **members = pm_resize(NULL, row->sums.n + 1, sizeof *members);

    for (size_t i = 0; i < row->sums.n; i++)
        members[i] = model->entries[row->first + i].proc;
    return members;
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
