/* A hunt walks over all processes, ends what it has found, and walks again: what was to be ended
 * may have begun another one meanwhile. Those get no grace; and after a few such rounds it is told
 * as it is.
 *
 * A walk that we had no descriptors for was none: it is made again, and when that does not help,
 * the hunt says that it cannot tell.
 *
 * What is found is told as text that anyone can read: a stray's environment and command line are
 * its own to write.
 */
#include <procman/hunt.h>

#include <procman/codec.h>
#include <procman/limits.h>
#include <procman/text.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORTION     64     /* processes looked at in one step: about a millisecond */
#define GRACE_MS    1000   /* from SIGTERM to SIGKILL */
#define DYING_MS    1000   /* from SIGKILL to giving up */
#define LOOK_MS     10     /* who is not our child dies without a word to us */
#define ROUNDS_MOST 4
#define REPEATS_MOST 5     /* walks because someone could not be read */
#define SHORT_MS    100    /* until a walk that we were short of something for is made again */
#define SHORT_MOST  30     /* such walks */

enum stage { WALKING, ASKED, KILLED, OVER };

struct pm_hunt {
    struct pm_hunt_rule rule;
    struct pm_marks *marks;
    enum stage stage;
    struct pm_mono deadline;       /* of ASKED and KILLED */
    unsigned rounds, repeats, shortages;
    char *fault;                   /* why not everyone was looked at; heap */
    struct pm_mono walk_at;        /* not before */
    bool met;                      /* someone new, in this walk */
    struct pm_arena arena;
    struct pm_stray *strays;       /* PM_LIMIT_STRAYS */
    uint64_t *start_ticks;         /* of each */
    struct pm_stray_list found;
};

void pm_hunt_open(const struct pm_hunt_rule *rule, struct pm_hunt **out)
{
    struct pm_hunt *hunt = pm_alloc(sizeof *hunt);

    hunt->rule = *rule;
    hunt->strays = pm_alloc(PM_LIMIT_STRAYS * sizeof *hunt->strays);
    hunt->start_ticks = pm_alloc(PM_LIMIT_STRAYS * sizeof *hunt->start_ticks);
    hunt->found.at = hunt->strays;
    pm_marks_open(&hunt->marks);
    pm_arena_init(&hunt->arena, 0);
    *out = hunt;
}

void pm_hunt_close(struct pm_hunt **hunt)
{
    if (*hunt == NULL)
        return;
    pm_marks_close(&(*hunt)->marks);
    pm_arena_fini(&(*hunt)->arena);
    pm_free(&(*hunt)->strays);
    pm_free(&(*hunt)->start_ticks);
    pm_free(&(*hunt)->fault);
    pm_free(hunt);
}

const struct pm_stray_list *pm_hunt_found(const struct pm_hunt *hunt)
{
    return &hunt->found;
}

const char *pm_hunt_fault(const struct pm_hunt *hunt)
{
    return hunt->fault;
}

/* ---- finding ----------------------------------------------------------------------------- */

static const char *keep(struct pm_hunt *hunt, const char *text)
{
    char safe[PM_LIMIT_STRAY_TEXT];
    size_t n;
    char *kept;

    pm_text_safe(text ? text : "", safe, sizeof safe);
    n = strlen(safe) + 1;
    kept = pm_arena_get(&hunt->arena, n);
    return kept ? memcpy(kept, safe, n) : "";
}

static const char *command_of(struct pm_hunt *hunt, pid_t pid)
{
    char path[64], text[PM_LIMIT_STRAY_TEXT];
    ssize_t n = 0;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        n = read(fd, text, sizeof text - 1);
        close(fd);
    }
    while (n > 0 && text[n - 1] == '\0')
        n--;
    for (ssize_t i = 0; i < n; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    text[n > 0 ? n : 0] = '\0';
    return keep(hunt, text);
}

static bool is_found(const struct pm_hunt *hunt, const struct pm_bearer *bearer)
{
    for (size_t i = 0; i < hunt->found.n; i++)
        if (hunt->strays[i].pid == bearer->pid
            && hunt->start_ticks[i] == bearer->stat.start_ticks)
            return true;
    return false;
}

