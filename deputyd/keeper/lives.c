/* The processes in the slots.
 *
 * A record in the table is always ahead of the world or level with it: a slot says SPAWNING before
 * there is a child, and ENDED before the child is reaped. So whoever reads the table after a kill
 * of ours finds every process there is, and asks the kernel which of them still lives.
 *
 * A life is over when all that it began is gone, which is a moment later than its leader's death:
 * the rest is killed, but who is killed takes its time to die. Until then the life counts as
 * living, though the table says ENDED already.
 */
#include "keeper/lives.h"

#include "keeper/adopt.h"
#include "keeper/limits.h"

#include <procman/log.h>

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* ---- leaders by pid ---------------------------------------------------------------------- */

static uint16_t *bucket_of(struct pm_lives *lives, pid_t pid)
{
    return &lives->buckets[(unsigned)pid % PM_LIVES_BUCKETS];
}

static void index_leader(struct pm_lives *lives, size_t number)
{
    uint16_t *first = bucket_of(lives, lives->at[number].pid);

    lives->at[number].next = *first;
    *first = (uint16_t)(number + 1);
}

static void forget_leader(struct pm_lives *lives, size_t number)
{
    uint16_t *link = bucket_of(lives, lives->at[number].pid);

    while (*link != 0 && *link != number + 1)
        link = &lives->at[*link - 1].next;
    if (*link != 0)
        *link = lives->at[number].next;
    lives->at[number].pid = 0;
}

int pm_lives_find(const struct pm_lives *lives, pid_t pid)
{
    uint16_t at = lives->buckets[(unsigned)pid % PM_LIVES_BUCKETS];

    while (at != 0 && lives->at[at - 1].pid != pid)
        at = lives->at[at - 1].next;
    return (int)at - 1;
}

/* ---- taking over ------------------------------------------------------------------------ */

/* OK | NOT_FOUND it does not live | IO that cannot be told */
static enum pm_err adopt(struct pm_lives *lives, size_t number, struct pm_slot *slot)
{
    struct pm_life *life = &lives->at[number];
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = PM_LIVES_EVENT + number };
    enum pm_err err = pm_adopt(slot, number, &lives->ground, &life->pidfd);

    if (err != PM_OK)
        return err;
    if (epoll_ctl(lives->epoll, EPOLL_CTL_ADD, life->pidfd, &event) != 0) {
        int error = errno; /* nobody would tell us of its end */
        close(life->pidfd);
        life->pidfd = 0;
        errno = error;
        return PM_IO;
    }
    life->pid = slot->pid;
    pm_slot_change(slot);
    slot->adopted = true;
    pm_slot_enter(slot, PM_SLOT_LIVE);
    return PM_OK;
}

/* Begun by the program that was in our place before: our child like any other. It may be dead, but
 * nobody has reaped it. OK | NOT_FOUND it was not | IO */
static enum pm_err resume(struct pm_lives *lives, size_t number, const struct pm_slot *slot)
{
    struct pm_proc_stat stat;
    enum pm_err err = slot->adopted ? PM_NOT_FOUND : pm_proc_stat(slot->pid, &stat);

    if (err == PM_OK && (stat.parent != getpid()
                         || (slot->start_ticks != 0 && stat.start_ticks != slot->start_ticks)))
        err = PM_NOT_FOUND; /* also a child of ours that was given its number */
    if (err == PM_OK)
        lives->at[number].pid = slot->pid;
    return err;
}

/* Does it live? OK, it may be dead | IO that cannot be told */
static enum pm_err take_up(struct pm_lives *lives, size_t number)
{
    struct pm_slot *slot = pm_slots_at(lives->slots, number);
    struct pm_life *life = &lives->at[number];
    enum pm_err err;

    if (!pm_slot_living(slot) || life->pid != 0)
        return PM_OK;
    err = resume(lives, number, slot);
    if (err == PM_NOT_FOUND)
        err = adopt(lives, number, slot);
    if (err == PM_OK) {
        index_leader(lives, number);
        lives->living++;
    } else if (err == PM_NOT_FOUND) {
        pm_slot_change(slot);
        slot->unknown = slot->pid != 0;
        pm_slot_enter(slot, slot->unknown ? PM_SLOT_ENDED : PM_SLOT_IDLE); /* never born */
    }
    return err == PM_IO ? PM_IO : PM_OK;
}

