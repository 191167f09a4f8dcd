/* From wish and row to what people read.
 *
 * A process whose deputy is away has no state of its own: what was last known of it would be a
 * guess. It is LOST when its deputy was here before, and WAITING (or STOPPED, when it is not
 * wanted) when nothing is known at all. Sentences hold no ages, because a row is sent only when
 * it changes; state_age_ms has the age.
 */
#include "sheriffd/view.h"

#include "sheriffd/gate.h"
#include "sheriffd/timer.h"

#include <procman/limits.h>
#include <procman/process.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void view_init(struct view *view, uint64_t epoch)
{
    *view = (struct view){ .epoch = epoch };
}

void view_fini(struct view *view)
{
    free(view->stale);
    free(view->stale_posts);
    free(view->removed);
}

/* ---- what changed ----------------------------------------------------------------- */

void view_touch(struct view *view, struct wish *wish)
{
    if (wish->stale > 0)
        return;
    if (view->n_stale == view->stale_cap) {
        view->stale_cap = view->stale_cap > 0 ? 2 * view->stale_cap : 64;
        view->stale = pm_resize(view->stale, view->stale_cap, sizeof(struct wish *));
    }
    view->stale[view->n_stale++] = wish;
    wish->stale = view->n_stale;
}

void view_touch_post(struct view *view, struct post *post)
{
    if (post->stale)
        return;
    post->stale = true;
    if (view->n_stale_posts == view->stale_posts_cap) {
        view->stale_posts_cap = view->stale_posts_cap > 0 ? 2 * view->stale_posts_cap : 8;
        view->stale_posts = pm_resize(view->stale_posts, view->stale_posts_cap,
                                      sizeof(struct post *));
    }
    view->stale_posts[view->n_stale_posts++] = post;
}

void view_touch_run(struct view *view)
{
    view->run_stale = true;
}

void view_remove(struct view *view, struct wish *wish)
{
    if (wish->stale > 0) {
        struct wish *last = view->stale[--view->n_stale];

        view->stale[wish->stale - 1] = last;
        last->stale = wish->stale;
        wish->stale = 0;
    }
    if (view->n_removed == view->removed_cap) {
        view->removed_cap = view->removed_cap > 0 ? 2 * view->removed_cap : 16;
        view->removed = pm_resize(view->removed, view->removed_cap, sizeof(int64_t));
    }
    view->removed[view->n_removed++] = (int64_t)wish->spec.id;
}

void view_greet(struct view *view)
{
    view->asked = true;
}

int64_t view_due_in(const struct view *view, struct pm_mono now)
{
    int64_t since = pm_mono_since(view->published, now);

    if (view->n_stale + view->n_stale_posts + view->n_removed == 0 && !view->asked &&
        !view->run_stale)
        return -1;
    return since >= VIEW_PERIOD_MS ? 0 : VIEW_PERIOD_MS - since;
}

static void forget_changes(struct view *view, struct pm_mono now)
{
    for (size_t i = 0; i < view->n_stale; i++)
        view->stale[i]->stale = 0;
    for (size_t i = 0; i < view->n_stale_posts; i++)
        view->stale_posts[i]->stale = false;
    view->n_stale = view->n_stale_posts = view->n_removed = 0;
    view->asked = view->run_stale = false;
    view->published = now;
    view->seq++;
}

void view_skip(struct view *view, struct pm_mono now)
{
    forget_changes(view, now);
}

/* ---- rows ------------------------------------------------------------------------- */

static bool in_touch(const struct deputy *deputy)
{
    return deputy != NULL && deputy->link == PM_LINK_UP;
}

/* Its deputy ended cleanly, and nothing of it runs on. */
static bool left_nothing(const struct deputy *deputy)
{
    return deputy->link == PM_LINK_GONE && !deputy->left_running;
}

enum pm_state view_state(const struct wish *wish)
{
    const struct deputy *deputy = wish->post->deputy;

    if (gate_waits(wish))
        return PM_STATE_WAITING;
    if (gate_failed(wish))
        return PM_STATE_FAILED;
    if (in_touch(deputy) && wish->seen != NULL)
        return wish->seen->row.state;
    if (wish->seen != NULL && !left_nothing(deputy))
        return PM_STATE_LOST;
    return wish->up ? PM_STATE_WAITING : PM_STATE_STOPPED;
}

