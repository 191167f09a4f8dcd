/* The wish, and how it changes.
 *
 * A wish owns a deep copy of its spec in an arena of its own, so changing one never touches
 * another. While a transaction is open the memory already shows the new wish; the touched list
 * has what is needed to go back. Nobody sends anything from here: a commit only marks the posts
 * whose specs or wants a deputy has to hear again.
 */
#include "sheriffd/desired.h"

#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>

/* ---- finding ---------------------------------------------------------------------- */

struct name_key { const char *host, *group, *name; };

static uint64_t hash_name(const char *host, const char *group, const char *name)
{
    return table_hash_text(table_hash_text(table_hash_text(0, host), group), name);
}

static bool same_name(const void *item, const void *key)
{
    const struct pm_spec *spec = &((const struct wish *)item)->spec;
    const struct name_key *wanted = key;

    return strcmp(spec->name, wanted->name) == 0 && strcmp(spec->group, wanted->group) == 0 &&
           strcmp(spec->host, wanted->host) == 0;
}

static bool same_id(const void *item, const void *key)
{
    return ((const struct wish *)item)->spec.id == *(const uint64_t *)key;
}

static bool same_post(const void *item, const void *key)
{
    return strcmp(((const struct post *)item)->name, key) == 0;
}

struct wish *desired_by_id(const struct desired *d, uint64_t id)
{
    return table_find(&d->by_id, table_hash_number(id), same_id, &id);
}

struct wish *desired_find(const struct desired *d, const char *host, const char *group,
                          const char *name)
{
    struct name_key key = { .host = host, .group = group, .name = name };

    return table_find(&d->by_name, hash_name(host, group, name), same_name, &key);
}

struct post *desired_find_post(const struct desired *d, const char *name)
{
    return table_find(&d->posts_by_name, table_hash_text(0, name), same_post, name);
}

struct post *desired_post(struct desired *d, const char *name)
{
    struct post *post = desired_find_post(d, name);

    if (post != NULL)
        return post;
    post = pm_alloc(sizeof *post);
    post->name = pm_strdup(name);
    post->specs_generation = post->wants_generation = d->committed;
    if (d->n_posts == d->posts_cap) {
        d->posts_cap = d->posts_cap > 0 ? 2 * d->posts_cap : 8;
        d->posts = pm_resize(d->posts, d->posts_cap, sizeof(struct post *));
    }
    d->posts[d->n_posts++] = post;
    table_put(&d->posts_by_name, table_hash_text(0, name), post);
    return post;
}

static int by_label(const void *a, const void *b)
{
    return pm_spec_order(&(*(struct wish *const *)a)->spec, &(*(struct wish *const *)b)->spec);
}

struct wish **desired_sorted(struct desired *d, size_t *out_n)
{
    if (!d->sorted && d->n > 1)
        qsort(d->wishes, d->n, sizeof(struct wish *), by_label);
    d->sorted = true;
    *out_n = d->n;
    return d->wishes;
}

size_t desired_bytes(const struct post *post)
{
    size_t bytes = 0;

    for (size_t i = 0; i < post->n; i++)
        if (!post->wishes[i]->removing)
            bytes += post->wishes[i]->bytes;
    return bytes;
}

const char *desired_host(const struct desired *d, const char *host)
{
    static const char *const own[] = { "", "localhost", "127.0.0.1", "::1" };

    for (size_t i = 0; i < PM_COUNT(own); i++)
        if (strcmp(host, own[i]) == 0)
            return d->own;
    return host;
}

/* ---- making and freeing ----------------------------------------------------------- */

void desired_init(struct desired *d, const char *own)
{
    *d = (struct desired){ .own = pm_strdup(own) };
    desired_post(d, own);
}

static void take_spec(struct wish *wish, const struct pm_spec *spec, uint64_t id,
                      const char *host)
{
    struct pm_spec named = pm_spec_normal(spec);

    named.id = id;
    named.host = host;
    pm_arena_init(&wish->arena, 0);
    enum pm_err err = pm_copy(&pm_spec_desc, &named, &wish->arena, &wish->spec);
    pm_assert(err == PM_OK); /* a spec that came in one message fits one arena */
    wish->bytes = pm_encoded_size(&pm_spec_desc, &wish->spec);
}

