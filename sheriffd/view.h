/* The fleet as clients see it: rows, the whole picture, and what changed since. */
#ifndef SHERIFFD_VIEW_H
#define SHERIFFD_VIEW_H

#include "sheriffd/fleet.h"

#define VIEW_PERIOD_MS 50  /* deltas come at most this often */
#define LOST_AFTER_MS 3000 /* a deputy not heard for this long is lost */

struct view {
    uint64_t epoch, seq;         /* as in snapshot and delta */
    struct wish **stale;         /* rows clients have to hear again */
    size_t n_stale, stale_cap;
    struct post **stale_posts;
    size_t n_stale_posts, stale_posts_cap;
    int64_t *removed;
    size_t n_removed, removed_cap;
    struct pm_mono published;
    bool run_stale;              /* the run of a script that clients know is older */
    bool asked;                  /* somebody new listens: he is to hear at once where we are */
};

void view_init(struct view *view, uint64_t epoch);
void view_fini(struct view *view);

void view_touch(struct view *view, struct wish *wish);
void view_touch_post(struct view *view, struct post *post);
void view_touch_run(struct view *view);
void view_remove(struct view *view, struct wish *wish); /* before it is freed */

/* A delta is due, be it empty: who listens anew, after he or we were away, sees by its seq whether
 * he has missed one, and need not wait until something changes. */
void view_greet(struct view *view);

/* Is a delta to be published; and if not, in how many ms? -1: nothing changed. */
int64_t view_due_in(const struct view *view, struct pm_mono now);

/* One row. Its strings live in the wish, its deputy or the arena. */
void view_process(const struct wish *wish, struct pm_mono now, struct pm_arena *arena,
                  struct pm_proc *out);
void view_deputy(const struct post *post, struct pm_mono now, struct pm_deputy *out);

/* The state a client sees; LOST and WAITING are the sheriff's own words. */
enum pm_state view_state(const struct wish *wish);

/* The whole picture into snapshot; lists live in the arena. OK | NO_MEMORY over its limit */
enum pm_err view_snapshot(const struct view *view, struct desired *d, struct pm_mono now,
                          struct pm_arena *arena, struct pm_snapshot *out) PM_MUST_USE;

/* What changed since the last one, and forget it: seq is the next. OK | NO_MEMORY as above;
 * then the change is lost to clients, who notice by the missing seq. */
enum pm_err view_delta(struct view *view, struct pm_mono now, struct pm_arena *arena,
                       struct pm_delta *out) PM_MUST_USE;
/* The same when nobody listens: who subscribes later must see that something is missing. */
void view_skip(struct view *view, struct pm_mono now);

#endif
