/* The one loop: whatever comes is told to the core; after each batch the core has its turn.
 *
 * libzmq's sockets are the loop's own; everything with a plain descriptor (the keeper, the one
 * timer, signals, what looks whether processes are well) sits behind one epoll set, because zloop
 * looks at all its descriptors each time.
 */
#include "brain/shell.h"

#include <procman/log.h>
#include <procman/spare.h>

#include <czmq.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define EVENTS  8    /* descriptors there are */
#define ANSWERS 8    /* rounds of them in one turn: an answer may ask the next question */
#define BATCH   256  /* messages of one source before the others get a turn */
#define LOOK_MS 1000 /* between two looks at what processes use */

struct loop {
    struct shell *shell;
    const char *stats_topic;
    int epoll, timer, signals;
    struct pm_mono armed, look_at;
    struct pm_spare spare;
    bool writing; /* the keeper's link is watched for room, too */
    bool hearing; /* what processes say of themselves */
};

/* ---- turns ------------------------------------------------------------------------ */

static void watch(struct loop *l, int fd, int how, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.fd = fd };

    pm_assert(epoll_ctl(l->epoll, how, fd, &event) == 0);
}

static void arm(struct loop *l, struct pm_mono when)
{
    struct itimerspec at = { .it_value = { when.ms / 1000, when.ms % 1000 * 1000000 } };

    if (when.ms == l->armed.ms)
        return;
    l->armed = when;
    pm_assert(timerfd_settime(l->timer, TFD_TIMER_ABSTIME, &at, NULL) == 0);
}

static void look(struct loop *l, struct pm_mono now)
{
    struct pm_stats stats;

    if (now.ms < l->look_at.ms)
        return;
    l->look_at = pm_mono_after(now, LOOK_MS);
    oom_look(&l->shell->oom);
    pm_spare_look(&l->spare);
    if (l->shell->unheard)
        l->shell->over = true; /* the keeper gives a new brain all pipes; once a second will do */
    shell_weigh(l->shell);
    if (brain_session(l->shell->brain) == 0)
        return;
    sampler_look(l->shell->sampler, l->shell->brain, l->shell->output, &stats);
    sheriff_publish(l->shell->sheriff, l->stats_topic, PM_MSG_STATS, &stats);
}

/* Until the keeper has said which processes there are, what they say waits in their socket. */
static void hear_processes(struct loop *l, struct pm_mono now)
{
    struct shell *shell = l->shell;

    if (shell->notify.fd < 0 || !brain_knows_its_own(shell->brain))
        return;
    if (!l->hearing)
        watch(l, shell->notify.fd, EPOLL_CTL_ADD, EPOLLIN);
    l->hearing = true;
    if (brain_misses_a_sign(shell->brain, now))
        notify_hear(&shell->notify, shell->brain, BATCH);
}

/* After every batch: the core's turn, what did not fit goes out, the timer is set. -1: the end. */
static int turn(struct loop *l)
{
    struct pm_mono now = pm_mono_now(), next;
    bool kept;

    hear_processes(l, now);
    brain_turn(l->shell->brain, now);
    for (int i = 0; i < ANSWERS && shell_hear_asker(l->shell); i++)
        brain_turn(l->shell->brain, now);
    look(l, now);
    sweep_turn(&l->shell->sweep, l->shell->brain, now);
    if (pm_wire_flush(l->shell->wire) != PM_OK)
        keeper_hear(l->shell, BATCH); /* its last words, then its end */
    kept = pm_wire_kept(l->shell->wire) > 0;
    if (kept != l->writing)
        watch(l, pm_wire_fd(l->shell->wire), EPOLL_CTL_MOD, kept ? EPOLLIN | EPOLLOUT : EPOLLIN);
    l->writing = kept;
    next = brain_next(l->shell->brain);
    if (sweep_next(&l->shell->sweep).ms < next.ms)
        next = sweep_next(&l->shell->sweep);
    arm(l, next.ms < l->look_at.ms ? next : l->look_at);
    return l->shell->over ? -1 : 0;
}

