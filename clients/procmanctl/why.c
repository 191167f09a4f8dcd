/* why: the story of a process in sentences: what it is doing, since when, because of what, who
 * ordered it, how it ended before, what it wrote last, and what one can do.
 *
 * All of it is the sheriff's: how a process is he knows from its deputy, how its lives ended is in
 * his store, so the story can be told when the deputy is away. Nothing is guessed: what nobody saw
 * is said to be not known.
 */
#include "out.h"
#include "past.h"
#include "verbs.h"
#include "when.h"

#include <procman/limits.h>
#include <procman/spec.h>
#include <procman/text.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAST_ENDS 5
#define MINUTE_MS 60000

/* One of `why --json`. */
struct story {
    struct pm_proc process;
    struct pm_deputy deputy;         /* name "": the sheriff has none of that name */
    struct pm_past_life_list past;   /* in the order they ended */
};

static const struct pm_field story_fields[] = {
    { "process", PM_KIND_ONE, offsetof(struct story, process), NULL, &pm_proc_desc, "how it is" },
    { "deputy", PM_KIND_ONE, offsetof(struct story, deputy), NULL, &pm_deputy_desc, "its deputy" },
    { "past", PM_KIND_LIST, offsetof(struct story, past), NULL, &pm_past_life_desc,
      "how its lives ended, in that order" },
};
static const struct pm_desc story_desc = {
    .name = "story", .size = sizeof(struct story), .fields = story_fields,
    .n = PM_COUNT(story_fields),
};

static const struct pm_past_life *last_end(const struct story *story)
{
    return story->past.n > 0 ? &story->past.at[story->past.n - 1] : NULL;
}

/* ---- how it is ---- */

static const char *state_words(enum pm_state state)
{
    switch (state) {
    case PM_STATE_STOPPED:  return "is stopped";
    case PM_STATE_WAITING:  return "is waiting";
    case PM_STATE_STARTING: return "is starting";
    case PM_STATE_RUNNING:  return "is running";
    case PM_STATE_STOPPING: return "is being stopped";
    case PM_STATE_BACKOFF:  return "is dead and will be tried again,";
    case PM_STATE_EXITED:   return "has been over, with success,";
    case PM_STATE_FAILED:   return "has failed and been down";
    case PM_STATE_LOST:     return "is out of sight";
    default:                return "is in a state this program does not know";
    }
}

static void print_state(const struct pm_proc *proc, const char *label)
{
    char age[PM_TEXT_SIZE], when[WHEN_SIZE];
    int64_t since_ms = pm_wall_now().ms - (int64_t)proc->state_age_ms;

    if (proc->state_age_ms > 0)
        out_shaded(shade_of_state(proc->state), "%s %s for %s, since %s.", label,
                   state_words(proc->state), pm_text_age(proc->state_age_ms, age),
                   when_text((struct pm_wall){ since_ms }, when));
    else
        out_shaded(shade_of_state(proc->state), "%s %s.", label, state_words(proc->state));
    if (*proc->reason)
        out_line("  Why: %s.", proc->reason);
    if (proc->pid != 0)
        out_line("  Its pid is %lld, in run %llu%s.", (long long)proc->pid,
                 (unsigned long long)proc->run,
                 proc->state == PM_STATE_LOST ? ", when it was seen last" : "");
    if (proc->state == PM_STATE_BACKOFF)
        out_line("  The next try comes in %s.", pm_text_age(proc->next_try_ms, age));
    if (proc->restarts > 0)
        out_line("  It was restarted %llu times since the last order.",
                 (unsigned long long)proc->restarts);
}

static void print_wish(const struct pm_proc *proc)
{
    const char *by = *proc->ordered_by ? ", ordered by " : "";

    if (proc->removing)
        out_line("  It is being removed%s%s.", by, proc->ordered_by);
    else
        out_line("  It is wanted %s%s%s%s.", proc->wanted ? "up" : "down", by, proc->ordered_by,
                 proc->settled ? "" : "; its deputy has not carried that out yet");
}

static void print_deputy(const struct story *story)
{
    const struct pm_deputy *deputy = &story->deputy;
    const char *host = story->process.host;
    char age[PM_TEXT_SIZE];

    if (*deputy->name == '\0' || deputy->state == PM_LINK_NEVER)
        out_line("  Its deputy %s has never connected to this sheriff.", host);
    else if (deputy->state == PM_LINK_GONE)
        out_line("  Its deputy %s ended %s ago.", host, pm_text_age(deputy->age_ms, age));
    else if (deputy->state == PM_LINK_LOST)
        out_line("  Its deputy %s was last heard %s ago; what it runs goes on running.", host,
                 pm_text_age(deputy->age_ms, age));
}

