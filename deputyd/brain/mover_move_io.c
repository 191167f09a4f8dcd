/* Bytes from pipes and terminals into files: one move per ready one and turn.
 *
 * What cannot be written is no reason to lose it, and no reason to stop its writer either. When the
 * disk is full, the oldest rotated output of any process goes first. When that does not help
 * (or the reason is another) there is trouble: the bytes wait in the pipe, and are tried again
 * after a while. A pipe that is about half full is emptied all the same (at once when the disk is
 * full; other reasons may be brief), and how much went is counted; the count is in the index
 * before the next byte is in the file. Trouble is said when it begins, when the first byte is
 * lost, and when it is over.
 *
 * While there is trouble a pipe is watched for its edges only: each write tells once, so nothing
 * spins and nobody waits.
 */
#include "brain/mover_inside.h"

#include "brain/output_budget.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MOVE_BYTES     ((size_t)1 << 20)  /* in one splice: fair to the others */
#define BUSY_BYTES     ((size_t)64 << 10) /* a splice of a full default pipe: make it larger */
#define TERMINAL_BYTES 4096               /* what a terminal holds, and we of it */
#define DROP_BYTES     ((size_t)16 << 10) /* read at once, to be thrown away */
#define FILES_MOST     256                /* filled in one turn: fair to the others */
#define RETRY_MS       1000
#define BRIEF_MS       2000               /* so long a writer may wait when the disk is not full */
#define ENDED_MOST     16                 /* pipes of former lives that wait meanwhile */
#define GIVE_UP_MOST   4                  /* segments given up for one move: others wait */

static bool set_watch(struct mover *m, struct tap *tap)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = tap };

    if (tap->file->retry.ms != 0)
        event.events |= EPOLLET;
    return epoll_ctl(m->epoll, EPOLL_CTL_MOD, tap->fd, &event) == 0
        || (errno == ENOENT && epoll_ctl(m->epoll, EPOLL_CTL_ADD, tap->fd, &event) == 0);
}

static void watch_all(struct mover *m, const struct output_file *file)
{
    for (struct tap *tap = file->taps; tap; tap = tap->next)
        (void)set_watch(m, tap);
}

/* ---- trouble ---------------------------------------------------------------------- */

static void say_trouble(struct mover *m, const struct output_file *file)
{
    struct mover_news news = { .kind = OUTPUT_TROUBLE };

    mover_name(file, &news);
    snprintf(news.text, sizeof news.text, "cannot write %.280s: %s; its output %s", file->path,
             strerror(file->error),
             file->lost > 0 ? "is lost, as much as the pipe does not hold" : "waits in the pipe");
    mover_tell(m, &news, NULL, 0, NULL, 0);
}

static void begin_trouble(struct mover *m, struct output_file *file, int error)
{
    struct pm_mono now = pm_mono_now();
    bool is_new = file->retry.ms == 0;

    file->retry = pm_mono_after(now, RETRY_MS);
    file->error = error;
    if (!is_new)
        return;
    m->troubled++;
    file->lost = 0;
    file->patient_until = pm_mono_after(now, BRIEF_MS);
    watch_all(m, file);
    say_trouble(m, file);
}

static void end_trouble(struct mover *m, struct output_file *file, const char *how)
{
    struct mover_news news = { .kind = OUTPUT_TROUBLE, .over = true };
    char lost[80] = "";

    if (file->lost > 0)
        snprintf(lost, sizeof lost, "; %llu bytes of output are lost",
                 (unsigned long long)file->lost);
    file->retry.ms = 0;
    m->troubled--;
    watch_all(m, file);
    mover_name(file, &news);
    snprintf(news.text, sizeof news.text, "%.280s %s%s", file->path, how, lost);
    mover_tell(m, &news, NULL, 0, NULL, 0);
}

/* ---- the end of a pipe ------------------------------------------------------------ */

static void close_tap(struct tap *tap)
{
    close(tap->fd);
    free(tap->held);
    free(tap);
}

static void finish_run(struct mover *m, struct output_file *file, struct output_run *run)
{
    struct mover_news news = { .kind = OUTPUT_DRAINED, .run = run->number };

    if (atomic_fetch_sub(&run->pipes, 1) > 1)
        return;
    log_write_index(file->log);
    mover_name(file, &news);
    mover_tell(m, &news, NULL, 0, NULL, 0);
    mover_last_drained(m, file, news.run);
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
    close_tap(tap);
    if (file->taps == NULL) {
        log_shut(file->log);
        if (file->retry.ms != 0)
            end_trouble(m, file, "is not written to any more");
        m->emptied = file->closing || m->emptied;
    }
    finish_run(m, file, run);
}

/* ---- relief ----------------------------------------------------------------------- */