/* What a brain needs of one that lives: its name, if its note is lost, and its output. */
static void furnish(struct pm_lives *lives, size_t number)
{
    struct pm_life *life = &lives->at[number];
    const struct pm_slot *slot = pm_slots_at(lives->slots, number);
    bool handed = life->fds[0] > 0;

    if (slot->note_n == 0)
        pm_adopt_names(slot->pid, &life->group, &life->name);
    for (int i = 0; i < 2 && !handed && life->pidfd != 0; i++)
        life->fds[i] = pm_ground_keep(&lives->ground, pm_pipe_reopen(slot->pid, slot->pipes[i]));
    if (life->fds[0] < 0 || life->fds[1] < 0) /* no descriptors left: it goes on unheard */
        pm_read_ends_close(life->fds);
}

static void end_tree(struct pm_lives *lives, size_t number, enum pm_tree_way way)
{
    const struct pm_slot *slot = pm_slots_at(lives->slots, number);
    struct pm_tree tree = { .run = slot->run, .leader = slot->pid, .way = way,
                            .pipes = { slot->pipes[0], slot->pipes[1] } };

    pm_trees_end(&lives->trees, number, &tree);
}

/* A shortage passes, as a rule: so it is tried again, for a while. */
static enum pm_err take_up_all(struct pm_lives *lives)
{
    enum pm_err err;
    int error = 0, tries = 0;

    do {
        err = PM_OK;
        for (size_t i = 0; i < pm_slots_used(lives->slots); i++)
            if (take_up(lives, i) != PM_OK) {
                err = PM_IO;
                error = errno;
            }
    } while (err != PM_OK && pm_adopt_pause(&tries));
    errno = error;
    return err;
}

/* Who is in the group of a slot where nothing lives is of a life nobody remembers. in_doubt: or is
 * a life that could not be looked at, and then nobody is killed. */
static enum pm_err clear(struct pm_lives *lives, size_t number, bool in_doubt)
{
    if (!in_doubt)
        return pm_trees_clear(&lives->trees, number);
    if (pm_cgroups_look(&lives->trees.groups, number) == PM_OK)
        return PM_OK;
    errno = EBUSY;
    return PM_IO;
}

/* Descriptors first go to who lives, then to what it says. */
enum pm_err pm_lives_take_over(struct pm_lives *lives, bool made)
{
    enum pm_err err = made ? pm_adopt_lost(lives->slots, &lives->ground) : PM_OK;
    bool in_doubt = err == PM_BUSY;

    if (err == PM_IO || take_up_all(lives) != PM_OK)
        return PM_IO;
    if (made && !in_doubt)
        pm_slots_complete(lives->slots);
    for (size_t i = 0; i < pm_slots_used(lives->slots); i++) {
        if (lives->at[i].pid != 0)
            furnish(lives, i);
        else if (pm_slot_phase(pm_slots_at(lives->slots, i)) == PM_SLOT_ENDED)
            end_tree(lives, i, PM_TREE_SWEEP);
    }
    for (size_t i = 0; i < PM_LIMIT_SLOTS; i++) /* also what a lost table had in use */
        if (lives->at[i].pid == 0 && clear(lives, i, in_doubt) != PM_OK)
            return PM_IO;
    return pm_trees_finish(&lives->trees); /* what they have left must not meet the next lives */
}

/* ---- beginning -------------------------------------------------------------------------- */

/* The slot for that life; NULL: *error is the errno of stage SLOT. */
static struct pm_slot *claim(struct pm_lives *lives, const struct pm_spawn *what, int *error)
{
    struct pm_slot *slot = NULL;
    enum pm_err err = pm_slots_claim(lives->slots, what->slot, &slot);

    if (err != PM_OK)
        *error = err == PM_IO ? errno : ENOSPC;
    else if (pm_slot_living(slot) || pm_trees_is_ending(&lives->trees, what->slot))
        *error = EBUSY;
    else if (what->run <= slot->run)
        *error = EINVAL;
    else if (pm_slot_note(slot, what->note.at, what->note.n) != PM_OK)
        *error = EMSGSIZE;
    else
        return slot;
    return NULL;
}

/* Its place is needed for the next life; its last words may not be in their file yet. */
static void owe_output(struct pm_lives *lives, uint64_t number, uint64_t run)
{
    struct pm_life *life = &lives->at[number];
    struct pm_debt debt = { .slot = number, .run = run, .fds = { life->fds[0], life->fds[1] } };
    struct pm_debt gone;

    if (life->fds[0] > 0 && pm_debts_add(&lives->debts, &debt, &gone))
        pm_log_warning("deputy %s: the output of life %llu in slot %llu has not ended and is no "
                       "longer kept for a next brain: too many such lives", lives->ground.deputy,
                       (unsigned long long)gone.run, (unsigned long long)gone.slot);
    life->fds[0] = life->fds[1] = 0;
}