static const char *say(struct pm_arena *arena, const char *deputy, const char *what,
                       const char *more)
{
    char text[2 * PM_LIMIT_NAME + 80]; /* holds every sentence below */
    int n = snprintf(text, sizeof text, "deputy %s %s%s", deputy, what, more);
    const char *kept = pm_arena_str(arena, text, (size_t)n < sizeof text ? (size_t)n
                                                                         : sizeof text - 1);
    return kept != NULL ? kept : "";
}

static const char *join(struct pm_arena *arena, const char *one, const char *between,
                        const char *other)
{
    size_t n = strlen(one) + strlen(between) + strlen(other) + 1;
    char *text = pm_arena_get(arena, n);

    if (text == NULL)
        return "";
    snprintf(text, n, "%s%s%s", one, between, other);
    return text;
}

/* What it says itself is newer than why it came to that. */
static const char *row_reason(const struct wish *wish)
{
    const struct pm_status_row *row = wish->seen != NULL ? &wish->seen->row : NULL;

    if (row == NULL)
        return "";
    return *row->says != '\0' ? row->says : row->reason;
}

/* What its deputy says, and what its gate does. */
static const char *held_reason(const struct wish *wish, struct pm_mono now,
                               struct pm_arena *arena)
{
    const char *row = row_reason(wish);
    char text[GATE_TEXT_SIZE];

    if (*gate_text(wish, now, text) == '\0')
        return row;
    if (gate_waits(wish) || gate_failed(wish))
        return join(arena, text, "", "");
    if (wish->node->gate.hold == GATE_WAITS)
        return join(arena, row, "; its new run waits ", text);
    if (wish->node->gate.hold == GATE_FAILED)
        return join(arena, row, "; it got no new run: ", text);
    return join(arena, row, "; ", text);
}

/* When time starts it: not of one that an operator has stopped, nor while it is up. */
static bool tells_next(const struct wish *wish)
{
    const struct seen *seen = wish->seen;

    return wish->timer != NULL && !wish->held &&
           (seen == NULL || !pm_state_alive(seen->row.state));
}

static const char *with_next(const struct wish *wish, const char *reason,
                             struct pm_arena *arena)
{
    if (!tells_next(wish))
        return reason;
    return join(arena, reason, *reason != '\0' ? "; " : "", wish->timer->text);
}

static const char *reason(const struct wish *wish, struct pm_mono now, struct pm_arena *arena)
{
    const struct deputy *deputy = wish->post->deputy;
    const char *name = wish->post->name;

    if (deputy == NULL || deputy->link == PM_LINK_NEVER)
        return say(arena, name, "has not connected", "");
    if (left_nothing(deputy))
        return say(arena, name, "has ended", "");
    if (deputy->link == PM_LINK_GONE)
        return say(arena, name, "has ended and left it as it was", "");
    if (deputy->link == PM_LINK_LOST && wish->seen == NULL)
        return say(arena, name, "is not heard", "");
    if (deputy->link == PM_LINK_LOST)
        return say(arena, name, "is not heard; last known: ",
                   pm_state_word(wish->seen->row.state));
    if (wish->seen == NULL && !gate_waits(wish) && !gate_failed(wish))
        return say(arena, name, "has not answered yet", "");
    return with_next(wish, held_reason(wish, now, arena), arena);
}

static void add_row(const struct seen *seen, struct pm_mono now, struct pm_proc *out)
{
    const struct pm_status_row *row = &seen->row;
    uint64_t since = (uint64_t)pm_mono_since(seen->at, now);

    out->pid = row->pid;
    out->run = row->run;
    out->restarts = row->restarts;
    out->exit_code = row->exit_code;
    out->exit_signal = row->exit_signal;
    out->state_age_ms = row->state_age_ms + since;
    if (pm_state_alive(row->state))
        out->uptime_ms = row->run_age_ms + since;
    if (row->state == PM_STATE_BACKOFF)
        out->next_try_ms = row->next_try_ms > since ? row->next_try_ms - since : 0;
    out->cpu_pct = seen->usage.cpu_pct;
    out->rss_bytes = seen->usage.rss_bytes;
    out->threads = seen->usage.threads;
    out->output_end = seen->usage.output_end;
}

void view_process(const struct wish *wish, struct pm_mono now, struct pm_arena *arena,
                  struct pm_proc *out)
{
    const struct deputy *deputy = wish->post->deputy;
    const struct seen *seen = wish->seen;

