/* The invariant: all bytes before `next` have been given to the caller, none after. `end` is how
 * far the output is known to go. While next < end something is missing, and then there is exactly
 * one read under way, or a pause before the next try.
 *
 * Where to begin (so many lines before the end, a time, a life) only the deputy can say: the first
 * answer does, and gives `next` its first value. Chunks that come earlier only move `end`.
 *
 * The deputy's files are the truth. A chunk that ends before `next` is a repeat, or they have lost
 * their end (a power cut): a read tells which. Chunks and answers come by different ways, so an
 * answer may be older than what chunks have brought meanwhile: only of what was known when it was
 * asked for can it say that it is not there.
 */
#include <procman/follow.h>

#include "client/client.h"

#include <procman/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRY_AGAIN_MS  500   /* after a read that failed; between two that only look */
#define READ_WAIT_MS  5000  /* an answer this late will not come: ask again */
#define TOPIC_SIZE    40

struct pm_follow {
    struct pm_client *client;
    struct pm_follow_calls calls;
    void *context;
    uint64_t id;
    struct pm_follow_how how;
    bool live;
    bool begun;              /* next is valid */
    uint64_t next, end;
    uint64_t told;           /* losses before this address have been told */
    bool doubt;              /* does the file still go as far as `next`? */
    uint64_t request;        /* the read under way, 0 = none */
    uint64_t asked_next, asked_end; /* what was known when it was sent */
    struct pm_mono asked_at; /* it was sent then */
    struct pm_mono ask_after, doubt_after;
};

/* ---- asking ---- */

static const char *topic_of(uint64_t id, char *text)
{
    snprintf(text, TOPIC_SIZE, "output/%llu/", (unsigned long long)id);
    return text;
}

static struct pm_read next_read(const struct pm_follow *follow)
{
    const struct pm_follow_how *how = &follow->how;
    struct pm_read read = { .id = follow->id, .marked = how->marked, .most = PM_LIMIT_READ };

    if (how->most > 0 && how->most < PM_LIMIT_READ)
        read.most = how->most;
    read.offset = follow->begun ? follow->next : how->offset;
    if (follow->begun)
        return read;
    if (how->lines != PM_FOLLOW_ALL)
        read.lines = how->lines ? how->lines : 1;
    read.since_ms = how->since_ms;
    read.run = how->run;
    return read;
}

static enum pm_err ask(struct pm_follow *follow)
{
    struct pm_read read = next_read(follow);
    struct pm_mono now = pm_mono_now();
    enum pm_err err = pm_client_send(follow->client, PM_MSG_READ, &read, &follow->request);

    follow->asked_at = now;
    follow->asked_next = follow->next;
    follow->asked_end = follow->end;
    if (err != PM_OK) {
        follow->request = 0;
        follow->ask_after = pm_mono_after(now, TRY_AGAIN_MS);
    }
    return err;
}

static enum pm_err subscribe(struct pm_follow *follow)
{
    char topic[TOPIC_SIZE];
    enum pm_err err = pm_client_subscribe(follow->client, topic_of(follow->id, topic));

    follow->live = err == PM_OK;
    return err;
}

enum pm_err pm_follow_open(struct pm_client *client, uint64_t id, const struct pm_follow_how *how,
                           bool live, const struct pm_follow_calls *calls, void *context,
                           struct pm_follow **out)
{
    struct pm_follow *follow = pm_alloc(sizeof(*follow));
    enum pm_err err;

    follow->client = client;
    follow->calls = *calls;
    follow->context = context;
    follow->id = id;
    follow->how = *how;
    err = live ? subscribe(follow) : PM_OK;
    if (err == PM_OK)
        err = ask(follow);
    if (err == PM_OK)
        *out = follow;
    else
        pm_follow_close(&follow);
    return err;
}