static void hear(struct loop *l, int fd)
{
    struct shell *shell = l->shell;
    struct signalfd_siginfo signal;
    uint64_t times;

    if (fd == l->timer && read(l->timer, &times, sizeof times) > 0)
        l->armed.ms = 0;
    else if (fd == l->signals && read(l->signals, &signal, sizeof signal) == sizeof signal)
        shell->over = true; /* asked to go: the keeper begins another, all runs on */
    else if (fd == pm_wire_fd(shell->wire))
        keeper_hear(shell, BATCH);
    else if (fd == asker_fd(shell->asker))
        asker_work(shell->asker);
    else if (fd == ears_fd(shell->ears))
        ears_work(shell->ears);
    else if (fd == shell->notify.fd)
        notify_hear(&shell->notify, shell->brain, BATCH);
}

static int on_descriptor(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
    struct loop *l = arg;
    struct epoll_event events[EVENTS];
    int n = epoll_wait(l->epoll, events, PM_COUNT(events), 0);

    (void)loop;
    (void)item;
    for (int i = 0; i < n; i++)
        hear(l, events[i].data.fd);
    return turn(l);
}

static int on_socket(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
    struct loop *l = arg;

    (void)loop;
    if (item->socket == sheriff_orders(l->shell->sheriff))
        shell_hear_sheriff(l->shell, BATCH);
    else if (item->socket == sheriff_monitor(l->shell->sheriff))
        shell_hear_link(l->shell);
    else if (item->socket == sheriff_streams(l->shell->sheriff))
        shell_hear_followers(l->shell);
    else
        shell_hear_mover(l->shell, BATCH);
    return turn(l);
}

/* ---- the loop --------------------------------------------------------------------- */

static bool open_descriptors(struct loop *l)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    l->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (l->epoll < 0 || l->timer < 0 || l->signals < 0)
        return false;
    watch(l, l->timer, EPOLL_CTL_ADD, EPOLLIN);
    watch(l, l->signals, EPOLL_CTL_ADD, EPOLLIN);
    watch(l, pm_wire_fd(l->shell->wire), EPOLL_CTL_ADD, EPOLLIN);
    watch(l, asker_fd(l->shell->asker), EPOLL_CTL_ADD, EPOLLIN);
    watch(l, ears_fd(l->shell->ears), EPOLL_CTL_ADD, EPOLLIN);
    return true;
}

static void close_descriptors(struct loop *l)
{
    int fds[] = { l->epoll, l->timer, l->signals };

    for (size_t i = 0; i < PM_COUNT(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

enum pm_err shell_loop(struct shell *shell, const char *name)
{
    PM_CLEANUP(pm_free) char *topic = pm_printf("stats/%s/", name);
    struct loop l = { .shell = shell, .stats_topic = topic, .look_at = pm_mono_now() };
    void *sockets[] = { sheriff_orders(shell->sheriff), sheriff_monitor(shell->sheriff),
                        sheriff_streams(shell->sheriff),
                        zsock_resolve(output_socket(shell->output)) };
    zloop_t *loop = zloop_new();
    enum pm_err err = PM_IO;

    if (loop != NULL && open_descriptors(&l)) {
        zmq_pollitem_t descriptors = { .fd = l.epoll, .events = ZMQ_POLLIN };
        zloop_set_nonstop(loop, true); /* signals are ours */
        zloop_poller(loop, &descriptors, on_descriptor, &l);
        for (size_t i = 0; i < PM_COUNT(sockets); i++) {
            zmq_pollitem_t item = { .socket = sockets[i], .events = ZMQ_POLLIN };
            zloop_poller(loop, &item, on_socket, &l);
        }
        if (turn(&l) == 0)
            zloop_start(loop);
        err = PM_OK;
    }
    zloop_destroy(&loop);
    close_descriptors(&l);
    return err;
}