    *out = (struct pm_proc){
        .id = wish->spec.id, .name = wish->spec.name, .group = wish->spec.group,
        .host = wish->spec.host, .state = view_state(wish), .wanted = wish->up,
        .removing = wish->removing, .ordered_by = wish->by, .reason = reason(wish, now, arena),
    };
    if (wish->timer != NULL && !wish->held)
        out->next_start_ms = wish->timer->when.next_ms;
    if (seen != NULL && !left_nothing(deputy)) {
        add_row(seen, now, out);
        out->settled = in_touch(deputy) && seen->row.order >= wish->order;
    }
    out->essential = wish->spec.essential;
    out->settled |= gate_failed(wish);
    if (gate_waits(wish) || gate_failed(wish))
        out->state_age_ms = (uint64_t)pm_mono_since(wish->node->gate.since, now);
    if (out->state == PM_STATE_LOST)
        out->state_age_ms = (uint64_t)pm_mono_since(deputy->heard, now);
}

void view_deputy(const struct post *post, struct pm_mono now, struct pm_deputy *out)
{
    const struct deputy *deputy = post->deputy;

    *out = (struct pm_deputy){ .name = post->name, .state = PM_LINK_NEVER, .procs = post->n,
                               .version = "", .address = "", .second = "" };
    if (deputy == NULL || deputy->link == PM_LINK_NEVER)
        return;
    out->state = deputy->link;
    out->age_ms = (uint64_t)pm_mono_since(deputy->heard, now);
    out->machine = deputy->machine;
    out->procs_up = left_nothing(deputy) ? 0 : deputy->alive;
    out->version = deputy->software;
    out->address = deputy->address;
    if (deputy->second != NULL)
        out->second = deputy->second;
}

/* ---- pictures --------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct pm_deputy *)a)->name, ((const struct pm_deputy *)b)->name);
}

/* A post without processes, deputy or place in the configuration is a leftover. */
static bool shown(const struct post *post)
{
    return post->n > 0 || post->expected || post->deputy != NULL;
}

enum pm_err view_snapshot(const struct view *view, struct desired *d, struct pm_mono now,
                          struct pm_arena *arena, struct pm_snapshot *out)
{
    size_t n;
    struct wish **wishes = desired_sorted(d, &n);
    struct pm_proc *procs = pm_arena_get(arena, n * sizeof *procs);
    struct pm_deputy *deputies = pm_arena_get(arena, d->n_posts * sizeof *deputies);
    size_t n_deputies = 0;

    if (procs == NULL || deputies == NULL)
        return PM_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        view_process(wishes[i], now, arena, &procs[i]);
    for (size_t i = 0; i < d->n_posts; i++)
        if (shown(d->posts[i]))
            view_deputy(d->posts[i], now, &deputies[n_deputies++]);
    qsort(deputies, n_deputies, sizeof *deputies, by_name);
    out->seq = view->seq;
    out->epoch = view->epoch;
    out->generation = d->committed;
    out->procs = (struct pm_proc_list){ .at = procs, .n = n };
    out->deputies = (struct pm_deputy_list){ .at = deputies, .n = n_deputies };
    return PM_OK;
}

enum pm_err view_delta(struct view *view, struct pm_mono now, struct pm_arena *arena,
                       struct pm_delta *out)
{
    size_t n = view->n_stale, n_deputies = view->n_stale_posts;
    struct pm_proc *procs = pm_arena_get(arena, n * sizeof *procs);
    struct pm_deputy *deputies = pm_arena_get(arena, n_deputies * sizeof *deputies);
    int64_t *removed = pm_arena_get(arena, view->n_removed * sizeof *removed);
    bool all = procs != NULL && deputies != NULL && removed != NULL;

    for (size_t i = 0; all && i < n; i++)
        view_process(view->stale[i], now, arena, &procs[i]);
    for (size_t i = 0; all && i < n_deputies; i++)
        view_deputy(view->stale_posts[i], now, &deputies[i]);
    if (all && view->n_removed > 0)
        memcpy(removed, view->removed, view->n_removed * sizeof *removed);
    *out = (struct pm_delta){
        .procs = { .at = procs, .n = n }, .deputies = { .at = deputies, .n = n_deputies },
        .removed = { .at = removed, .n = view->n_removed }, .epoch = view->epoch,
    };
    forget_changes(view, now);
    out->seq = view->seq;
    return all ? PM_OK : PM_NO_MEMORY;
}