static void forget_names(struct pm_life *life)
{
    pm_free(&life->group);
    pm_free(&life->name);
}

/* group is closed when it cannot be limited. EAGAIN: somebody of an earlier life is still in it. */
static bool limit_group(struct pm_lives *lives, const struct pm_spawn *what, int group,
                        struct pm_birth *out)
{
    struct pm_cgroups *groups = &lives->trees.groups;
    const char *which = group < 0 && groups->root >= 0 ? "" : pm_limits_set(groups, what);

    if (which == NULL)
        return true;
    out->stage = PM_STAGE_CGROUP;
    out->error = *which ? errno : EAGAIN;
    snprintf(out->detail, sizeof out->detail, "%s", which);
    if (group >= 0)
        close(group);
    return false;
}

void pm_lives_spawn(struct pm_lives *lives, const struct pm_spawn *what, struct pm_birth *out)
{
    struct pm_slot *slot;
    struct pm_proc_stat stat;
    struct pm_life *life;
    int group;

    *out = (struct pm_birth){ .stage = PM_STAGE_SLOT, .fds = { -1, -1 } };
    slot = claim(lives, what, &out->error);
    if (slot == NULL)
        return;
    life = &lives->at[what->slot];
    owe_output(lives, what->slot, slot->run);
    forget_names(life);
    pm_slot_change(slot);
    slot->pid = 0;
    slot->start_ticks = 0;
    slot->pipes[0] = slot->pipes[1] = 0;
    slot->adopted = slot->unknown = slot->core_dumped = slot->oom = slot->leftover = 0;
    slot->run = what->run;
    pm_slot_enter(slot, PM_SLOT_SPAWNING);
    group = pm_cgroups_enter(&lives->trees.groups, what->slot);
    if (pm_limits_asked(what) && !limit_group(lives, what, group, out)) {
        pm_slot_enter(slot, PM_SLOT_IDLE);
        return;
    }
    do
        pm_ground_spawn(&lives->ground, what, group, &slot->pid, slot->pipes, out);
    while (out->stage == PM_STAGE_PIPE && out->error == EMFILE
           && pm_debts_drop_oldest(&lives->debts)); /* the living go first */
    if (group >= 0)
        close(group);
    if (out->pid == 0) {
        pm_slot_enter(slot, PM_SLOT_IDLE);
        return;
    }
    *life = (struct pm_life){ .pid = out->pid, .fds = { out->fds[0], out->fds[1] },
                              .grouped = out->grouped };
    index_leader(lives, what->slot);
    slot->start_ticks = out->start_ticks;
    if (slot->start_ticks == 0 && pm_proc_stat(out->pid, &stat) == PM_OK)
        slot->start_ticks = stat.start_ticks;
    pm_slot_enter(slot, PM_SLOT_LIVE);
    lives->living++;
}

/* ---- while it lives ---------------------------------------------------------------------- */

/* A child of ours keeps its number until we reap it, an adopted one until somebody does. */
static void signal_group(struct pm_lives *lives, size_t number, int sig)
{
    const struct pm_life *life = &lives->at[number];
    const struct pm_slot *slot = pm_slots_at(lives->slots, number);

    if (life->pid > 1 && (life->pidfd == 0 || pidfd_send_signal(life->pidfd, 0, NULL, 0) == 0))
        (void)kill(slot->leftover ? life->pid : -life->pid, sig);
}

void pm_lives_signal(struct pm_lives *lives, uint64_t number, uint64_t run, int sig)
{
    const struct pm_slot *slot = pm_slots_at(lives->slots, number);

    if (slot && pm_slot_living(slot) && slot->run == run && sig > 0 && sig < NSIG)
        signal_group(lives, number, sig);
}

void pm_lives_kill_all(struct pm_lives *lives)
{
    for (size_t i = 0; i < pm_slots_used(lives->slots); i++)
        signal_group(lives, i, SIGKILL);
}

/* ---- its end ------------------------------------------------------------------------------ */

static uint64_t ms_of(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_usec / 1000;
}

