/* The loop's side of the output: orders in, news out, never waiting.
 *
 * Both directions of the actor's pipe are unbounded for libzmq (a full one would make the loop
 * wait for the disk) and bounded by us: orders by the number of processes and requests, chunks
 * by the bytes in flight, over which the mover drops them. A follower sees the gap and reads.
 */
#include "brain/mover.h"

#include <procman/log.h>
#include <procman/output_path.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct frame { zmq_msg_t msg; bool is_open; };

struct output {
    struct mover_shared shared;
    zactor_t *actor;
    void *socket;              /* the actor's pipe, for libzmq */
    struct mover_news news;    /* handed out last */
    struct frame data, marks;
};

enum pm_err output_open(const char *dir, uint64_t budget, struct output **out)
{
    struct output *output = pm_alloc(sizeof *output);

    output->shared.dir = pm_strdup(dir);
    output->shared.budget = budget;
    zsys_set_pipehwm(0);
    output->actor = zactor_new(mover_run, &output->shared);
    if (output->actor == NULL) {
        pm_free(&output->shared.dir);
        pm_free(&output);
        return PM_NO_MEMORY;
    }
    output->socket = zsock_resolve(output->actor);
    *out = output;
    return PM_OK;
}

static void drop_frame(struct frame *frame)
{
    if (frame->is_open)
        zmq_msg_close(&frame->msg);
    frame->is_open = false;
}

void output_close(struct output **output)
{
    struct output *gone = *output;

    *output = NULL;
    if (gone == NULL)
        return;
    zactor_destroy(&gone->actor);
    drop_frame(&gone->data);
    drop_frame(&gone->marks);
    free(gone->shared.dir);
    free(gone);
}

void *output_socket(struct output *output)
{
    return output->actor;
}

/* ---- orders ----------------------------------------------------------------------- */

static void give(struct output *output, const struct mover_order *order)
{
    if (zmq_send(output->socket, order, sizeof *order, ZMQ_DONTWAIT) < 0)
        pm_log_error("the output mover cannot be told: %s", zmq_strerror(zmq_errno()));
}

struct output_file *output_file_open(struct output *output, const char *group, const char *name)
{
    struct output_file *file = pm_alloc(sizeof *file);

    file->group = pm_strdup(group);
    file->name = pm_strdup(name);
    file->path = pm_output_path(output->shared.dir, group, name);
    file->keep = UINT64_MAX;
    give(output, &(struct mover_order){ .kind = MOVER_OPEN, .file = file });
    return file;
}

void output_file_close(struct output *output, struct output_file **file)
{
    give(output, &(struct mover_order){ .kind = MOVER_CLOSE, .file = *file });
    *file = NULL;
}

void output_file_limits(struct output *output, struct output_file *file, uint64_t max_bytes,
                        uint64_t keep)
{
    if (max_bytes == file->max_bytes && keep == file->keep)
        return;
    file->max_bytes = max_bytes;
    file->keep = keep;
    give(output, &(struct mover_order){ .kind = MOVER_LIMITS, .file = file,
                                        .max_bytes = max_bytes, .keep = keep });
}

static void forget_drained(struct output_file *file)
{
    for (struct output_run **link = &file->runs; *link != NULL; ) {
        struct output_run *run = *link;
        if (atomic_load(&run->pipes) == 0) {
            *link = run->next;
            free(run);
        } else {
            link = &run->next;
        }
    }
}

void output_file_take(struct output *output, struct output_file *file, uint64_t number, int out,
                      int err)
{
    struct output_run *run = pm_alloc(sizeof *run);

    forget_drained(file);
    run->number = number;
    run->next = file->runs;
    atomic_store(&run->pipes, err < 0 ? 1 : 2);
    file->runs = run;
    give(output, &(struct mover_order){ .kind = MOVER_TAKE, .file = file, .run = run,
                                        .fds = { out, err } });
}

void output_file_last(struct output *output, struct output_file *file, uint64_t run)
{
    give(output, &(struct mover_order){ .kind = MOVER_LAST, .file = file, .number = run });
}