/* ---- how it ended before ---- */

/* Of "exit code 3; will be restarted" the first half. */
static size_t cause_length(const struct pm_past_life *life)
{
    const char *verdict = strrchr(life->reason, ';');

    return verdict ? (size_t)(verdict - life->reason) : strlen(life->reason);
}

static bool same_cause(const struct pm_past_life *a, const struct pm_past_life *b)
{
    size_t n = cause_length(a);

    return n == cause_length(b) && strncmp(a->reason, b->reason, n) == 0;
}

/* Ended by itself, and not longer ago than that. */
static bool counts(const struct pm_past_life *life, int64_t oldest_ms)
{
    return !life->told && life->ended_ms >= oldest_ms;
}

static size_t count_ends(const struct story *story, int64_t oldest_ms)
{
    size_t n = 0;

    for (size_t i = 0; i < story->past.n; ++i)
        n += counts(&story->past.at[i], oldest_ms);
    return n;
}

static const struct pm_past_life *commonest(const struct story *story, int64_t oldest_ms,
                                            size_t *out_n)
{
    const struct pm_past_life *best = NULL;

    *out_n = 0;
    for (size_t i = 0; i < story->past.n; ++i) {
        const struct pm_past_life *life = &story->past.at[i];
        size_t n = 0;

        for (size_t j = 0; counts(life, oldest_ms) && j < story->past.n; ++j)
            n += counts(&story->past.at[j], oldest_ms) && same_cause(life, &story->past.at[j]);
        if (n >= *out_n && n > 0) {
            best = life;
            *out_n = n;
        }
    }
    return best;
}

/* "It died 14 times in the last 5m, mostly: exit code 3." Over the shortest time that says
 * something; one end alone is told below. */
static void print_habit(const struct story *story)
{
    static const int64_t periods_ms[] = { 5 * MINUTE_MS, 60 * MINUTE_MS, 24 * 60 * MINUTE_MS };
    int64_t now_ms = pm_wall_now().ms;

    for (size_t i = 0; i < PM_COUNT(periods_ms); ++i) {
        size_t n = count_ends(story, now_ms - periods_ms[i]), same;
        const struct pm_past_life *life = commonest(story, now_ms - periods_ms[i], &same);
        char period[PM_TEXT_SIZE];

        if (n < 2)
            continue;
        out_line("  It ended by itself %s%zu times in the last %s, %s: %.*s.",
                 n == PM_LIMIT_PAST ? "at least " : "", n,
                 pm_text_duration((uint64_t)periods_ms[i], period),
                 same == n ? "each time" : 2 * same > n ? "mostly" : "most often",
                 (int)cause_length(life), life->reason);
        return;
    }
}

static bool same_author(const struct pm_past_life *a, const struct pm_past_life *b)
{
    return a->told == b->told && strcmp(a->by, b->by) == 0;
}

static void print_ends(const struct story *story)
{
    size_t first = story->past.n > LAST_ENDS ? story->past.n - LAST_ENDS : 0;

    if (story->past.n == 0)
        return;
    out_line("  How it ended last:");
    for (size_t i = first; i < story->past.n; ++i) {
        const struct pm_past_life *life = &story->past.at[i];
        uint64_t before = i > first ? story->past.at[i - 1].run : life->run;
        char *line PM_CLEANUP(pm_free) = past_line(life);

        if (life->run > before + 1)
            out_line("    how %llu runs in between ended is not known",
                     (unsigned long long)(life->run - before - 1));
        out_line("    %s", line);
        if (*life->by && (i == first || !same_author(life, life - 1)))
            out_line("      %s %s", life->told ? "ended by order of" : "begun by order of",
                     life->by);
    }
}

static void print_lines(const struct story *story)
{
    const struct pm_past_life *life = last_end(story);

    if (life == NULL || life->tail.n == 0)
        return;
    out_line("  The last lines of run %llu:", (unsigned long long)life->run);
    past_print_lines(life, "    | ");
}

/* ---- what one can do ---- */

