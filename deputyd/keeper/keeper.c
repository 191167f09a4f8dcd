/* The keeper's loop: what the kernel and the brain say, one thing after the other.
 *
 * The keeper decides nothing about processes; it only never forgets them. All it has to tell a
 * brain is in the slot table, so a brain may die at any point: the next one is told everything
 * again. It reads the brain's requests only while it has nothing unsent itself, so what it
 * keeps in memory is bounded by the slots.
 *
 * Ending has stages, and each has a deadline but the brain's own: how long a process may take to
 * stop is the brain's business as long as there is a brain.
 */
#include "keeper/keeper.h"

#include "keeper/voice.h"

#include <procman/limits.h>
#include <procman/log.h>
#include <procman/notify.h>

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVENT_SIGNAL 0u
#define EVENT_WIRE   1u
#define EVENTS_MOST  64
#define SIGNALS_MOST 4       /* as many kinds as we are told of */
#define REQUESTS_MOST 32     /* of the brain in one turn: signals and deaths wait no longer */

#define BRAINLESS_MS 60000   /* ending without a brain that works: then we kill */
#define KILLED_MS    5000    /* for killed groups to be gone, and for the brain to leave */

_Static_assert(EVENT_WIRE < PM_LIVES_EVENT, "epoll data must tell slots from the rest");

static void enter(struct pm_keeper *keeper, enum pm_keeper_stage stage, int64_t within_ms)
{
    keeper->stage = stage;
    keeper->deadline = pm_mono_after(pm_mono_now(), within_ms);
}

static void watch_wire(struct pm_keeper *keeper, int how)
{
    struct epoll_event event = {
        .events = pm_wire_kept(keeper->brain.wire) > 0 ? EPOLLOUT : EPOLLIN,
        .data.u64 = EVENT_WIRE,
    };

    if (how == EPOLL_CTL_MOD && event.events == keeper->watched)
        return;
    keeper->watched = event.events;
    if (epoll_ctl(keeper->epoll, how, pm_wire_fd(keeper->brain.wire), &event) != 0)
        pm_log_error("cannot watch the brain: %s", strerror(errno));
}

static void begin_brain(struct pm_keeper *keeper, struct pm_mono now)
{
    keeper->inventory = 0;
    keeper->told = false;
    keeper->begun++;
    if (pm_brain_begin(&keeper->brain, now) != PM_OK)
        return;
    watch_wire(keeper, EPOLL_CTL_ADD);
}

/* ---- ending ------------------------------------------------------------------------------- */

static void leave(struct pm_keeper *keeper)
{
    pm_wire_close(&keeper->brain.wire); /* its end of the link ends: it goes */
    enter(keeper, PM_KEEPER_LEAVING, KILLED_MS);
}

static void kill_everything(struct pm_keeper *keeper, const char *why)
{
    if (keeper->leave_running || keeper->lives.living == 0) {
        leave(keeper);
        return;
    }
    pm_log_warning("deputy %s: %s; killing all, processes: %zu", keeper->name, why,
                   keeper->lives.living);
    pm_lives_kill_all(&keeper->lives);
    enter(keeper, PM_KEEPER_KILLING, KILLED_MS);
}

static void on_terminate(struct pm_keeper *keeper)
{
    struct pm_stopping stopping = { .leave_running = keeper->leave_running };

    if (keeper->stage == PM_KEEPER_STOPPING)
        kill_everything(keeper, "told to end a second time");
    if (keeper->stage != PM_KEEPER_KEEPING)
        return;
    pm_upgrade_cancel(keeper);
    enter(keeper, PM_KEEPER_STOPPING, BRAINLESS_MS);
    pm_notify("STOPPING=1");
    if (keeper->told)
        pm_voice_tell(keeper, PM_MSG_STOPPING, &stopping, NULL);
}

static void on_finished(struct pm_keeper *keeper, const struct pm_finished *finished)
{
    if (keeper->stage == PM_KEEPER_KEEPING)
        pm_notify("STOPPING=1");
    /* Who begins after an end in order lets the sheriff speak first: wishes may have changed. */
    if (!finished->leave_running)
        pm_slots_forget_brains(keeper->lives.slots);
    if (finished->leave_running)
        leave(keeper);
    else if (keeper->stage < PM_KEEPER_KILLING)
        kill_everything(keeper, "the brain has finished, but not all is over");
}

