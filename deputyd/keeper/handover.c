/* Descriptors outlive an execve when they are told to, and a file in memory says which is which.
 *
 * What is handed on is a message like any other, so that programs of different versions understand
 * each other: unknown keys are skipped, missing ones are zero. The number of its descriptor is in
 * the environment, from where the new program takes it away at once: nobody shall inherit it.
 *
 * The limit of open files is put back to what we were started with, because the next program takes
 * that for the limit of its children.
 */
#include "keeper/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define VARIABLE "PROCMAN_HANDOVER"
#define BYTES_MOST ((size_t)1 << 20) /* 5,000 lives of 60 bytes are a third of it */

/* ---- giving ------------------------------------------------------------------------------- */

static void inherit(int fd, bool yes)
{
    if (fd > 0)
        (void)fcntl(fd, F_SETFD, yes ? 0 : FD_CLOEXEC);
}

static void inherit_all(const struct pm_handover *what, bool yes)
{
    inherit((int)what->lock, yes);
    inherit((int)what->notify, yes);
    for (size_t i = 0; i < what->lives.n; i++) {
        inherit((int)what->lives.at[i].out, yes);
        inherit((int)what->lives.at[i].err, yes);
    }
}

/* The earlier lives first, the oldest first of all. */
static size_t list_all(const struct pm_lives *lives, struct pm_handed *at)
{
    size_t n = 0;

    for (size_t i = 0; i < lives->debts.n; i++) {
        const struct pm_debt *debt = &lives->debts.at[i];
        at[n++] = (struct pm_handed){ .slot = debt->slot, .run = debt->run, .out = debt->fds[0],
                                      .err = debt->fds[1], .earlier = true };
    }
    for (size_t i = 0; i < pm_slots_used(lives->slots); i++) {
        const struct pm_life *life = &lives->at[i];
        if (life->pid != 0 || life->fds[0] > 0)
            at[n++] = (struct pm_handed){ .slot = i, .run = pm_slots_at(lives->slots, i)->run,
                                          .out = life->fds[0], .err = life->fds[1],
                                          .grouped = life->grouped };
    }
    return n;
}

/* A file in memory with that message; -1: errno. */
static int put_down(const struct pm_handover *what)
{
    PM_CLEANUP(pm_buf_fini) struct pm_buf bytes = { 0 };
    int fd = memfd_create("procman-handover", 0);

    if (fd < 0)
        return -1;
    errno = EMSGSIZE;
    if (pm_encode(&pm_handover_desc, what, &bytes) == PM_OK
        && pwrite(fd, bytes.at, bytes.n, 0) == (ssize_t)bytes.n)
        return fd;
    close(fd);
    return -1;
}

enum pm_err pm_handover_go(const char *program, char **argv, const struct pm_lives *lives,
                           int lock_fd)
{
    size_t most = PM_DEBTS_MOST + pm_slots_used(lives->slots) + 1;
    PM_CLEANUP(pm_free) struct pm_handed *at = pm_alloc(most * sizeof *at);
    struct pm_handover what = { .software = PROCMAN_VERSION, .lock = lock_fd,
                                .notify = lives->ground.notify_fd,
                                .lives = { at, list_all(lives, at) } };
    struct rlimit files;
    char number[16];
    int fd, error;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || (fd = put_down(&what)) < 0)
        return PM_IO;
    snprintf(number, sizeof number, "%d", fd);
    setenv(VARIABLE, number, 1);
    inherit_all(&what, true);
    (void)setrlimit(RLIMIT_NOFILE, &lives->ground.files);
    execve(program, argv, environ);
    error = errno;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    inherit_all(&what, false);
    unsetenv(VARIABLE);
    close(fd);
    errno = error;
    return PM_IO;
}

/* ---- taking ------------------------------------------------------------------------------- */

static void take_life(struct pm_lives *lives, const struct pm_handed *handed)
{
    struct pm_debt debt = { .slot = handed->slot, .run = handed->run,
                            .fds = { (int)handed->out, (int)handed->err } };
    struct pm_debt gone;

    if (handed->earlier) {
        (void)!pm_debts_add(&lives->debts, &debt, &gone); /* there was room for it before */
        return;
    }
    lives->at[handed->slot].fds[0] = debt.fds[0];
    lives->at[handed->slot].fds[1] = debt.fds[1];
    lives->at[handed->slot].grouped = handed->grouped;
}

static enum pm_err take(struct pm_lives *lives, int fd, int *out_lock_fd, char **out_from)
{
    PM_CLEANUP(pm_free) uint8_t *bytes = pm_alloc(BYTES_MOST);
    PM_CLEANUP(pm_arena_fini) struct pm_arena arena;
    ssize_t n = pread(fd, bytes, BYTES_MOST, 0);
    struct pm_handover what;
    enum pm_err err;

    pm_arena_init(&arena, 0);
    if (n < 0)
        return PM_IO;
    err = pm_decode(&pm_handover_desc, bytes, (size_t)n, &arena, &what, NULL);
    if (err != PM_OK)
        return err;
    inherit_all(&what, false);
    for (size_t i = 0; i < what.lives.n; i++)
        if (what.lives.at[i].slot < PM_LIMIT_SLOTS)
            take_life(lives, &what.lives.at[i]);
    lives->ground.notify_fd = (int)what.notify;
    *out_lock_fd = (int)what.lock;
    *out_from = pm_strdup(what.software);
    return PM_OK;
}

enum pm_err pm_handover_take(struct pm_lives *lives, int *out_lock_fd, char **out_from)
{
    const char *number = getenv(VARIABLE);
    enum pm_err err;
    int fd;

    if (number == NULL)
        return PM_NOT_FOUND;
    fd = (int)strtol(number, NULL, 10);
    unsetenv(VARIABLE);
    err = take(lives, fd, out_lock_fd, out_from);
    close(fd);
    return err;
}
