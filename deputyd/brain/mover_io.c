/* The actor that moves output: one epoll set over all pipes, orders in between, and once a turn
 * what has waited long enough.
 *
 *   mover_move_io.c   from a pipe into its file, and when that fails
 *   mover_news_io.c   what is told: to followers, to readers
 *   mover_seek_io.c   lines that are waited for
 *   output_store.h    the files
 */
#include "brain/mover_inside.h"

#include "brain/output_budget.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define DISK_MS     1000
#define LAST_MOVES  64   /* of each pipe at our end: somebody may write for ever */
#define EVENTS_MOST 64
#define ORDERS_MS   5    /* of one turn: bytes wait no longer for orders, which may be to read */

/* ---- orders ----------------------------------------------------------------------- */

static void open_order(struct mover *m, struct output_file *file)
{
    file->next = m->files;
    file->link = &m->files;
    if (file->next)
        file->next->link = &file->next;
    m->files = file;
    file->log = store_use(&m->store, file->path);
    atomic_store(&file->end, file->log->end); /* what a former life of ours wrote */
}

static void follow_order(struct mover *m, const struct mover_order *order)
{
    struct output_file *file = order->file;

    if (order->on || file->id == order->id)
        file->followed = order->on;
    file->id = order->on ? order->id : file->id;
    if (order->on)
        mover_show_end(m, file, order->id);
}

static void obey(struct mover *m, const struct mover_order *order)
{
    struct output_file *file = order->file;

    switch (order->kind) {
    case MOVER_OPEN:
        open_order(m, file);
        break;
    case MOVER_CLOSE:
        file->closing = true;
        file->followed = false;
        m->emptied = true;
        break;
    case MOVER_LIMITS:
        log_limits(file->log, order->max_bytes, order->keep);
        break;
    case MOVER_TAKE:
        mover_take(m, file, order->run, PM_STREAM_OUT, order->fds[0]);
        if (order->fds[1] >= 0)
            mover_take(m, file, order->run, PM_STREAM_ERR, order->fds[1]);
        break;
    case MOVER_FOLLOW:
        follow_order(m, order);
        break;
    case MOVER_READ:
        mover_answer_read(m, file, &order->read);
        break;
    case MOVER_LAST:
        mover_ask_last(m, file, order->number);
        break;
    case MOVER_SEEK:
        mover_seek(m, file, order->number, order->pattern);
        break;
    }
}

static bool has_orders(struct mover *m)
{
    int events = 0;
    size_t size = sizeof events;

    return zmq_getsockopt(m->socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN);
}

/* In the order given; what does not fit into this turn comes in the next. */
static void obey_some(struct mover *m, struct pm_mono now)
{
    struct pm_mono enough = pm_mono_after(now, ORDERS_MS);
    struct mover_order order;

    while (!m->ending && pm_mono_now().ms < enough.ms && has_orders(m)) {
        int n = zmq_recv(m->socket, &order, sizeof order, ZMQ_DONTWAIT);
        if (n == (int)sizeof order)
            obey(m, &order);
        else
            m->ending = true; /* the only other thing an actor is told: "$TERM" */
    }
}

/* ---- the disk --------------------------------------------------------------------- */

/* The directory is made with its first file; until then its parent says where that will be. */
static bool find_disk(const char *dir, struct statvfs *out)
{
    PM_CLEANUP(pm_free) char *path = pm_strdup(dir);
    char *slash;

    while (statvfs(path, out) != 0) {
        slash = strrchr(path, '/');
        if (slash == NULL || slash == path)
            return false;
        *slash = '\0';
    }
    return true;
}

static void look_at_disk(struct mover *m, struct pm_mono now)
{
    struct statvfs disk;
    uint64_t total;

    if (now.ms < m->disk_at.ms)
        return;
    m->disk_at = pm_mono_after(now, DISK_MS);
    if (!find_disk(m->shared->dir, &disk))
        return;
    total = (uint64_t)disk.f_blocks * disk.f_frsize;
    atomic_store(&m->shared->disk_total, total);
    atomic_store(&m->shared->disk_used, (uint64_t)(disk.f_blocks - disk.f_bfree) * disk.f_frsize);
    m->store.budget = m->shared->budget ? m->shared->budget : budget_of_disk(total);
}

/* ---- the actor -------------------------------------------------------------------- */

static void free_file(struct mover *m, struct output_file *file)
{
    *file->link = file->next;
    if (file->next)
        file->next->link = file->link;
    mover_seek_end(m, file);
    store_leave(file->log);
    output_file_free(file);
}

/* Files are freed here only, between turns, so that a turn may go on with what it has. Without
 * pipes nobody waits for its last lines for long. */
static void sweep(struct mover *m)
{
    struct output_file *next;

    if (!m->emptied)
        return;
    m->emptied = false;
    for (struct output_file *file = m->files; file; file = next) {
        next = file->next;
        if (file->closing && file->taps == NULL && file->asks == 0)
            free_file(m, file);
    }
}

static void end(struct mover *m)
{
    for (struct output_file *file = m->files; file; file = file->next)
        mover_drain(m, file, LAST_MOVES);
    mover_forget_asked(m);
    while (m->files != NULL) {
        struct output_file *file = m->files;
        mover_leave(m, file);
        free_file(m, file);
    }
    store_fini(&m->store);
    close(m->epoll);
}

static bool watch_orders(struct mover *m)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
    int fd = -1;
    size_t size = sizeof fd;

    return m->epoll >= 0 && zmq_getsockopt(m->socket, ZMQ_FD, &fd, &size) == 0
        && epoll_ctl(m->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* How long nothing has to be done but what comes. */
static int pause_ms(const struct mover *m, struct pm_mono now, struct pm_mono write_at)
{
    int64_t pause = DISK_MS;

    if (m->waiting != NULL)
        pause = OUTPUT_LAST_MS / 4;
    if (m->due != NULL || m->unread || m->behind)
        pause = 0;
    if (m->store.used > m->store.budget && !m->store.tight)
        pause = 0; /* there is more to remove */
    if (write_at.ms != 0 && write_at.ms - now.ms < pause)
        pause = write_at.ms > now.ms ? write_at.ms - now.ms : 0;
    return (int)pause;
}

static void turn(struct mover *m)
{
    struct epoll_event events[EVENTS_MOST];
    struct pm_mono now = pm_mono_now();
    struct pm_mono write_at = store_write_fresh(&m->store, now);
    int n = epoll_wait(m->epoll, events, EVENTS_MOST, pause_ms(m, now, write_at));

    now = pm_mono_now();
    obey_some(m, now); /* which frees none of these */
    for (int i = 0; i < n; i++)
        if (events[i].data.ptr != NULL)
            mover_on_ready(m, events[i].data.ptr);
    mover_try_again(m, now);
    m->behind = mover_seek_on(m);
    store_keep_budget(&m->store);
    look_at_disk(m, now);
    mover_answer_last(m, pm_mono_now());
    m->unread = has_orders(m); /* libzmq notices while news are sent, and tells only once */
    sweep(m);
}

void mover_run(zsock_t *pipe, void *args)
{
    struct mover m = { .socket = zsock_resolve(pipe), .shared = args,
                       .epoll = epoll_create1(EPOLL_CLOEXEC), .unread = true };

    pm_assert(watch_orders(&m));
    store_init(&m.store, m.shared->dir);
    look_at_disk(&m, pm_mono_now());
    zsock_signal(pipe, 0);
    store_scan(&m.store);
    while (!m.ending)
        turn(&m);
    end(&m);
}