/* ---- from the brain ------------------------------------------------------------------------ */

static void on_spawn(struct pm_keeper *keeper, const struct pm_spawn *spawn)
{
    struct pm_birth birth = { .stage = PM_STAGE_SLOT, .error = ECANCELED };
    struct pm_spawned spawned = { .slot = spawn->slot, .run = spawn->run };

    if (keeper->stage < PM_KEEPER_KILLING)
        pm_lives_spawn(&keeper->lives, spawn, &birth);
    spawned.pid = birth.pid;
    spawned.stage = birth.stage;
    spawned.error = birth.error;
    spawned.detail = birth.detail;
    if (birth.pid > 0)
        spawned.start_ticks = pm_slots_at(keeper->lives.slots, spawn->slot)->start_ticks;
    pm_voice_tell(keeper, PM_MSG_SPAWNED, &spawned, birth.pid > 0 ? birth.fds : NULL);
}

static void on_request(struct pm_keeper *keeper, const struct pm_wire_message *request)
{
    struct pm_lives *lives = &keeper->lives;

    switch (request->kind) {
    case PM_MSG_SPAWN:
        on_spawn(keeper, request->msg);
        break;
    case PM_MSG_KILL: {
        const struct pm_kill *kill = request->msg;
        pm_lives_signal(lives, kill->slot, kill->run,
                        kill->signal > 0 && kill->signal < NSIG ? (int)kill->signal : 0);
        break;
    }
    case PM_MSG_NOTE: {
        const struct pm_note *note = request->msg;
        pm_lives_note(lives, note->slot, note->note);
        break;
    }
    case PM_MSG_SEEN: {
        const struct pm_seen *seen = request->msg;
        pm_lives_seen(lives, seen->slot, seen->run);
        break;
    }
    case PM_MSG_DRAINED: {
        const struct pm_drained *drained = request->msg;
        pm_lives_drained(lives, drained->slot, drained->run);
        break;
    }
    case PM_MSG_AWAKE:
        break; /* that it says anything is what was asked */
    case PM_MSG_UPGRADE:
        pm_upgrade_ask(keeper, ((const struct pm_upgrade *)request->msg)->request);
        break;
    case PM_MSG_FINISHED:
        on_finished(keeper, request->msg);
        break;
    default:
        pm_voice_drop(keeper, "speaks out of turn");
    }
}

/* False: there is nothing more to hear, now or for ever. */
static bool hear_one(struct pm_keeper *keeper)
{
    struct pm_wire_message request;
    enum pm_err err = PM_GONE;

    if (keeper->brain.wire)
        err = pm_wire_receive(keeper->brain.wire, &request);
    if (err == PM_OK) {
        keeper->brain.heard = true;
        keeper->brain.silent = 0;
        pm_wire_drop(&request); /* it has no descriptors to give */
        on_request(keeper, &request);
    } else if (err != PM_TIMEOUT) {
        pm_voice_drop(keeper, err == PM_GONE ? NULL : "does not make sense");
    }
    return err == PM_OK;
}

static void hear_last_words(struct pm_keeper *keeper)
{
    while (hear_one(keeper))
        ;
}

static void on_wire(struct pm_keeper *keeper)
{
    if (keeper->brain.wire && pm_wire_flush(keeper->brain.wire) != PM_OK)
        hear_last_words(keeper);
    pm_voice_inventory(keeper);
    for (int heard = 0; heard < REQUESTS_MOST; heard++)
        if (keeper->brain.wire == NULL || pm_wire_kept(keeper->brain.wire) > 0 || !hear_one(keeper))
            break;
}

/* ---- from the kernel ------------------------------------------------------------------------ */