/* What stood in its way, where that is known. */
static const char *remedy(const struct pm_past_life *life)
{
    if (life == NULL)
        return NULL;
    if (life->oom)
        return "give it, or the machine, more memory";
    switch (life->stage) {
    case PM_STAGE_NONE:
        return NULL;
    case PM_STAGE_DIRECTORY:
        return "make that directory on its host, or set another one: --set working_dir=DIR";
    case PM_STAGE_USER:
    case PM_STAGE_GROUP:
        return "name a user and group its host knows; deputyd must run as root to become them";
    case PM_STAGE_EXEC:
        return life->error == ENOENT ? "is the program installed on its host, and in its PATH?"
                                     : "may it be executed there?";
    default:
        return "its host has too little of something; the reason above says what";
    }
}

static void print_advice(const struct story *story, const char *label)
{
    const struct pm_proc *proc = &story->process;
    bool in_touch = story->deputy.state == PM_LINK_UP;
    const char *cure = proc->state == PM_STATE_FAILED || proc->state == PM_STATE_BACKOFF
                           ? remedy(last_end(story)) : NULL;

    if (cure != NULL)
        out_line("  Cure: %s", cure);
    if (!in_touch)
        out_line("  Next: is deputyd running on %s, with --name %s, and does it reach this "
                 "sheriff? (procmanctl deputies)", proc->host, proc->host);
    else if (proc->state == PM_STATE_FAILED || proc->state == PM_STATE_EXITED)
        out_line("  Next: procmanctl start '%s' gives it a new run.", label);
    else if (proc->state == PM_STATE_BACKOFF)
        out_line("  Next: procmanctl start '%s' tries at once, procmanctl stop '%s' gives up.",
                 label, label);
    else if (proc->state == PM_STATE_WAITING && proc->wanted)
        out_line("  Next: procmanctl graph '%s' shows what it depends on, procmanctl start '%s' "
                 "--no-deps begins it all the same.", label, label);
    else if (proc->state == PM_STATE_STOPPED && !proc->wanted)
        out_line("  Next: procmanctl start '%s' brings it up.", label);
    if (proc->output_end > 0)
        out_line("  All it wrote: procmanctl logs '%s'", label);
}

/* ---- the verb ---- */

static void print(const struct story *story)
{
    const struct pm_proc *proc = &story->process;
    char label[PM_LABEL_SIZE];

    pm_spec_label(proc->group, proc->name, proc->host, label, sizeof(label));
    print_state(proc, label);
    print_wish(proc);
    print_deputy(story);
    print_habit(story);
    print_ends(story);
    print_lines(story);
    print_advice(story, label);
}

static struct pm_deputy deputy_of(const struct pm_snapshot *snapshot, const char *host)
{
    for (size_t i = 0; i < snapshot->deputies.n; ++i)
        if (strcmp(snapshot->deputies.at[i].name, host) == 0)
            return snapshot->deputies.at[i];
    return (struct pm_deputy){ .name = "", .version = "", .address = "" };
}

static enum pm_err tell(struct ctl *ctl, const struct pm_snapshot *snapshot,
                        const struct pm_proc_list *procs)
{
    struct story *stories = pm_alloc((procs->n + 1) * sizeof(*stories));
    struct past past;
    enum pm_err err = past_ask(ctl, procs->at, procs->n, PM_LIMIT_PAST, &past);

    for (size_t i = 0; i < procs->n && err == PM_OK; ++i) {
        stories[i].process = procs->at[i];
        stories[i].deputy = deputy_of(snapshot, procs->at[i].host);
        stories[i].past = past_of(&past, procs->at, i);
    }
    if (err == PM_OK && ctl->set.json)
        err = out_json("processes", &story_desc, stories, procs->n);
    else
        for (size_t i = 0; i < procs->n && err == PM_OK; ++i) {
            out_text(i > 0 ? "\n" : "");
            print(&stories[i]);
        }
    for (size_t i = 0; i < procs->n; ++i)
        free(stories[i].past.at);
    free(stories);
    past_fini(&past);
    return err;
}

enum pm_err verb_why(struct ctl *ctl)
{
    struct pm_frame frame = { 0 };
    struct pm_proc_list procs = { 0 };
    enum pm_err err = ctl_snapshot(ctl, &frame), told = PM_OK;

    if (err != PM_OK)
        return err;
    err = pick(ctl, &((const struct pm_snapshot *)frame.msg)->procs, &procs);
    if (procs.n > 0 || (err == PM_OK && ctl->set.json))
        told = tell(ctl, frame.msg, &procs);
    free(procs.at);
    pm_frame_fini(&frame);
    return err != PM_OK ? err : told;
}