static void take(struct pm_hunt *hunt, const struct pm_bearer *bearer, struct pm_mono now)
{
    uint64_t per_second = (uint64_t)sysconf(_SC_CLK_TCK);
    struct pm_mono begun = { (int64_t)(bearer->stat.start_ticks * 1000 / per_second) };
    size_t n = hunt->found.n;

    if (n == PM_LIMIT_STRAYS || is_found(hunt, bearer) || !hunt->rule.is_stray(hunt->rule.self,
                                                                              bearer))
        return;
    hunt->strays[n] = (struct pm_stray){
        .host = "", .pid = bearer->pid, .mark = keep(hunt, bearer->text),
        .group = keep(hunt, bearer->group), .name = keep(hunt, bearer->name),
        .age_ms = (uint64_t)pm_mono_since(begun, now), .command = command_of(hunt, bearer->pid),
    };
    hunt->start_ticks[n] = bearer->stat.start_ticks;
    hunt->found.n++;
    hunt->met = true;
}

/* ---- ending -------------------------------------------------------------------------------- */

static void signal_all(const struct pm_hunt *hunt, int sig)
{
    for (size_t i = 0; i < hunt->found.n; i++)
        if (!hunt->strays[i].killed)
            pm_mark_signal((pid_t)hunt->strays[i].pid, hunt->start_ticks[i], sig);
}

/* Notes who is gone. True: all are. */
static bool all_gone(struct pm_hunt *hunt)
{
    bool all = true;

    for (size_t i = 0; i < hunt->found.n; i++) {
        struct pm_proc_stat stat;
        struct pm_stray *stray = &hunt->strays[i];
        enum pm_err err = stray->killed ? PM_IO : pm_proc_stat((pid_t)stray->pid, &stat);
        if (err == PM_NOT_FOUND || (err == PM_OK && (stat.start_ticks != hunt->start_ticks[i]
                                                     || pm_proc_is_dead(&stat))))
            stray->killed = true;
        all = all && stray->killed;
    }
    return all;
}

static int by_pid(const void *a, const void *b)
{
    const struct pm_stray *one = a, *other = b;

    return (one->pid > other->pid) - (one->pid < other->pid);
}

static void finish(struct pm_hunt *hunt)
{
    qsort(hunt->strays, hunt->found.n, sizeof *hunt->strays, by_pid);
    hunt->stage = OVER;
}

static void begin_ending(struct pm_hunt *hunt, struct pm_mono now)
{
    bool first = hunt->rounds++ == 0;

    signal_all(hunt, first ? SIGTERM : SIGKILL);
    hunt->stage = first ? ASKED : KILLED;
    hunt->deadline = pm_mono_after(now, first ? GRACE_MS : DYING_MS);
}

/* ---- stages ---------------------------------------------------------------------------------- */

/* The walk was none. */
static void walk_later(struct pm_hunt *hunt, int error, struct pm_mono now)
{
    hunt->walk_at = pm_mono_after(now, SHORT_MS);
    if (++hunt->shortages <= SHORT_MOST)
        return;
    hunt->fault = pm_printf("cannot look at all processes: %s", strerror(error));
    finish(hunt);
}

static void walk(struct pm_hunt *hunt, struct pm_mono now)
{
    unsigned budget = PORTION;
    struct pm_bearer bearer;
    enum pm_err err;

    while ((err = pm_marks_next(hunt->marks, &budget, &bearer)) == PM_OK)
        take(hunt, &bearer, now);
    if (err == PM_TIMEOUT)
        return;
    if (err == PM_IO)
        walk_later(hunt, errno, now);
    else if (hunt->rule.kill && hunt->met && hunt->rounds < ROUNDS_MOST)
        begin_ending(hunt, now);
    else if (err != PM_BUSY || ++hunt->repeats > REPEATS_MOST)
        finish(hunt);
    if (err != PM_IO) /* whom that one has met is still to be ended */
        hunt->met = false;
}

static void wait_for_deaths(struct pm_hunt *hunt, struct pm_mono now)
{
    if (all_gone(hunt) || (hunt->stage == KILLED && now.ms >= hunt->deadline.ms)) {
        hunt->stage = WALKING;
    } else if (hunt->stage == ASKED && now.ms >= hunt->deadline.ms) {
        signal_all(hunt, SIGKILL);
        hunt->stage = KILLED;
        hunt->deadline = pm_mono_after(now, DYING_MS);
    }
}

bool pm_hunt_step(struct pm_hunt *hunt, struct pm_mono now, struct pm_mono *out_next)
{
    if (hunt->stage == WALKING && now.ms >= hunt->walk_at.ms)
        walk(hunt, now);
    else if (hunt->stage == ASKED || hunt->stage == KILLED)
        wait_for_deaths(hunt, now);
    *out_next = hunt->stage != WALKING ? pm_mono_after(now, LOOK_MS)
              : hunt->walk_at.ms > now.ms ? hunt->walk_at : now;
    return hunt->stage == OVER;
}
