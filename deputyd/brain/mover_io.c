/* The actor that moves output: one epoll set over all pipes, one splice per ready pipe and turn.
 *
 * A file that cannot be written (disk full, directory gone and not to be made) gets a pause: its
 * pipes leave the epoll set, so nothing spins and the bytes wait where they are, and after a
 * while it is tried again. Said once when it begins and once when it is over.
 *
 * Follower's bytes are read back from the file after they are there: the live view can lose
 * a chunk, the file cannot.
 */
#include "brain/mover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MOVE_BYTES   ((size_t)1 << 20)   /* in one splice: fair to the others */
#define BUSY_BYTES   ((size_t)64 << 10)  /* a splice of a full default pipe: make it larger */
#define CHUNK_BYTES  ((size_t)64 << 10)
#define FLYING_BYTES ((size_t)8 << 20)   /* chunks the loop has not taken yet */
#define RETRY_MS     1000
#define DISK_MS      1000
#define LAST_MOVES   64                  /* of each pipe at our end: somebody may write for ever */
#define EVENTS_MOST  64

struct tap {
    struct output_file *file;
    struct output_run *run;
    int fd;
    enum pm_stream stream;
    bool enlarged;
    struct tap *next;
};

struct asked { /* for the last lines of a run whose pipes are still open */
    struct output_file *file;
    uint64_t run;
    struct pm_mono until;
    struct asked *next;
};

struct mover {
    void *socket;                /* our end of the actor's pipe */
    struct mover_shared *shared;
    int epoll;
    struct output_file *files;
    size_t troubled;             /* files that wait for their retry */
    bool emptied;                /* a file that nobody needs may be among them */
    struct asked *asked;
    struct pm_mono disk_at;
    bool ending;
};

/* ---- news ------------------------------------------------------------------------- */

static void free_data(void *data, void *hint)
{
    (void)hint;
    free(data);
}

/* Gives `data` (heap) away. */
static void tell(struct mover *m, const struct mover_news *news, void *data, size_t n)
{
    zmq_msg_t frame;
    bool told = zmq_send(m->socket, news, sizeof *news, data ? ZMQ_SNDMORE : 0) >= 0;

    if (data == NULL)
        return;
    if (!told || zmq_msg_init_data(&frame, data, n, free_data, NULL) != 0) {
        free(data);
        return;
    }
    if (zmq_msg_send(&frame, m->socket, 0) < 0)
        zmq_msg_close(&frame);
}

static void name_file(const struct output_file *file, struct mover_news *news)
{
    snprintf(news->group, sizeof news->group, "%s", file->group);
    snprintf(news->name, sizeof news->name, "%s", file->name);
}

static void show_end(struct mover *m, const struct output_file *file, uint64_t id)
{
    struct mover_news news = { .kind = OUTPUT_CHUNK, .id = id,
                               .offset = atomic_load(&file->end) };

    tell(m, &news, NULL, 0);
}

static void show(struct mover *m, const struct tap *tap, uint64_t from, size_t n)
{
    const struct output_file *file = tap->file;

    while (n > 0 && atomic_load(&m->shared->flying) < FLYING_BYTES) {
        struct mover_news news = { .kind = OUTPUT_CHUNK, .id = file->id, .offset = from,
                                   .stream = tap->stream, .run = tap->run->number,
                                   .time_ms = pm_wall_now().ms };
        size_t wanted = n < CHUNK_BYTES ? n : CHUNK_BYTES;
        void *data = pm_resize(NULL, wanted, 1);
        ssize_t got = pread(file->fd, data, wanted, (off_t)from);
        if (got <= 0) {
            free(data);
            return; /* somebody cut the file short: the follower will find out by reading */
        }
        atomic_fetch_add(&m->shared->flying, (uint64_t)got);
        tell(m, &news, data, (size_t)got);
        from += (uint64_t)got;
        n -= (size_t)got;
    }
}

/* ---- pipes ------------------------------------------------------------------------ */