void pm_lives_end(struct pm_lives *lives, size_t number, const siginfo_t *info,
                  const struct rusage *used)
{
    struct pm_slot *slot = pm_slots_at(lives->slots, number);
    struct pm_life *life = &lives->at[number];
    bool grouped = life->grouped && pm_cgroups_has(&lives->trees.groups, number);
    enum pm_tree_way way = info == NULL ? PM_TREE_SWEEP
                         : grouped ? PM_TREE_GROUP : PM_TREE_CHILDREN;

    if (life->pidfd > 0)
        close(life->pidfd); /* leaves the epoll set with it */
    if (info != NULL || pm_adopt_group_is_ours(slot))
        (void)kill(-life->pid, SIGKILL);
    forget_leader(lives, number);
    life->pidfd = 0;
    end_tree(lives, number, way);

    pm_slot_change(slot);
    slot->unknown = info == NULL;
    slot->exit_code = info && info->si_code == CLD_EXITED ? info->si_status : 0;
    slot->exit_signal = info && info->si_code != CLD_EXITED ? info->si_status : 0;
    slot->core_dumped = info && info->si_code == CLD_DUMPED;
    slot->oom = slot->exit_signal == SIGKILL
             && ((grouped && pm_limits_oom(&lives->trees.groups, number))
                 || pm_oom_has_killed(&lives->oom, slot->pid, pm_mono_now()));
    slot->cpu_ms = used ? ms_of(used->ru_utime) + ms_of(used->ru_stime) : 0;
    slot->peak_bytes = used ? (uint64_t)used->ru_maxrss * 1024 : 0;
    pm_slot_enter(slot, PM_SLOT_ENDED);
}

void pm_lives_seen(struct pm_lives *lives, uint64_t number, uint64_t run)
{
    struct pm_slot *slot = pm_slots_at(lives->slots, number);

    if (slot == NULL || slot->run != run || pm_slot_phase(slot) != PM_SLOT_ENDED)
        return;
    pm_slot_change(slot);
    slot->pid = 0;
    pm_slot_enter(slot, PM_SLOT_IDLE);
}

void pm_lives_drained(struct pm_lives *lives, uint64_t number, uint64_t run)
{
    const struct pm_slot *slot = pm_slots_at(lives->slots, number);

    if (slot != NULL && slot->run == run)
        pm_read_ends_close(lives->at[number].fds);
    pm_debts_settle(&lives->debts, number, run);
}

void pm_lives_note(struct pm_lives *lives, uint64_t number, struct pm_blob note)
{
    struct pm_slot *slot;

    if (pm_slots_claim(lives->slots, number, &slot) != PM_OK)
        return;
    if (note.n == 0 && !pm_slot_living(slot) && !pm_trees_is_ending(&lives->trees, number)) {
        pm_read_ends_close(lives->at[number].fds);
        pm_debts_forget(&lives->debts, number);
        forget_names(&lives->at[number]);
        pm_cgroups_remove(&lives->trees.groups, number);
        pm_slot_free(slot);
        return;
    }
    if (pm_slot_note(slot, note.at, note.n) == PM_OK && pm_slot_phase(slot) == PM_SLOT_FREE)
        pm_slot_enter(slot, PM_SLOT_IDLE);
}

/* ---- for the brain -------------------------------------------------------------------------- */

bool pm_lives_is_leftover(const struct pm_lives *lives, size_t number)
{
    const struct pm_slot *slot = pm_slots_at(lives->slots, number);

    return slot != NULL && slot->leftover;
}

bool pm_lives_held(const struct pm_lives *lives, size_t number, struct pm_held *out)
{
    const struct pm_slot *slot = pm_slots_at(lives->slots, number);
    bool living = slot && (pm_slot_living(slot) || pm_trees_is_ending(&lives->trees, number));

    if (slot == NULL || pm_slot_phase(slot) == PM_SLOT_FREE)
        return false;
    *out = (struct pm_held){
        .slot = number, .run = slot->run, .pid = living ? slot->pid : 0,
        .start_ticks = living ? slot->start_ticks : 0, .adopted = living && slot->adopted,
        .note = { .at = slot->note, .n = slot->note_n },
    };
    if (slot->note_n == 0) {
        out->group = lives->at[number].group;
        out->name = lives->at[number].name;
    }
    return true;
}

bool pm_lives_ended(const struct pm_lives *lives, size_t number, struct pm_ended *out)
{
    const struct pm_slot *slot = pm_slots_at(lives->slots, number);

    if (slot == NULL || pm_slot_phase(slot) != PM_SLOT_ENDED
        || pm_trees_is_ending(&lives->trees, number))
        return false;
    *out = (struct pm_ended){
        .slot = number, .run = slot->run, .pid = slot->pid, .exit_code = slot->exit_code,
        .exit_signal = slot->exit_signal, .core_dumped = slot->core_dumped,
        .unknown = slot->unknown, .oom = slot->oom, .cpu_ms = slot->cpu_ms,
        .peak_bytes = slot->peak_bytes,
    };
    return true;
}