/* Where in its post a wish with this id is, or belongs. */
static size_t place_in_post(const struct post *post, uint64_t id)
{
    size_t low = 0, high = post->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (post->wishes[middle]->spec.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct wish *make(struct desired *d, const struct pm_spec *spec, uint64_t id)
{
    struct wish *wish = pm_alloc(sizeof *wish);
    const char *host = desired_host(d, spec->host);
    struct post *post = desired_post(d, host);

    take_spec(wish, spec, id, host);
    wish->by = pm_strdup("");
    wish->post = post;
    post->wishes = pm_resize(post->wishes, post->n + 1, sizeof(struct wish *));
    size_t at = place_in_post(post, id);
    memmove(&post->wishes[at + 1], &post->wishes[at], (post->n - at) * sizeof(struct wish *));
    post->wishes[at] = wish;
    post->n++;
    if (d->n == d->cap) {
        d->cap = d->cap > 0 ? 2 * d->cap : 64;
        d->wishes = pm_resize(d->wishes, d->cap, sizeof(struct wish *));
    }
    d->wishes[d->n++] = wish;
    d->sorted = false;
    table_put(&d->by_id, table_hash_number(id), wish);
    table_put(&d->by_name, hash_name(host, wish->spec.group, wish->spec.name), wish);
    return wish;
}

static void free_wish(struct wish *wish)
{
    pm_arena_fini(&wish->arena);
    free(wish->by);
    free(wish);
}

static size_t place_in_all(struct desired *d, const struct wish *wish)
{
    size_t i = 0;

    if (d->sorted) {
        struct wish **found = bsearch(&wish, d->wishes, d->n, sizeof(struct wish *), by_label);

        pm_assert(found != NULL);
        return (size_t)(found - d->wishes);
    }
    while (d->wishes[i] != wish)
        i++;
    return i;
}

static void unmake(struct desired *d, struct wish *wish)
{
    struct post *post = wish->post;
    const struct pm_spec *spec = &wish->spec;
    size_t at = place_in_post(post, spec->id), all = place_in_all(d, wish);

    memmove(&post->wishes[at], &post->wishes[at + 1],
            (post->n - at - 1) * sizeof(struct wish *));
    post->n--;
    memmove(&d->wishes[all], &d->wishes[all + 1], (d->n - all - 1) * sizeof(struct wish *));
    d->n--;
    table_drop(&d->by_id, table_hash_number(spec->id), wish);
    table_drop(&d->by_name, hash_name(spec->host, spec->group, spec->name), wish);
    free_wish(wish);
}

void desired_forget(struct desired *d, struct wish **wish)
{
    pm_assert(!d->changing && (*wish)->removing);
    unmake(d, *wish);
    *wish = NULL;
}

struct wish *desired_load(struct desired *d, const struct pm_spec *spec)
{
    pm_assert(!d->changing);
    if (spec->id > d->last_id)
        d->last_id = spec->id;
    struct wish *wish = make(d, spec, spec->id);

    wish->stored = true;
    return wish;
}

/* ---- transactions ----------------------------------------------------------------- */

void desired_begin(struct desired *d)
{
    pm_assert(!d->changing);
    d->changing = true;
    d->generation++;
}

static struct touch *touch(struct desired *d, struct wish *wish)
{
    pm_assert(d->changing);
    if (wish->touch > 0)
        return &d->touched[wish->touch - 1];
    if (d->n_touched == d->touched_cap) {
        d->touched_cap = d->touched_cap > 0 ? 2 * d->touched_cap : 16;
        d->touched = pm_resize(d->touched, d->touched_cap, sizeof(struct touch));
    }
    d->touched[d->n_touched] = (struct touch){
        .wish = wish, .old_up = wish->up, .old_held = wish->held,
        .old_removing = wish->removing, .old_order = wish->order, .old_by = pm_strdup(wish->by),
    };
    wish->touch = ++d->n_touched;
    return &d->touched[wish->touch - 1];
}

static void replace_spec(struct touch *t, const struct pm_spec *spec)
{
    struct wish *wish = t->wish;
    struct pm_arena before = wish->arena;
    struct pm_spec before_spec = wish->spec;

    take_spec(wish, spec, before_spec.id, before_spec.host);
    if (t->added || t->spec) {
        pm_arena_fini(&before);
        return;
    }
    t->spec = true;
    t->old_spec = before_spec;
    t->old_arena = before;
}

struct wish *desired_add(struct desired *d, const struct pm_spec *spec)
{
    const char *host = desired_host(d, spec->host);
    struct wish *wish = desired_find(d, host, spec->group, spec->name);

    if (wish != NULL) {
        pm_assert(wish->removing);
        struct touch *t = touch(d, wish);

        replace_spec(t, spec);
        t->want = true;
        wish->removing = wish->held = false;
        return wish;
    }
    wish = make(d, spec, ++d->last_id);
    struct touch *t = touch(d, wish);
    t->added = t->want = true;
    wish->order = ++d->last_order;
    return wish;
}

void desired_change(struct desired *d, struct wish *wish, const struct pm_spec *spec)
{
    replace_spec(touch(d, wish), spec);
}

static void set_by(struct wish *wish, const char *by)
{
    free(wish->by);
    wish->by = pm_strdup(by);
}

void desired_order(struct desired *d, struct wish *wish, bool up, const char *by)
{
    touch(d, wish)->want = true;
    wish->up = up;
    wish->order = ++d->last_order;
    set_by(wish, by);
}

void desired_hold(struct desired *d, struct wish *wish, bool held)
{
    if (wish->held == held)
        return;
    touch(d, wish)->want = true;
    wish->held = held;
}

void desired_raise(struct desired *d, struct wish *wish, uint64_t order)
{
    touch(d, wish)->want = true;
    wish->order = order;
    if (order > d->last_order)
        d->last_order = order;
}

void desired_remove(struct desired *d, struct wish *wish, const char *by)
{
    touch(d, wish)->removed = true;
    set_by(wish, by);
    wish->removing = true;
    wish->up = false;
}

static void forget_touches(struct desired *d)
{
    for (size_t i = 0; i < d->n_touched; i++)
        free(d->touched[i].old_by);
    pm_free(&d->touched); /* one of twenty thousand would be 4 MB for good */
    d->n_touched = d->touched_cap = 0;
    d->changing = false;
}

static void renew_specs(const struct desired *d, struct post *post)
{
    post->specs_generation = d->generation;
    post->specs_due = post->specs_fresh = true;
}

static void renew_wants(const struct desired *d, struct post *post)
{
    post->wants_generation = d->generation;
    post->wants_due = post->wants_fresh = true;
}

void desired_tell(struct desired *d, struct post *post, bool specs)
{
    if (post->wants_fresh && (post->specs_fresh || !specs))
        return;
    post->tell_specs |= specs;
    if (post->tell)
        return;
    post->tell = true;
    d->telling = pm_resize(d->telling, d->n_telling + 1, sizeof(struct post *));
    d->telling[d->n_telling++] = post;
}

static void renew_told(struct desired *d)
{
    for (size_t i = 0; i < d->n_telling; i++) {
        struct post *post = d->telling[i];

        if (post->tell_specs)
            renew_specs(d, post);
        renew_wants(d, post);
        post->tell = post->tell_specs = false;
    }
    d->n_telling = 0;
}

void desired_commit(struct desired *d)
{
    if (d->n_touched == 0 && d->n_telling == 0)
        d->generation--; /* nobody has seen it */
    else
        d->committed = d->generation;
    for (size_t i = 0; i < d->n_touched; i++) {
        struct touch *t = &d->touched[i];
        struct post *post = t->wish->post;

        t->wish->touch = 0;
        if (t->spec)
            pm_arena_fini(&t->old_arena);
        if (t->spec || t->added || t->removed)
            renew_specs(d, post);
        renew_wants(d, post);
    }
    renew_told(d);
    forget_touches(d);
}

void desired_abort(struct desired *d)
{
    for (size_t i = d->n_touched; i-- > 0;) {
        struct touch *t = &d->touched[i];
        struct wish *wish = t->wish;

        wish->touch = 0;
        if (t->added) {
            unmake(d, wish);
            continue;
        }
        if (t->spec) {
            pm_arena_fini(&wish->arena);
            wish->spec = t->old_spec;
            wish->arena = t->old_arena;
            wish->bytes = pm_encoded_size(&pm_spec_desc, &wish->spec);
        }
        wish->up = t->old_up;
        wish->held = t->old_held;
        wish->removing = t->old_removing;
        wish->order = t->old_order;
        set_by(wish, t->old_by);
    }
    forget_touches(d);
}

void desired_fini(struct desired *d)
{
    if (d->changing)
        desired_abort(d);
    for (size_t i = 0; i < d->n; i++)
        free_wish(d->wishes[i]);
    for (size_t i = 0; i < d->n_posts; i++) {
        free(d->posts[i]->name);
        free(d->posts[i]->wishes);
        free(d->posts[i]);
    }
    table_fini(&d->by_id);
    table_fini(&d->by_name);
    table_fini(&d->posts_by_name);
    free(d->wishes);
    free(d->posts);
    free(d->touched);
    free(d->telling);
    free((char *)d->own);
}