static bool watch(struct mover *m, struct tap *tap)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = tap };

    return epoll_ctl(m->epoll, EPOLL_CTL_ADD, tap->fd, &event) == 0;
}

static void free_file(struct output_file *file)
{
    *file->link = file->next;
    if (file->next)
        file->next->link = file->link;
    output_file_free(file);
}

/* Files are freed here only, between turns, so that a turn may go on with what it has. */
static void sweep(struct mover *m)
{
    struct output_file *next;

    if (!m->emptied)
        return;
    m->emptied = false;
    for (struct output_file *file = m->files; file; file = next) {
        next = file->next;
        if (file->closing && file->taps == NULL)
            free_file(file); /* without pipes nobody waits for its last lines */
    }
}

static void tell_last(struct mover *m, const struct output_file *file,
                      const struct output_run *run)
{
    struct mover_news news = { .kind = OUTPUT_LAST, .run = run->number, .end = run->end };
    void *data = NULL;
    size_t n = 0;

    name_file(file, &news);
    output_read_last(file, run, &data, &n);
    tell(m, &news, data, n);
}

/* Those who wait for this run, or NULL: for too long. */
static void answer_asked(struct mover *m, const struct output_file *file,
                         const struct output_run *run, struct pm_mono now)
{
    for (struct asked **link = &m->asked; *link != NULL; ) {
        struct asked *asked = *link;
        struct output_run open = { .number = asked->run };
        bool due = run ? asked->file == file && asked->run == run->number
                       : now.ms >= asked->until.ms;
        if (!due) {
            link = &asked->next;
            continue;
        }
        *link = asked->next;
        for (struct tap *tap = asked->file->taps; run == NULL && tap; tap = tap->next)
            if (tap->run->number == asked->run)
                open.begin = tap->run->begin, open.end = tap->run->end;
        tell_last(m, asked->file, run ? run : &open);
        free(asked);
    }
}

static void finish_run(struct mover *m, struct output_file *file, struct output_run *run)
{
    struct mover_news news = { .kind = OUTPUT_DRAINED, .run = run->number };

    file->past = (struct output_run){ .number = run->number, .begin = run->begin,
                                      .end = run->end };
    if (atomic_fetch_sub(&run->pipes, 1) > 1)
        return;
    name_file(file, &news);
    tell(m, &news, NULL, 0);
    answer_asked(m, file, &file->past, (struct pm_mono){ 0 });
}

/* The pipe came to its end. With the file's last pipe the file is closed. */
static void finish_tap(struct mover *m, struct tap *tap)
{
    struct output_file *file = tap->file;
    struct output_run *run = tap->run;
    struct tap **link = &file->taps;

    while (*link != tap)
        link = &(*link)->next;
    *link = tap->next;
    /* Closing alone would not do: the keeper has the same open pipe, which keeps the watch. */
    (void)epoll_ctl(m->epoll, EPOLL_CTL_DEL, tap->fd, NULL);
    close(tap->fd);
    free(tap);
    if (file->taps == NULL) {
        output_file_shut(file);
        if (file->retry.ms != 0)
            m->troubled--;
        file->retry.ms = 0;
        m->emptied = file->closing || m->emptied;
    }
    finish_run(m, file, run);
}

/* ---- trouble ---------------------------------------------------------------------- */

static void begin_trouble(struct mover *m, struct output_file *file, int error)
{
    struct mover_news news = { .kind = OUTPUT_TROUBLE };
    bool is_new = file->retry.ms == 0;

    for (struct tap *tap = file->taps; tap; tap = tap->next)
        (void)epoll_ctl(m->epoll, EPOLL_CTL_DEL, tap->fd, NULL);
    file->retry = pm_mono_after(pm_mono_now(), RETRY_MS);
    if (!is_new)
        return;
    m->troubled++;
    name_file(file, &news);
    snprintf(news.text, sizeof news.text, "cannot write %.300s: %s; its output waits in the pipe",
             file->path, strerror(error));
    tell(m, &news, NULL, 0);
}