void output_file_seek(struct output *output, struct output_file *file, uint64_t run,
                      const char *pattern)
{
    give(output, &(struct mover_order){ .kind = MOVER_SEEK, .file = file, .number = run,
                                        .pattern = pattern ? pm_strdup(pattern) : NULL });
}

void output_file_follow(struct output *output, struct output_file *file, uint64_t id, bool on)
{
    give(output, &(struct mover_order){ .kind = MOVER_FOLLOW, .file = file, .id = id, .on = on });
}

void output_file_read(struct output *output, struct output_file *file, const struct pm_read *read)
{
    give(output, &(struct mover_order){ .kind = MOVER_READ, .file = file, .read = *read });
}

uint64_t output_file_end(const struct output_file *file)
{
    return atomic_load(&file->end);
}

bool output_file_drained(const struct output_file *file, uint64_t number)
{
    for (const struct output_run *run = file->runs; run != NULL; run = run->next)
        if ((number == 0 || run->number == number) && atomic_load(&run->pipes) > 0)
            return false;
    return true;
}

void output_disk(const struct output *output, uint64_t *used_bytes, uint64_t *total_bytes)
{
    *used_bytes = atomic_load(&output->shared.disk_used);
    *total_bytes = atomic_load(&output->shared.disk_total);
}

/* ---- news ------------------------------------------------------------------------- */

static struct pm_blob take_frame(struct output *output, struct frame *frame)
{
    int more = 0;
    size_t size = sizeof more;

    if (zmq_getsockopt(output->socket, ZMQ_RCVMORE, &more, &size) != 0 || !more)
        return (struct pm_blob){ 0 };
    zmq_msg_init(&frame->msg);
    frame->is_open = true;
    if (zmq_msg_recv(&frame->msg, output->socket, ZMQ_DONTWAIT) < 0)
        return (struct pm_blob){ 0 };
    return (struct pm_blob){ zmq_msg_data(&frame->msg), zmq_msg_size(&frame->msg) };
}

static void fill_bytes(const struct mover_news *news, struct pm_blob data, struct pm_blob marks,
                       struct pm_bytes *out)
{
    *out = (struct pm_bytes){ .request = news->request, .id = news->id, .begin = news->begin,
                              .offset = news->offset, .end = news->end, .data = data,
                              .error = pm_err_word(news->err), .text = news->text };
    out->marks.at = (struct pm_mark *)(uintptr_t)marks.at; /* an array that was given away */
    out->marks.n = marks.n / sizeof(struct pm_mark);
}

bool output_next(struct output *output, struct output_news *out)
{
    struct mover_news *news = &output->news;
    struct pm_blob data, marks;

    drop_frame(&output->data);
    drop_frame(&output->marks);
    if (zmq_recv(output->socket, news, sizeof *news, ZMQ_DONTWAIT) != (int)sizeof *news)
        return false;
    data = take_frame(output, &output->data);
    marks = take_frame(output, &output->marks);
    *out = (struct output_news){ .kind = news->kind, .group = news->group, .name = news->name,
                                 .text = news->text, .over = news->over, .run = news->run,
                                 .end = news->end, .data = data };
    if (news->kind == OUTPUT_CHUNK) {
        atomic_fetch_sub(&output->shared.flying, data.n);
        out->chunk = (struct pm_chunk){ .id = news->id, .offset = news->offset,
                                        .stream = news->stream, .data = data,
                                        .time_ms = news->time_ms, .run = news->run,
                                        .dropped = news->dropped };
    } else if (news->kind == OUTPUT_BYTES) {
        fill_bytes(news, data, marks, &out->bytes);
    }
    return true;
}

void output_file_free(struct output_file *file)
{
    while (file->runs != NULL) {
        struct output_run *run = file->runs;
        file->runs = run->next;
        free(run);
    }
    free(file->group);
    free(file->name);
    free(file->path);
    free(file);
}
