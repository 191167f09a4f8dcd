/* Talk to a sheriff: ask it things, and keep a picture of its fleet.
 *
 * One thread, no callbacks from elsewhere: things happen only inside the calls below. Every
 * wait has a limit. A frontend with a loop of its own polls pm_client_fd() for reading and calls
 * pm_client_pump(), or pm_view_pump(), when it is readable.
 */
#ifndef PROCMAN_CLIENT_H
#define PROCMAN_CLIENT_H

#include <procman/codec.h>

PM_BEGIN

struct pm_client;

/* A received message. It owns what msg points to. */
struct pm_frame {
    enum pm_msg kind;
    const void *msg;         /* struct pm_<kind> */
    struct pm_arena arena;
    void *bytes;
};
PM_API void pm_frame_fini(struct pm_frame *frame); /* frees, leaves it empty */

/* Connect to the sheriff of a run directory.
 *   run_dir   NULL: PROCMAN_RUN_DIR or the default; see procmanctl(1)
 *   watch     only look: uses the watch socket. Otherwise the control socket, and when that is
 *             not permitted but the watch socket is, the latter
 *   program   what the sheriff's journal calls us, such as "procmanctl start"
 * OK | UNREACHABLE no sheriff there | FORBIDDEN | IO | LIMIT path too long.
 * pm_client_text() of a failed open is not available; use pm_client_fault(err, run_dir). */
PM_API enum pm_err pm_client_open(const char *run_dir, bool watch, const char *program,
                                  struct pm_client **out) PM_MUST_USE;
PM_API void pm_client_close(struct pm_client **client);
PM_API bool pm_client_may_command(const struct pm_client *client); /* on the control socket */

/* Heap sentence for a failed pm_client_open: what, where, what to do next. */
PM_API char *pm_client_fault(enum pm_err err, const char *run_dir) PM_MUST_USE;

/* Send a request: a struct whose `request`, `version` and `client` fields this call fills in.
 * Its number goes to *out_request. After a GONE it connects anew.
 * OK | GONE | LIMIT | FORBIDDEN a change over the watch socket | UNREACHABLE the sheriff is away */
PM_API enum pm_err pm_client_send(struct pm_client *client, enum pm_msg kind, void *request,
                                  uint64_t *out_request) PM_MUST_USE;

/* The next answer to that request. Several may come; a pm_reply is the last, and so is any
 * answer of a request that has only one (snapshot, bytes, exported, events, endings).
 *   wait_ms  0 = poll, <0 = for ever
 *   out      caller's; pm_frame_fini(&out) afterwards; untouched on error
 * A request the sheriff could not even read is answered by a pm_reply without a number, which
 * ends the next wait.
 * OK | TIMEOUT | GONE the connection ended, the answer will not come, send again |
 * BAD_MESSAGE peer bug. The handle stays good in any case. A signal does not end the wait: its
 * handler runs and the wait goes on, so who must act on one polls pm_client_fd() instead. */
PM_API enum pm_err pm_client_wait(struct pm_client *client, uint64_t request, int wait_ms,
                                  struct pm_frame *out) PM_MUST_USE;

/* Send and wait for the one answer of `answer` kind; a pm_reply with an error becomes that error,
 * its sentence is pm_client_text(). Silence is UNREACHABLE: TIMEOUT is the sheriff's own word. */
PM_API enum pm_err pm_client_call(struct pm_client *client, enum pm_msg kind, void *request,
                                  enum pm_msg answer, int wait_ms, struct pm_frame *out)
    PM_MUST_USE;
/* What the sheriff said last about an error; "" when nothing. Valid until the next call. */
PM_API const char *pm_client_text(const struct pm_client *client);

/* ---- live ---- */

/* Topics: "view", "event", "output/ID/". Subscribed twice, it is to be unsubscribed twice. */
PM_API enum pm_err pm_client_subscribe(struct pm_client *client, const char *topic) PM_MUST_USE;
PM_API enum pm_err pm_client_unsubscribe(struct pm_client *client, const char *topic) PM_MUST_USE;
/* The next live message: DELTA, HAPPENED or CHUNK. As pm_client_wait. */
PM_API enum pm_err pm_client_next(struct pm_client *client, int wait_ms, struct pm_frame *out)
    PM_MUST_USE;

/* Readable when pm_client_next or pm_client_wait may have something. Level of readiness is not
 * kept by libzmq: after it was readable, and after any other call here, call until TIMEOUT. The
 * same descriptor serves for as long as the client lives. */
PM_API int pm_client_fd(const struct pm_client *client);

/* ---- a consistent view of the fleet ---- */

struct pm_view;

/* Called inside pm_view_pump; `after` is valid until the next pump, `before` during the call.
 * before NULL: it is new. after NULL: it is gone. Any of them may be left NULL. */
struct pm_view_calls {
    void (*process)(void *context, const struct pm_proc *before, const struct pm_proc *after);
    void (*deputy)(void *context, const struct pm_deputy *before, const struct pm_deputy *after);
    /* A new snapshot. Then every row that is or was there is told as above; of the first one,
     * inside pm_view_open, nothing but this. */
    void (*reset)(void *context);
    /* The script that is being run has moved on, or another one has begun or ended; not told for
     * a snapshot. */
    void (*run)(void *context, const struct pm_script_run *run);
};

/* Subscribe, ask for the snapshot and wait for it. The client stays the caller's and must live
 * longer. OK | as pm_client_wait */
PM_API enum pm_err pm_view_open(struct pm_client *client, const struct pm_view_calls *calls,
                                void *context, int wait_ms, struct pm_view **out) PM_MUST_USE;
PM_API void pm_view_close(struct pm_view **view);

/* Take in what has come; when nothing has, wait at most wait_ms. A gap in the sequence asks for
 * a new snapshot by itself, and so does the sheriff's end: GONE is said once, UNREACHABLE while
 * he is away, and when he is back the view begins anew. Ages in rows go on with the clock.
 * Messages that are not the view's (events, output) are given to `other`, which may be NULL.
 * OK something came | TIMEOUT | GONE | UNREACHABLE | BAD_MESSAGE */
PM_API enum pm_err pm_view_pump(struct pm_view *view, int wait_ms,
                                void (*other)(void *context, const struct pm_frame *frame))
    PM_MUST_USE;

/* Sorted by group, name and host; by name. Valid until the next pump. */
PM_API const struct pm_proc *pm_view_processes(const struct pm_view *view, size_t *out_n);
PM_API const struct pm_deputy *pm_view_deputies(const struct pm_view *view, size_t *out_n);
/* The run of a script that is in hand, or the last one; its number is 0 when there was none. To
 * begin one send RUN, to end it ABORT, to learn which there are SCRIPTS: see messages.def. */
PM_API const struct pm_script_run *pm_view_run(const struct pm_view *view);

PM_END
#endif