static void end_trouble(struct mover *m, struct output_file *file)
{
    struct mover_news news = { .kind = OUTPUT_TROUBLE, .over = true };

    file->retry.ms = 0;
    m->troubled--;
    name_file(file, &news);
    snprintf(news.text, sizeof news.text, "%.300s can be written again", file->path);
    tell(m, &news, NULL, 0);
}

/* ---- moving ----------------------------------------------------------------------- */

static void enlarge(struct tap *tap)
{
    tap->enlarged = true;
    (void)fcntl(tap->fd, F_SETPIPE_SZ, (int)MOVE_BYTES); /* not permitted: it stays as it is */
}

/* OK: there may be more | TIMEOUT: not now | GONE: tap is no more | IO: trouble has begun */
static enum pm_err move(struct mover *m, struct tap *tap)
{
    struct output_file *file = tap->file;
    size_t moved = 0;
    enum pm_err err = output_file_splice(file, tap->fd, MOVE_BYTES, &moved);

    if (err == PM_IO) {
        begin_trouble(m, file, errno);
        return PM_IO;
    }
    if (err != PM_OK)
        return err;
    if (file->retry.ms != 0)
        end_trouble(m, file);
    if (moved == 0) {
        finish_tap(m, tap);
        return PM_GONE;
    }
    if (tap->run->end == 0)
        tap->run->begin = atomic_load(&file->end) - moved;
    tap->run->end = atomic_load(&file->end);
    if (moved >= BUSY_BYTES && !tap->enlarged)
        enlarge(tap);
    if (file->followed)
        show(m, tap, atomic_load(&file->end) - moved, moved);
    return PM_OK;
}

/* What waited is tried with a single move; the rest comes through the epoll set as always. */
static void try_again(struct mover *m, struct output_file *file)
{
    struct tap *next;

    if (output_file_ready(file) != PM_OK) {
        begin_trouble(m, file, errno);
        return;
    }
    for (struct tap *tap = file->taps; tap; tap = next) {
        next = tap->next;
        if (move(m, tap) == PM_IO)
            return;
    }
    for (struct tap *tap = file->taps; tap; tap = tap->next)
        (void)watch(m, tap);
    if (file->retry.ms != 0) /* every pipe is empty: the next byte will tell */
        end_trouble(m, file);
}

static void try_all_again(struct mover *m, struct pm_mono now)
{
    for (struct output_file *file = m->files; file && m->troubled > 0; file = file->next)
        if (file->retry.ms != 0 && now.ms >= file->retry.ms)
            try_again(m, file);
}

/* ---- orders ----------------------------------------------------------------------- */

static void open_order(struct mover *m, struct output_file *file)
{
    struct stat stat_now;

    file->next = m->files;
    file->link = &m->files;
    if (file->next)
        file->next->link = &file->next;
    m->files = file;
    if (stat(file->path, &stat_now) == 0) /* what a former life of ours wrote */
        atomic_store(&file->end, (uint64_t)stat_now.st_size);
}

static void take_pipe(struct mover *m, const struct mover_order *order, enum pm_stream stream)
{
    struct output_file *file = order->file;
    struct tap *tap = pm_alloc(sizeof *tap);

    *tap = (struct tap){ .file = file, .run = order->run, .fd = order->fds[stream],
                         .stream = stream, .next = file->taps };
    file->taps = tap;
    if (file->retry.ms != 0)
        return; /* it waits with the others */
    if (!watch(m, tap))
        begin_trouble(m, file, errno);
}

static void last_order(struct mover *m, const struct mover_order *order)
{
    struct output_file *file = order->file;
    struct output_run none = { .number = order->number };
    struct asked *asked;

    for (struct tap *tap = file->taps; tap; tap = tap->next) {
        if (tap->run->number != order->number)
            continue;
        asked = pm_alloc(sizeof *asked);
        *asked = (struct asked){ .file = file, .run = order->number, .next = m->asked,
                                 .until = pm_mono_after(pm_mono_now(), OUTPUT_LAST_MS) };
        m->asked = asked;
        return;
    }
    tell_last(m, file, file->past.number == order->number ? &file->past : &none);
}