static void on_brain_death(struct pm_keeper *keeper, const siginfo_t *info)
{
    bool exited = info->si_code == CLD_EXITED;

    hear_last_words(keeper); /* such as that it has finished */
    pm_brain_ended(&keeper->brain, pm_mono_now());
    if (keeper->stage >= PM_KEEPER_LEAVING || keeper->upgrade.granted)
        return;
    if (exited && info->si_status == 2 && !keeper->brain.heard && keeper->begun == 1
        && keeper->lives.living == 0) {
        keeper->exit_status = 2; /* a usage error, said by the brain; trying again is no use */
        leave(keeper);
        return;
    }
    pm_log_warning("deputy %s: the brain %s %d; the next in %lld ms, processes that go on: %zu",
                   keeper->name, exited ? "exited with" : "was killed by signal", info->si_status,
                   (long long)keeper->brain.pause_ms, keeper->lives.living);
}

/* glibc's waitid() leaves out what the system call has: the resources used. */
static bool next_dead(siginfo_t *info, struct rusage *used)
{
    info->si_pid = 0;
    return syscall(SYS_waitid, P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT, used) == 0
        && info->si_pid > 0;
}

/* The brain hears of an end, unless its inventory is still to come to that slot. */
static void tell_over(struct pm_keeper *keeper, size_t number)
{
    keeper->lives.living--;
    if (number < keeper->inventory || keeper->told)
        pm_voice_ended(keeper, number);
}

/* Who is not ours to reap dies without a word to us. */
static void look_at_trees(struct pm_keeper *keeper, struct pm_mono now)
{
    struct pm_trees *trees = &keeper->lives.trees;
    uint64_t slot;
    size_t at = 0;

    pm_trees_work(trees, now);
    while (pm_trees_next_over(trees, &at, now, &slot))
        tell_over(keeper, slot);
}

/* Most leave nothing behind, and are over at once. */
static void on_end(struct pm_keeper *keeper, size_t number, const siginfo_t *info,
                   const struct rusage *used)
{
    pm_lives_end(&keeper->lives, number, info, used);
    if (info)
        waitpid(info->si_pid, NULL, 0);
    if (pm_trees_is_over(&keeper->lives.trees, number, pm_mono_now()))
        tell_over(keeper, number);
}

static void reap(struct pm_keeper *keeper)
{
    siginfo_t info;
    struct rusage used;

    while (next_dead(&info, &used)) {
        int number = pm_lives_find(&keeper->lives, info.si_pid);
        if (number >= 0) {
            on_end(keeper, (size_t)number, &info, &used);
            continue;
        }
        if (pm_upgrade_on_death(keeper, &info))
            ; /* it has said what it had to say */
        else if (info.si_pid == keeper->brain.pid)
            on_brain_death(keeper, &info);
        waitpid(info.si_pid, NULL, 0); /* others are orphans of our processes */
    }
}

static void on_adopted_end(struct pm_keeper *keeper, size_t number)
{
    if (number < PM_LIMIT_SLOTS && keeper->lives.at[number].pidfd != 0)
        on_end(keeper, number, NULL, NULL);
}

static void on_signals(struct pm_keeper *keeper)
{
    struct signalfd_siginfo infos[SIGNALS_MOST]; /* of each kind one at most is pending */
    ssize_t n = read(keeper->signals, infos, sizeof infos);

    for (ssize_t i = 0; i < n / (ssize_t)sizeof infos[0]; i++) {
        if (infos[i].ssi_signo == SIGCHLD)
            reap(keeper);
        else if (infos[i].ssi_signo == SIGUSR2)
            pm_upgrade_ask(keeper, 0);
        else
            on_terminate(keeper);
    }
}

/* ---- time ------------------------------------------------------------------------------------ */

static void on_deadline(struct pm_keeper *keeper, struct pm_mono now)
{
    switch (keeper->stage) {
    case PM_KEEPER_STOPPING:
        if (pm_brain_is_up(&keeper->brain, now))
            enter(keeper, PM_KEEPER_STOPPING, BRAINLESS_MS);
        else
            kill_everything(keeper, "no brain comes up to stop them");
        break;
    case PM_KEEPER_KILLING:
        pm_log_error("deputy %s: processes that cannot be killed: %zu", keeper->name,
                     keeper->lives.living);
        leave(keeper);
        break;
    case PM_KEEPER_LEAVING:
        pm_voice_drop(keeper, NULL);
        enter(keeper, PM_KEEPER_LEAVING, KILLED_MS);
        break;
    default:
        break;
    }
}