enum pm_err pm_follow_go_live(struct pm_follow *follow)
{
    return follow->live ? PM_OK : subscribe(follow);
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

/* ---- bytes with an address ---- */

struct bytes {               /* of an answer or a chunk */
    uint64_t offset;
    const uint8_t *at;
    uint64_t end;
};

static void tell_missing(struct pm_follow *follow, enum pm_missing why, uint64_t n)
{
    if (follow->calls.missing)
        follow->calls.missing(follow->context, why, n);
}

/* What is new of these bytes up to an address; mark: where that part came from, or NULL. */
static void give(struct pm_follow *follow, const struct bytes *bytes, uint64_t to,
                 const struct pm_mark *mark)
{
    uint64_t from = follow->next;
    struct pm_stretch stretch = { .offset = from, .at = bytes->at + (from - bytes->offset) };

    if (to > bytes->end)
        to = bytes->end;
    if (to <= from)
        return;
    stretch.n = (size_t)(to - from);
    if (mark) {
        stretch.time_ms = mark->time_ms;
        stretch.stream = mark->stream;
        stretch.run = mark->run;
    }
    follow->next = to;
    follow->calls.bytes(follow->context, &stretch);
}

static void tell_dropped(struct pm_follow *follow, const struct pm_mark *mark)
{
    if (mark->dropped == 0 || mark->offset < follow->told || mark->offset != follow->next)
        return;
    follow->told = mark->offset + 1;
    tell_missing(follow, PM_MISSING_FULL, mark->dropped);
}

/* Give on what continues at `next`; marks are sorted. Returns false for a hole before them. */
static bool take(struct pm_follow *follow, uint64_t offset, const struct pm_blob *data,
                 const struct pm_mark *marks, size_t n_marks)
{
    struct bytes bytes = { offset, data->at, offset + data->n };

    if (offset > follow->next)
        return false;
    if (bytes.end < follow->next)
        return true;
    for (size_t i = 0; i < n_marks; ++i) {
        const struct pm_mark *mark = &marks[i];
        uint64_t room = UINT64_MAX - mark->offset;

        give(follow, &bytes, mark->offset, NULL);
        tell_dropped(follow, mark);
        give(follow, &bytes, mark->offset + (mark->length < room ? mark->length : room), mark);
    }
    give(follow, &bytes, bytes.end, NULL);
    return true;
}

void pm_follow_reaches(struct pm_follow *follow, uint64_t end)
{
    if (follow->live && end > follow->end)
        follow->end = end;
}

bool pm_follow_feed(struct pm_follow *follow, const struct pm_frame *frame)
{
    const struct pm_chunk *chunk = frame->msg;
    struct pm_mono now = pm_mono_now();
    struct pm_mark mark;

    if (frame->kind != PM_MSG_CHUNK || chunk->id != follow->id)
        return false;
    mark = (struct pm_mark){ .offset = chunk->offset, .length = chunk->data.n,
                             .time_ms = chunk->time_ms, .stream = chunk->stream,
                             .run = chunk->run, .dropped = chunk->dropped };
    pm_follow_reaches(follow, chunk->offset + chunk->data.n);
    if (!follow->begun)
        return true;
    (void)take(follow, chunk->offset, &chunk->data, &mark, 1);
    if (chunk->offset + chunk->data.n < follow->next && now.ms >= follow->doubt_after.ms) {
        follow->doubt = true;
        follow->doubt_after = pm_mono_after(now, TRY_AGAIN_MS);
    }
    return true;
}

/* ---- answers ---- */

static void begin(struct pm_follow *follow, const struct pm_bytes *bytes)
{
    const struct pm_follow_how *how = &follow->how;
    bool is_oldest = bytes->offset == bytes->begin && how->lines == PM_FOLLOW_ALL;

    follow->begun = true;
    follow->next = follow->told = how->lines == 0 ? bytes->end : bytes->offset;
    if (bytes->end > follow->end)
        follow->end = bytes->end;
    if (is_oldest && bytes->offset > how->offset)
        tell_missing(follow, PM_MISSING_OLD, bytes->offset - how->offset);
}

static void go_back_to(struct pm_follow *follow, uint64_t end)
{
    tell_missing(follow, PM_MISSING_SHORT, follow->next - end);
    follow->next = follow->told = end;
}

static void take_bytes(struct pm_follow *follow, const struct pm_bytes *bytes)
{
    const struct pm_mark *marks = bytes->marks.at;

    if (bytes->data.n > UINT64_MAX - bytes->offset)
        return; /* no deputy of ours */
    if (!follow->begun)
        begin(follow, bytes);
    follow->doubt = false;
    pm_follow_reaches(follow, bytes->end);
    if (bytes->end < follow->next && follow->next == follow->asked_next)
        go_back_to(follow, bytes->end);
    if (bytes->offset > follow->next) {
        tell_missing(follow, PM_MISSING_OLD, bytes->offset - follow->next);
        follow->next = bytes->offset;
    }
    (void)take(follow, bytes->offset, &bytes->data, marks, bytes->marks.n);
    /* What the file does not have does not exist. */
    if (bytes->data.n == 0 && bytes->end < follow->end && follow->end == follow->asked_end)
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

/* No answer yet. The sheriff's own word for a deputy that does not answer is an answer. */
static bool is_silence(const struct pm_follow *follow, enum pm_err err)
{
    return err == PM_TIMEOUT && follow->request != 0;
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

/* ---- the two ways to drive it ---- */

enum pm_err pm_follow_pump(struct pm_follow *follow)
{
    uint64_t before = follow->next;
    bool asked = follow->request && follow->begun;
    enum pm_err err = follow->request ? wait_for_answer(follow, 0) : PM_OK;
    struct pm_mono now = pm_mono_now();
    bool all = pm_follow_done(follow) && !follow->doubt;

    if (asked && !follow->request && err == PM_OK && follow->next == before)
        follow->ask_after = pm_mono_after(now, TRY_AGAIN_MS); /* it had nothing: no hurry */
    if (is_silence(follow, err) && pm_mono_since(follow->asked_at, now) < READ_WAIT_MS)
        return PM_OK;
    if (is_silence(follow, err))
        client_say(follow->client, pm_strdup("a read of output was not answered; asking again"));
    if (err != PM_OK)
        give_up_read(follow);
    else if (!follow->request && !all && now.ms >= follow->ask_after.ms)
        err = ask(follow);
    return err;
}

enum pm_err pm_follow_step(struct pm_follow *follow, int wait_ms)
{
    uint64_t before = follow->next;
    bool begun = follow->begun;
    enum pm_err err = PM_OK;

    if (pm_follow_done(follow))
        return PM_OK;
    if (!follow->request)
        err = ask(follow);
    if (err == PM_OK)
        err = wait_for_answer(follow, wait_ms);
    if (is_silence(follow, err))
        client_say(follow->client, pm_printf("a read of output was not answered within %d ms",
                                             wait_ms));
    if (err == PM_OK && begun && follow->next == before && !pm_follow_done(follow)) {
        client_say(follow->client, pm_strdup("its deputy has more output but does not give it"));
        err = PM_BAD_MESSAGE; /* or we would ask for ever */
    }
    if (err != PM_OK)
        give_up_read(follow);
    return err;
}

enum pm_err pm_follow_finish(struct pm_follow *follow, int wait_ms)
{
    enum pm_err err = PM_OK;

    while (err == PM_OK && !pm_follow_done(follow))
        err = pm_follow_step(follow, wait_ms);
    return err;
}