static void obey(struct mover *m, const struct mover_order *order)
{
    struct output_file *file = order->file;
    struct mover_news news;
    void *data;
    size_t n;

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
        break;
    case MOVER_TAKE:
        take_pipe(m, order, PM_STREAM_OUT);
        if (order->fds[1] >= 0)
            take_pipe(m, order, PM_STREAM_ERR);
        break;
    case MOVER_LAST:
        last_order(m, order);
        break;
    case MOVER_FOLLOW:
        if (order->on || file->id == order->id)
            file->followed = order->on;
        file->id = order->on ? order->id : file->id;
        if (order->on)
            show_end(m, file, order->id);
        break;
    case MOVER_READ:
        output_read(file, &order->read, &news, &data, &n);
        tell(m, &news, n > 0 ? data : NULL, n);
        if (n == 0)
            free(data);
        break;
    }
}

static bool has_orders(struct mover *m)
{
    int events = 0;
    size_t size = sizeof events;

    return zmq_getsockopt(m->socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN);
}

/* libzmq tells of new messages once: whatever there is, is taken before the next wait. */
static void obey_all(struct mover *m)
{
    struct mover_order order;

    while (!m->ending && has_orders(m)) {
        int n = zmq_recv(m->socket, &order, sizeof order, ZMQ_DONTWAIT);
        if (n == (int)sizeof order)
            obey(m, &order);
        else
            m->ending = true; /* the only other thing an actor is told: "$TERM" */
    }
}

/* ---- the actor -------------------------------------------------------------------- */

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

    if (now.ms < m->disk_at.ms)
        return;
    m->disk_at = pm_mono_after(now, DISK_MS);
    if (!find_disk(m->shared->dir, &disk))
        return;
    atomic_store(&m->shared->disk_total, (uint64_t)disk.f_blocks * disk.f_frsize);
    atomic_store(&m->shared->disk_used, (uint64_t)(disk.f_blocks - disk.f_bfree) * disk.f_frsize);
}

static void drain(struct mover *m, struct output_file *file)
{
    struct tap *next;

    for (struct tap *tap = file->taps; tap; tap = next) {
        enum pm_err err = PM_OK;
        next = tap->next;
        for (int i = 0; i < LAST_MOVES && err == PM_OK; i++)
            err = move(m, tap);
        if (err == PM_IO)
            return;
    }
}

static void end(struct mover *m)
{
    for (struct output_file *file = m->files; file; file = file->next)
        drain(m, file);
    answer_asked(m, NULL, NULL, (struct pm_mono){ INT64_MAX });
    while (m->files != NULL) {
        struct output_file *file = m->files;
        while (file->taps != NULL) {
            struct tap *tap = file->taps;
            file->taps = tap->next;
            close(tap->fd);
            free(tap);
        }
        free_file(file);
    }
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

void mover_run(zsock_t *pipe, void *args)
{
    struct mover m = { .socket = zsock_resolve(pipe), .shared = args,
                       .epoll = epoll_create1(EPOLL_CLOEXEC) };
    struct epoll_event events[EVENTS_MOST];

    pm_assert(watch_orders(&m));
    look_at_disk(&m, pm_mono_now());
    zsock_signal(pipe, 0);
    obey_all(&m);
    while (!m.ending) {
        int n = epoll_wait(m.epoll, events, EVENTS_MOST, m.asked ? OUTPUT_LAST_MS / 4 : DISK_MS);
        struct pm_mono now = pm_mono_now();
        for (int i = 0; i < n; i++)
            if (events[i].data.ptr != NULL)
                (void)move(&m, events[i].data.ptr);
        try_all_again(&m, now);
        look_at_disk(&m, now);
        answer_asked(&m, NULL, NULL, now);
        obey_all(&m);
        sweep(&m);
    }
    end(&m);
}