/* Reads at most n bytes and throws them away. Returns how many. */
static size_t let_go(const struct tap *tap, size_t n)
{
    struct pollfd look = { .fd = tap->fd, .events = POLLIN };
    char bytes[DROP_BYTES];
    size_t gone = 0;
    ssize_t part = 1;

    while (gone < n && part > 0 && poll(&look, 1, 0) > 0 && (look.revents & POLLIN)) {
        part = read(tap->fd, bytes, n - gone < sizeof bytes ? n - gone : sizeof bytes);
        gone += part > 0 ? (size_t)part : 0;
    }
    return gone;
}

/* What is in our hands, and so much of what waits. Counted before it goes, so that no count is
 * ever too low; nobody else reads there, and what cannot be read is taken off the count again. */
static void drop(struct mover *m, struct tap *tap, size_t waiting)
{
    struct output_file *file = tap->file;
    size_t n = waiting + tap->n_held, gone;

    if (n == 0)
        return;
    log_note_loss(file->log, tap->stream, tap->run->number, n);
    gone = tap->n_held + let_go(tap, waiting);
    tap->n_held = 0;
    if (gone < n)
        log_note_kept(file->log, n - gone);
    file->unsaid += gone;
    file->lost += gone;
    if (file->lost == gone && gone > 0 && file->retry.ms != 0)
        say_trouble(m, file);
}

static size_t waiting_in(const struct tap *tap)
{
    int waiting = 0;

    return ioctl(tap->fd, FIONREAD, &waiting) == 0 && waiting > 0 ? (size_t)waiting : 0;
}

static bool has_hung_up(const struct tap *tap)
{
    struct pollfd look = { .fd = tap->fd };

    return poll(&look, 1, 0) > 0 && (look.revents & POLLHUP);
}

/* Nothing can be moved, but a pipe must not become full, and one that is over must not stay. */
static void relieve(struct mover *m, struct tap *tap)
{
    const struct output_file *file = tap->file;
    size_t waiting = waiting_in(tap);
    int capacity = tap->is_terminal ? TERMINAL_BYTES : fcntl(tap->fd, F_GETPIPE_SZ);
    bool is_brief = !store_is_full(file->error) && pm_mono_now().ms < file->patient_until.ms;

    if (waiting == 0 && tap->n_held == 0 && has_hung_up(tap))
        finish_tap(m, tap);
    else if (!is_brief && capacity > 0 && budget_must_drop(waiting, (uint64_t)capacity))
        drop(m, tap, waiting);
}

static void relieve_all(struct mover *m, struct output_file *file)
{
    struct tap *next;

    for (struct tap *tap = file->taps; tap; tap = next) {
        next = tap->next;
        relieve(m, tap);
    }
}

/* One life after another ends with a few last bytes: the oldest of these go, or there would be no
 * descriptors left. */
static void let_ended_go(struct mover *m, const struct output_file *file)
{
    struct tap *next;
    int ended = 0;

    for (struct tap *tap = file->taps; tap; tap = next) { /* the youngest first */
        next = tap->next;
        if (!has_hung_up(tap) || ++ended <= ENDED_MOST)
            continue;
        drop(m, tap, waiting_in(tap));
        if (waiting_in(tap) == 0)
            finish_tap(m, tap);
    }
}

/* ---- moving ----------------------------------------------------------------------- */

static void enlarge(struct tap *tap)
{
    tap->enlarged = true;
    (void)fcntl(tap->fd, F_SETPIPE_SZ, (int)MOVE_BYTES); /* not permitted: it stays as it is */
}

/* A process that writes nothing needs no file: a thousand silent ones begin much faster.
 * OK: there are bytes, or (*out_ended) there never will be | TIMEOUT nothing there now */
static enum pm_err look_into(const struct tap *tap, bool *out_ended)
{
    struct pollfd look = { .fd = tap->fd, .events = POLLIN };

    if (poll(&look, 1, 0) <= 0)
        return PM_TIMEOUT;
    *out_ended = (look.revents & (POLLIN | POLLHUP)) == POLLHUP;
    return PM_OK;
}

/* splice does not know terminals; what was read is in our hands until it is written. */
static enum pm_err put_terminal(struct tap *tap, size_t *out)
{
    enum pm_err err;
    ssize_t n;

    if (tap->n_held == 0) {
        n = read(tap->fd, tap->held, TERMINAL_BYTES);
        if (n < 0 && errno != EIO)
            return errno == EAGAIN || errno == EINTR ? PM_TIMEOUT : PM_IO;
        if (n <= 0) { /* EIO: the last who had it open as his terminal has gone */
            *out = 0;
            return PM_OK;
        }
        tap->n_held = (size_t)n;
    }
    err = log_write(tap->file->log, tap->held, tap->n_held, out);
    if (err != PM_OK)
        return err;
    tap->n_held -= *out;
    memmove(tap->held, tap->held + *out, tap->n_held);
    return PM_OK;
}

