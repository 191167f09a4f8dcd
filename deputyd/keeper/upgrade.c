/* The installed program takes our place, in four steps:
 *
 *   asked    it is run as it shall run, but with --can-take-over and the version of our slots.
 *            What cannot run, or does not know such slots or our options, says so or dies; then
 *            all goes on as before.
 *   granted  the brain hears that it begins, then the end of its link: it goes, and no other comes.
 *   alone    no brain, and nothing that a dead leader has left, if that does not take too long: all
 *            that matters is in the slot table and in descriptors.
 *   gone     execve: the same process, so its children stay its children, and its lock is held.
 *
 * The loop goes on between them. If execve fails after all, a brain is begun and we go on.
 */
#include "keeper/upgrade.h"

#include "keeper/handover.h"
#include "keeper/voice.h"

#include <procman/log.h>

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHECK_MS  10000 /* a program that has only to say its version */
#define LEAVE_MS  1000  /* the brain may say its last words and empty some pipes: no more */
#define WORDS     200   /* bytes of what the checker says that are passed on */

/* ---- what came of it ----------------------------------------------------------------------- */

/* One file, "WORD TEXT", the word that of an error or "ok". Who reads it finds all or nothing. */
static void write_outcome(const char *path, enum pm_err err, const char *text)
{
    PM_CLEANUP(pm_free) char *fresh = pm_printf("%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    PM_CLEANUP(pm_free) char *line = pm_printf("%s %s\n", pm_err_word(err), text);
    bool written = fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);

    if (fd >= 0)
        close(fd);
    if (!written || rename(fresh, path) != 0)
        pm_log_error("cannot write %s: %s", path, strerror(errno));
}

static void answer_brain(struct pm_keeper *keeper, enum pm_err err, const char *text)
{
    struct pm_done done = { .request = keeper->upgrade.request, .error = pm_err_word(err),
                            .text = text };

    if (keeper->upgrade.request != 0)
        pm_voice_tell(keeper, PM_MSG_DONE, &done, NULL);
}

static void refuse(struct pm_keeper *keeper, enum pm_err err, const char *text)
{
    pm_log_error("deputy %s: it is not upgraded: %s", keeper->name, text);
    answer_brain(keeper, err, text);
    write_outcome(keeper->upgrade.outcome, err, text);
}

void pm_upgrade_succeeded(struct pm_keeper *keeper, const char *from)
{
    PM_CLEANUP(pm_free) char *text =
        pm_printf("deputyd " PROCMAN_VERSION " has taken the place of %s; "
                  "processes that go on: %zu", from, keeper->lives.living);

    pm_log_info("deputy %s: %s", keeper->name, text);
    write_outcome(keeper->upgrade.outcome, PM_OK, text);
}

/* ---- asked --------------------------------------------------------------------------------- */

/* Runs the program; 0: errno says why it does not run. It has nothing of ours but `words`. */
static pid_t run_checker(const struct pm_upgrading *upgrade)
{
    PM_CLEANUP(pm_free) char **argv = NULL;
    char option[] = "--can-take-over", version[16];
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    pid_t pid = 0;
    size_t n = 0;

    while (upgrade->argv[n])
        n++;
    argv = pm_alloc((n + 3) * sizeof *argv);
    memcpy(argv, upgrade->argv, n * sizeof *argv);
    argv[n] = option;
    argv[n + 1] = version;
    snprintf(version, sizeof version, "%d", PM_SLOTS_VERSION);
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, upgrade->words, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, upgrade->words, STDERR_FILENO);
    errno = posix_spawn(&pid, upgrade->program, &files, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return errno == 0 ? pid : 0;
}

void pm_upgrade_ask(struct pm_keeper *keeper, uint64_t request)
{
    struct pm_upgrading *upgrade = &keeper->upgrade;
    PM_CLEANUP(pm_free) char *why = NULL;

    if (upgrade->checker != 0 || upgrade->granted) {
        struct pm_done busy = { .request = request, .error = pm_err_word(PM_BUSY),
                                .text = "an upgrade is under way already" };
        if (request != 0)
            pm_voice_tell(keeper, PM_MSG_DONE, &busy, NULL);
        return;
    }
    upgrade->request = request;
    if (keeper->stage != PM_KEEPER_KEEPING) {
        refuse(keeper, PM_BUSY, "it is about to end");
        return;
    }
    upgrade->words = memfd_create("procman-words", MFD_CLOEXEC);
    upgrade->checker = upgrade->words < 0 ? 0 : run_checker(upgrade);
    upgrade->deadline = pm_mono_after(pm_mono_now(), CHECK_MS);
    if (upgrade->checker != 0)
        return;
    why = pm_printf("cannot run %s: %s", upgrade->program, strerror(errno));
    upgrade->deadline.ms = 0;
    if (upgrade->words >= 0)
        close(upgrade->words);
    refuse(keeper, PM_FAILED, why);
}

