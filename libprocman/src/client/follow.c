/* The invariant: all bytes before `next` have been given to the caller, none after. `end` is how
 * far the output is known to go. While next < end something is missing, and then there is exactly
 * one read under way, or a pause before the next try.
 *
 * The first read asks for the last lines; its answer says where they begin, and with that
 * `next` gets its first value. Chunks that come earlier only move `end`.
 */
#include <procman/follow.h>

#include "client/client.h"

#include <procman/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRY_AGAIN_MS  500   /* after a read that failed */
#define READ_WAIT_MS  5000  /* an answer this late will not come: ask again */
#define TOPIC_SIZE    40

struct pm_follow {
    struct pm_client *client;
    struct pm_follow_calls calls;
    void *context;
    uint64_t id, lines;
    bool live;
    bool begun;              /* next is valid */
    uint64_t next, end;
    uint64_t request;        /* the read under way, 0 = none */
    struct pm_mono asked_at; /* it was sent then */
    struct pm_mono ask_after;
};

static const char *topic_of(uint64_t id, char *text)
{
    snprintf(text, TOPIC_SIZE, "output/%llu/", (unsigned long long)id);
    return text;
}

static enum pm_err ask(struct pm_follow *follow)
{
    struct pm_read read = { .id = follow->id, .most = PM_LIMIT_READ };
    struct pm_mono now = pm_mono_now();
    enum pm_err err;

    if (follow->begun)
        read.offset = follow->next;
    else if (follow->lines != PM_FOLLOW_ALL)
        read.lines = follow->lines ? follow->lines : 1;
    err = pm_client_send(follow->client, PM_MSG_READ, &read, &follow->request);
    follow->asked_at = now;
    if (err != PM_OK) {
        follow->request = 0;
        follow->ask_after = pm_mono_after(now, TRY_AGAIN_MS);
    }
    return err;
}

enum pm_err pm_follow_open(struct pm_client *client, uint64_t id, uint64_t lines, bool live,
                           const struct pm_follow_calls *calls, void *context,
                           struct pm_follow **out)
{
    struct pm_follow *follow = pm_alloc(sizeof(*follow));
    char topic[TOPIC_SIZE];
    enum pm_err err = PM_OK;

    follow->client = client;
    follow->calls = *calls;
    follow->context = context;
    follow->id = id;
    follow->lines = lines;
    follow->live = live;
    if (live)
        err = pm_client_subscribe(client, topic_of(id, topic));
    if (err == PM_OK)
        err = ask(follow);
    if (err == PM_OK)
        *out = follow;
    else
        pm_follow_close(&follow);
    return err;
}

void pm_follow_close(struct pm_follow **where)
{
    struct pm_follow *follow = *where;
    char topic[TOPIC_SIZE];

    if (!follow)
        return;
    if (follow->live)
        (void)!pm_client_unsubscribe(follow->client, topic_of(follow->id, topic));
    free(follow);
    *where = NULL;
}

/* Bytes with an address: give on what continues at `next`. Returns false for a hole before them. */
static bool take(struct pm_follow *follow, uint64_t offset, const struct pm_blob *data)
{
    uint64_t known = follow->next - offset;

    if (offset > follow->next)
        return false;
    if (known < data->n) {
        follow->next = offset + data->n;
        follow->calls.bytes(follow->context, offset + known, data->at + known,
                            data->n - (size_t)known);
    }
    return true;
}

bool pm_follow_feed(struct pm_follow *follow, const struct pm_frame *frame)
{
    const struct pm_chunk *chunk = frame->msg;

    if (frame->kind != PM_MSG_CHUNK || chunk->id != follow->id)
        return false;
    pm_follow_reaches(follow, chunk->offset + chunk->data.n);
    if (follow->begun)
        (void)take(follow, chunk->offset, &chunk->data);
    return true;
}

void pm_follow_reaches(struct pm_follow *follow, uint64_t end)
{
    if (follow->live && end > follow->end)
        follow->end = end;
}

static void begin(struct pm_follow *follow, const struct pm_bytes *bytes)
{
    follow->begun = true;
    follow->next = follow->lines == 0 ? bytes->end : bytes->offset;
    if (bytes->end > follow->end)
        follow->end = bytes->end;
}

/* An answer that begins behind what was asked for: the bytes in between are no more. */
static void skip_hole(struct pm_follow *follow, uint64_t to)
{
    if (follow->calls.lost)
        follow->calls.lost(follow->context, follow->next, to - follow->next);
    follow->next = to;
}

static void take_bytes(struct pm_follow *follow, const struct pm_bytes *bytes)
{
    if (!follow->begun)
        begin(follow, bytes);
    pm_follow_reaches(follow, bytes->end);
    if (!take(follow, bytes->offset, &bytes->data)) {
        skip_hole(follow, bytes->offset);
        (void)take(follow, bytes->offset, &bytes->data);
    }
    /* The file is the truth: what it does not have does not exist. */
    if (bytes->data.n == 0 && bytes->end < follow->end)
        follow->end = bytes->end > follow->next ? bytes->end : follow->next;
}

static enum pm_err take_answer(struct pm_follow *follow, const struct pm_frame *frame)
{
    const struct pm_bytes *bytes = frame->msg;
    const struct pm_reply *reply = frame->msg;
    enum pm_err err;

    follow->request = 0;
    if (frame->kind == PM_MSG_BYTES) {
        err = pm_err_from_word(bytes->error);
        if (err == PM_OK)
            take_bytes(follow, bytes);
        else
            client_say(follow->client, pm_strdup(bytes->text));
    } else {
        err = frame->kind == PM_MSG_REPLY ? pm_err_from_word(reply->error) : PM_OK;
        if (frame->kind == PM_MSG_REPLY)
            client_say(follow->client, pm_strdup(reply->text));
        err = err == PM_OK ? PM_BAD_MESSAGE : err;
    }
    return err;
}

bool pm_follow_done(const struct pm_follow *follow)
{
    return follow->begun && follow->next >= follow->end;
}

static void give_up_read(struct pm_follow *follow)
{
    follow->request = 0;
    follow->ask_after = pm_mono_after(pm_mono_now(), TRY_AGAIN_MS);
}

static enum pm_err wait_for_answer(struct pm_follow *follow, int wait_ms)
{
    struct pm_frame frame;
    enum pm_err err = pm_client_wait(follow->client, follow->request, wait_ms, &frame);

    if (err != PM_OK)
        return err;
    err = take_answer(follow, &frame);
    pm_frame_fini(&frame);
    return err;
}

enum pm_err pm_follow_pump(struct pm_follow *follow)
{
    enum pm_err err = follow->request ? wait_for_answer(follow, 0) : PM_OK;
    struct pm_mono now = pm_mono_now();

    if (err == PM_TIMEOUT && pm_mono_since(follow->asked_at, now) < READ_WAIT_MS)
        return PM_OK;
    if (err == PM_TIMEOUT)
        client_say(follow->client, pm_strdup("a read of output was not answered; asking again"));
    if (err != PM_OK)
        give_up_read(follow);
    else if (!follow->request && !pm_follow_done(follow) && now.ms >= follow->ask_after.ms)
        err = ask(follow);
    return err;
}

enum pm_err pm_follow_finish(struct pm_follow *follow, int wait_ms)
{
    enum pm_err err = PM_OK;

    while (err == PM_OK && !pm_follow_done(follow)) {
        if (!follow->request)
            err = ask(follow);
        if (err == PM_OK)
            err = wait_for_answer(follow, wait_ms);
    }
    if (err != PM_OK)
        give_up_read(follow);
    return err;
}