static void look_at_brain(struct pm_keeper *keeper, struct pm_mono now)
{
    struct pm_awake awake = { .asked_ms = (uint64_t)now.ms };
    enum pm_err err;

    if (keeper->brain.wire == NULL || now.ms < keeper->brain.look_at.ms)
        return;
    pm_oom_read(&keeper->lives.oom, now);
    err = pm_brain_look(&keeper->brain, now);
    if (err == PM_TIMEOUT)
        pm_voice_tell(keeper, PM_MSG_AWAKE, &awake, NULL);
    else if (err != PM_OK)
        pm_voice_drop(keeper, "hangs: nothing is heard of it");
}

static bool wants_brain(const struct pm_keeper *keeper)
{
    return keeper->stage < PM_KEEPER_LEAVING && keeper->brain.pid == 0
        && !keeper->upgrade.granted;
}

static void on_time(struct pm_keeper *keeper)
{
    struct pm_mono now = pm_mono_now();

    look_at_trees(keeper, now);
    look_at_brain(keeper, now);
    pm_upgrade_on_time(keeper, now);
    if (keeper->stage == PM_KEEPER_KILLING && keeper->lives.living == 0)
        leave(keeper);
    if (keeper->stage == PM_KEEPER_LEAVING && keeper->brain.pid == 0)
        keeper->stage = PM_KEEPER_GONE;
    else if (keeper->stage != PM_KEEPER_KEEPING && now.ms >= keeper->deadline.ms)
        on_deadline(keeper, now);
    if (wants_brain(keeper) && now.ms >= keeper->brain.next.ms)
        begin_brain(keeper, now);
}

static void sooner(int64_t *until, struct pm_mono when)
{
    if (when.ms < *until)
        *until = when.ms;
}

static int time_to_wait(const struct pm_keeper *keeper)
{
    int64_t until = INT64_MAX, now = pm_mono_now().ms;
    int look = pm_trees_wait_ms(&keeper->lives.trees);

    if (keeper->stage != PM_KEEPER_KEEPING)
        sooner(&until, keeper->deadline);
    if (keeper->upgrade.deadline.ms != 0)
        sooner(&until, keeper->upgrade.deadline);
    if (wants_brain(keeper))
        sooner(&until, keeper->brain.next);
    if (keeper->brain.wire)
        sooner(&until, keeper->brain.look_at);
    if (look >= 0 && until > now + look)
        until = now + look;
    if (until == INT64_MAX)
        return -1;
    return until <= now ? 0 : (int)(until - now); /* the longest is a minute */
}

static bool is_known_child(const void *self, pid_t pid)
{
    const struct pm_keeper *keeper = self;

    return pid == keeper->brain.pid || pm_lives_find(&keeper->lives, pid) >= 0;
}

int pm_keeper_run(struct pm_keeper *keeper)
{
    struct epoll_event watch = { .events = EPOLLIN, .data.u64 = EVENT_SIGNAL };
    struct epoll_event events[EVENTS_MOST];

    keeper->lives.trees.is_known = is_known_child;
    keeper->lives.trees.self = keeper;
    if (epoll_ctl(keeper->epoll, EPOLL_CTL_ADD, keeper->signals, &watch) != 0) {
        pm_log_error("cannot watch signals: %s", strerror(errno));
        return 1;
    }
    reap(keeper); /* of a program that was in our place before, the signal may be lost */
    for (on_time(keeper); keeper->stage != PM_KEEPER_GONE; on_time(keeper)) {
        int n;
        if (keeper->brain.wire) {
            pm_voice_inventory(keeper);
            if (keeper->brain.wire)
                watch_wire(keeper, EPOLL_CTL_MOD);
        }
        n = epoll_wait(keeper->epoll, events, EVENTS_MOST, time_to_wait(keeper));
        for (int i = 0; i < n; i++) {
            if (events[i].data.u64 == EVENT_SIGNAL)
                on_signals(keeper);
            else if (events[i].data.u64 == EVENT_WIRE)
                on_wire(keeper);
            else
                on_adopted_end(keeper, events[i].data.u64 - PM_LIVES_EVENT);
        }
    }
    return keeper->exit_status;
}