static enum pm_err put(struct tap *tap, size_t *out)
{
    struct output_log *log = tap->file->log;
    bool ended = false;

    if (tap->n_held == 0 && (log->fd < 0 || tap->is_terminal) && look_into(tap, &ended) != PM_OK)
        return PM_TIMEOUT;
    if (ended) {
        *out = 0;
        return PM_OK;
    }
    if (log->has_loss && (log_ready(log) != PM_OK || log_settle_loss(log) != PM_OK))
        return PM_IO;
    return tap->is_terminal ? put_terminal(tap, out) : log_splice(log, tap->fd, MOVE_BYTES, out);
}

/* After an IO: may it be tried again at once, since something was given up for it? */
static bool gave_room(struct mover *m, int *given_up)
{
    int error = errno;
    bool gave = store_is_full(error) && (*given_up)++ < GIVE_UP_MOST
                && store_give_up_oldest(&m->store);

    errno = error;
    return gave;
}

/* OK: there may be more | TIMEOUT: not now | GONE: tap is no more | IO: trouble has begun */
static enum pm_err move(struct mover *m, struct tap *tap)
{
    struct output_file *file = tap->file;
    size_t moved = 0;
    int given_up = 0;
    enum pm_err err;

    do
        err = put(tap, &moved);
    while (err == PM_IO && gave_room(m, &given_up));
    if (err == PM_IO) {
        begin_trouble(m, file, errno);
        return PM_IO;
    }
    if (err != PM_OK)
        return err;
    if (file->retry.ms != 0)
        end_trouble(m, file, "can be written again");
    if (moved == 0) {
        finish_tap(m, tap);
        return PM_GONE;
    }
    log_note(file->log, tap->stream, tap->run->number, moved, pm_wall_now());
    atomic_store(&file->end, file->log->end);
    if (moved >= BUSY_BYTES && !tap->enlarged && !tap->is_terminal)
        enlarge(tap);
    if (file->followed)
        mover_show(m, tap, moved);
    return PM_OK;
}

/* A move that ended because the file was full goes on in the next one: what one pipe wrote at once
 * shall not be torn by what came through the other. */
static enum pm_err move_on(struct mover *m, struct tap *tap)
{
    const struct output_log *log = tap->file->log;
    enum pm_err err = move(m, tap);

    for (int i = 1; i < FILES_MOST && err == PM_OK && log_is_full(log) && waiting_in(tap) > 0; i++)
        err = move(m, tap);
    return err;
}

void mover_on_ready(struct mover *m, struct tap *tap)
{
    if (tap->file->retry.ms != 0)
        relieve(m, tap);
    else
        (void)move_on(m, tap);
}

/* Every pipe may be empty by now, so that moving proves nothing: first there must be room. What
 * waited is tried with a single move; the rest comes through the epoll set as always. */
static void try_again(struct mover *m, struct output_file *file)
{
    struct tap *next;
    int given_up = 0;
    enum pm_err err;

    do
        err = log_probe(file->log);
    while (err == PM_IO && gave_room(m, &given_up));
    if (err != PM_OK) {
        begin_trouble(m, file, errno);
        relieve_all(m, file);
        let_ended_go(m, file);
        return;
    }
    for (struct tap *tap = file->taps; tap; tap = next) {
        next = tap->next;
        if (move_on(m, tap) == PM_IO)
            return;
    }
    if (file->retry.ms != 0)
        end_trouble(m, file, "can be written again");
}

void mover_try_again(struct mover *m, struct pm_mono now)
{
    for (struct output_file *file = m->files; file && m->troubled > 0; file = file->next)
        if (file->retry.ms != 0 && now.ms >= file->retry.ms)
            try_again(m, file);
}

void mover_take(struct mover *m, struct output_file *file, struct output_run *run,
                enum pm_stream stream, int fd)
{
    struct tap *tap = pm_alloc(sizeof *tap);

    *tap = (struct tap){ .file = file, .run = run, .fd = fd, .stream = stream,
                         .is_terminal = isatty(fd) == 1, .next = file->taps };
    if (tap->is_terminal)
        tap->held = pm_alloc(TERMINAL_BYTES);
    file->taps = tap;
    if (!set_watch(m, tap))
        begin_trouble(m, file, errno);
}

void mover_drain(struct mover *m, struct output_file *file, int moves)
{
    struct tap *next;

    for (struct tap *tap = file->taps; tap; tap = next) {
        enum pm_err err = PM_OK;
        next = tap->next;
        for (int i = 0; i < moves && err == PM_OK; i++)
            err = move_on(m, tap);
        if (err == PM_IO)
            return;
    }
}

void mover_leave(struct mover *m, struct output_file *file)
{
    while (file->taps != NULL) {
        struct tap *tap = file->taps;
        file->taps = tap->next;
        drop(m, tap, 0);
        close_tap(tap);
    }
}