/* ---- granted, or not ------------------------------------------------------------------------- */

/* The first line of what the checker has said. */
static void read_words(struct pm_upgrading *upgrade, char words[WORDS])
{
    ssize_t n = pread(upgrade->words, words, WORDS - 1, 0);

    words[n > 0 ? n : 0] = '\0';
    words[strcspn(words, "\n")] = '\0';
    close(upgrade->words);
}

static void grant(struct pm_keeper *keeper, const char *version, struct pm_mono now)
{
    PM_CLEANUP(pm_free) char *text =
        pm_printf("deputyd %s takes the place of " PROCMAN_VERSION, version);

    keeper->upgrade.granted = true;
    keeper->upgrade.deadline = pm_mono_after(now, LEAVE_MS);
    answer_brain(keeper, PM_OK, text);
    if (keeper->brain.wire)
        pm_wire_end(keeper->brain.wire);
}

bool pm_upgrade_on_death(struct pm_keeper *keeper, const siginfo_t *info)
{
    struct pm_upgrading *upgrade = &keeper->upgrade;
    struct pm_mono now = pm_mono_now();
    PM_CLEANUP(pm_free) char *why = NULL;
    char words[WORDS];

    if (upgrade->checker == 0 || info->si_pid != upgrade->checker)
        return false;
    upgrade->checker = 0;
    read_words(upgrade, words);
    if (info->si_code == CLD_EXITED && info->si_status == 0
        && keeper->stage == PM_KEEPER_KEEPING) {
        grant(keeper, words, now);
        return true;
    }
    if (keeper->stage != PM_KEEPER_KEEPING)
        why = pm_strdup("it was told to end");
    else if (upgrade->deadline.ms == 0)
        why = pm_printf("%s gives no answer", upgrade->program);
    else
        why = pm_printf("%s cannot take over: %s", upgrade->program,
                        *words ? words : "it dies without a word");
    upgrade->deadline.ms = 0;
    refuse(keeper, PM_FAILED, why);
    return true;
}

/* ---- alone, and gone ------------------------------------------------------------------------- */

static void go(struct pm_keeper *keeper)
{
    struct pm_upgrading *upgrade = &keeper->upgrade;
    enum pm_err err = pm_handover_go(upgrade->program, upgrade->argv, &keeper->lives,
                                     upgrade->lock_fd);
    PM_CLEANUP(pm_free) char *why =
        pm_printf("cannot become %s: %s", upgrade->program, strerror(errno));

    upgrade->granted = false;
    upgrade->deadline.ms = 0;
    upgrade->request = 0; /* whoever asked has his answer, and is no more */
    refuse(keeper, err, why);
}

static void end_brain(struct pm_keeper *keeper, struct pm_mono now)
{
    pm_voice_drop(keeper, NULL);
    keeper->upgrade.deadline = pm_mono_after(now, LEAVE_MS);
}

static void end_checker(struct pm_upgrading *upgrade)
{
    (void)kill(upgrade->checker, SIGKILL);
    upgrade->deadline.ms = 0;
}

void pm_upgrade_on_time(struct pm_keeper *keeper, struct pm_mono now)
{
    struct pm_upgrading *upgrade = &keeper->upgrade;
    bool late = upgrade->deadline.ms != 0 && now.ms >= upgrade->deadline.ms;

    if (upgrade->granted && keeper->brain.pid == 0 && (keeper->lives.trees.n == 0 || late))
        go(keeper);
    else if (late && upgrade->granted)
        end_brain(keeper, now);
    else if (late)
        end_checker(upgrade);
}

void pm_upgrade_cancel(struct pm_keeper *keeper)
{
    if (!keeper->upgrade.granted)
        return; /* one that is only asked finds out by itself */
    keeper->upgrade.granted = false;
    keeper->upgrade.deadline.ms = 0;
    keeper->upgrade.request = 0;
    refuse(keeper, PM_FAILED, "it was told to end");
}
