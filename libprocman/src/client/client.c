/* Asking a sheriff things.
 *
 * Every request has a number that all of its answers repeat. Answers are collected into one queue
 * as they come, so several requests may be under way and each is waited for by its number,
 * without caring what the others do. A request whose connection dies is GONE at once, and
 * the next request connects again: a sheriff's restart costs an error, never a hang.
 */
#include "client/client.h"

#include <procman/limits.h>
#include <procman/paths.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <zmq.h>

struct answer {
    struct answer *next;
    uint64_t request;
    struct pm_frame frame;
};

void client_say(struct pm_client *client, char *heap_text)
{
    free(client->text);
    client->text = heap_text;
}

const char *pm_client_text(const struct pm_client *client)
{
    return client->text ? client->text : "";
}

bool pm_client_may_command(const struct pm_client *client)
{
    return client->may_command;
}

int pm_client_fd(const struct pm_client *client)
{
    return client->watcher;
}

/* ---- open and close ---- */

enum pm_err pm_client_open(const char *run_dir, bool watch, const char *program,
                           struct pm_client **out)
{
    struct pm_client *client = pm_alloc(sizeof(*client));
    enum pm_err err = PM_IO;

    client->dir = run_dir ? pm_strdup(run_dir) : pm_run_dir();
    client->program = pm_strdup(program);
    client->watch = watch;
    client->watcher = epoll_create1(EPOLL_CLOEXEC);
    if (client->watcher >= 0)
        err = link_connect(client);
    if (err == PM_OK)
        *out = client;
    else
        pm_client_close(&client);
    return err;
}

static void drop_answer(struct pm_client *client, struct answer **at)
{
    struct answer *answer = *at;

    *at = answer->next;
    client->n_answers--;
    pm_frame_fini(&answer->frame);
    free(answer);
}

void pm_client_close(struct pm_client **where)
{
    struct pm_client *client = *where;

    if (!client)
        return;
    while (client->answers)
        drop_answer(client, &client->answers);
    link_close(client);
    free(client->dir);
    free(client->program);
    free(client->text);
    free(client);
    *where = NULL;
}

static char *who_keeps_out(const char *dir)
{
    char *fault = pm_run_dir_fault(dir);

    return fault ? fault
                 : pm_printf("the sheriff in %s does not let you in: ask its owner to add you to "
                             "the group of its sockets, or use sudo", dir);
}

static char *who_is_missing(const char *dir)
{
    const char *why = link_probe(dir, PM_SOCKET_CONTROL) == PM_UNREACHABLE
                          ? "no " PM_SOCKET_CONTROL
                          : "nobody answers at its " PM_SOCKET_CONTROL;

    return pm_printf("no sheriff answers in %s (%s): start one with \"procmanctl up\" or "
                     "\"systemctl start sheriffd\", or name its directory with --run-dir",
                     dir, why);
}

char *pm_client_fault(enum pm_err err, const char *run_dir)
{
    char *dir PM_CLEANUP(pm_free) = run_dir ? pm_strdup(run_dir) : pm_run_dir();

    switch (err) {
    case PM_UNREACHABLE:
    case PM_GONE:
        return who_is_missing(dir);
    case PM_FORBIDDEN:
        return who_keeps_out(dir);
    case PM_LIMIT:
        return pm_printf("%s is too long: a socket's path holds 107 bytes", dir);
    default:
        return pm_printf("the sheriff in %s cannot be spoken to: %s", dir, pm_err_sentence(err));
    }
}

/* ---- requests ---- */

static bool is_change(enum pm_msg kind, const void *request)
{
    switch (kind) {
    case PM_MSG_ORDER:
    case PM_MSG_SHUTDOWN:
    case PM_MSG_UPGRADE:
    case PM_MSG_RUN:
    case PM_MSG_ABORT:
        return true;
    case PM_MSG_SWEEP:
        return ((const struct pm_sweep *)request)->kill;
    case PM_MSG_APPLY:
        return !((const struct pm_apply *)request)->plan_only;
    default:
        return false;
    }
}

/* Number, version and who asks: the same three fields in every request that has them. */
static uint64_t sign(struct pm_client *client, enum pm_msg kind, void *request)
{
    const struct pm_desc *desc = pm_msg_desc(kind);

    for (size_t i = 0; i < desc->n; ++i) {
        char *field = (char *)request + desc->fields[i].offset;

        if (strcmp(desc->fields[i].key, "version") == 0)
            *(uint64_t *)field = PM_PROTOCOL_VERSION;
        else if (strcmp(desc->fields[i].key, "client") == 0)
            *(const char **)field = client->program;
    }
    *frame_request(kind, request) = ++client->last_request;
    return client->last_request;
}

enum pm_err pm_client_send(struct pm_client *client, enum pm_msg kind, void *request,
                           uint64_t *out_request)
{
    enum pm_err err = link_connect(client);
    uint64_t number;

    client_say(client, NULL);
    if (err != PM_OK) {
        client_say(client, pm_client_fault(err, client->dir));
        return err;
    }
    if (!client->may_command && is_change(kind, request)) {
        client_say(client, pm_printf("you may look but not change anything here: %s/%s is not "
                                     "open to you", client->dir, PM_SOCKET_CONTROL));
        return PM_FORBIDDEN;
    }
    number = sign(client, kind, request);
    err = frame_send(client->requests, kind, request);
    if (err == PM_OK)
        *out_request = number;
    if (err == PM_LIMIT)
        client_say(client, pm_printf("the request is larger than the %u MiB one message holds, or "
                                     "has a text or a list that is too long; ask for less at once",
                                     PM_LIMIT_FRAME >> 20));
    return err;
}

static void queue_answer(struct pm_client *client, struct pm_frame *frame)
{
    struct answer **at = &client->answers;
    struct answer *answer = pm_alloc(sizeof(*answer));

    answer->frame = *frame;
    answer->request = *frame_request(frame->kind, (void *)frame->msg);
    while (*at)
        at = &(*at)->next;
    *at = answer;
    if (++client->n_answers > MOST_ANSWERS)
        drop_answer(client, &client->answers);
}

enum pm_err client_collect(struct pm_client *client)
{
    bool up = link_is_up(client); /* before reading: a sheriff's last words come before its end */
    struct pm_frame frame;
    char *why = NULL;
    enum pm_err err = PM_OK;

    while (client->requests && err == PM_OK) {
        err = frame_take(client->requests, false, &frame, &why);
        if (err == PM_OK && frame_request(frame.kind, (void *)frame.msg))
            queue_answer(client, &frame);
        else if (err == PM_OK)
            pm_frame_fini(&frame);
    }
    if (err == PM_BAD_MESSAGE)
        client_say(client, why);
    if (err == PM_BAD_MESSAGE)
        return err;
    if (!up)
        link_disconnect(client);
    return up ? PM_OK : PM_GONE;
}

/* What a sheriff refuses unread has no number: he cannot know which request it was, and it will
 * have no other answer. So it ends the wait in hand. */
static bool is_answer_to(const struct answer *answer, uint64_t request)
{
    return answer->request == request
           || (answer->request == 0 && answer->frame.kind == PM_MSG_REPLY);
}

static bool take_answer(struct pm_client *client, uint64_t request, struct pm_frame *out)
{
    struct answer **at = &client->answers;

    while (*at && !is_answer_to(*at, request))
        at = &(*at)->next;
    if (!*at)
        return false;
    *out = (*at)->frame;
    (*at)->frame = (struct pm_frame){ 0 };
    drop_answer(client, at);
    return true;
}

enum pm_err pm_client_wait(struct pm_client *client, uint64_t request, int wait_ms,
                           struct pm_frame *out)
{
    struct pm_mono deadline = deadline_after(wait_ms);
    enum pm_err err = client_collect(client);

    for (;;) {
        if (take_answer(client, request, out))
            return PM_OK;
        if (request <= client->gone_request)
            return PM_GONE;
        if (err != PM_OK)
            return err;
        err = link_sleep(client, false, deadline);
        if (err == PM_OK)
            err = client_collect(client);
    }
}

static enum pm_err expect(struct pm_client *client, enum pm_msg answer, struct pm_frame *frame)
{
    const struct pm_reply *reply = frame->msg;

    if (frame->kind == PM_MSG_REPLY) {
        enum pm_err err = pm_err_from_word(reply->error);

        if (err == PM_OK && answer == PM_MSG_REPLY)
            return PM_OK;
        client_say(client, pm_strdup(reply->text));
        return err == PM_OK ? PM_BAD_MESSAGE : err;
    }
    if (frame->kind == answer)
        return PM_OK;
    client_say(client, pm_printf("expected %s from the sheriff and got %s",
                                 pm_msg_desc(answer)->name, pm_msg_desc(frame->kind)->name));
    return PM_BAD_MESSAGE;
}

enum pm_err pm_client_call(struct pm_client *client, enum pm_msg kind, void *request,
                           enum pm_msg answer, int wait_ms, struct pm_frame *out)
{
    struct pm_frame frame;
    uint64_t number;
    enum pm_err err = pm_client_send(client, kind, request, &number);

    if (err != PM_OK)
        return err;
    err = pm_client_wait(client, number, wait_ms, &frame);
    if (err == PM_TIMEOUT) {
        client_say(client, pm_printf("the sheriff in %s took the request but has not answered "
                                     "for %d ms", client->dir, wait_ms));
        return PM_UNREACHABLE;
    }
    if (err == PM_GONE)
        client_say(client, pm_printf("the sheriff in %s ended before it answered", client->dir));
    if (err != PM_OK)
        return err;
    err = expect(client, answer, &frame);
    if (err == PM_OK)
        *out = frame;
    else
        pm_frame_fini(&frame);
    return err;
}

/* ---- live ---- */

static enum pm_err set_topic(struct pm_client *client, int option, const char *topic)
{
    enum pm_err err = link_open_stream(client);

    if (err == PM_OK && zmq_setsockopt(client->stream, option, topic, strlen(topic)) != 0)
        return PM_IO;
    return err;
}

enum pm_err pm_client_subscribe(struct pm_client *client, const char *topic)
{
    return set_topic(client, ZMQ_SUBSCRIBE, topic);
}

enum pm_err pm_client_unsubscribe(struct pm_client *client, const char *topic)
{
    return client->stream ? set_topic(client, ZMQ_UNSUBSCRIBE, topic) : PM_OK;
}

enum pm_err pm_client_next(struct pm_client *client, int wait_ms, struct pm_frame *out)
{
    struct pm_mono deadline = deadline_after(wait_ms);
    char *why = NULL;
    enum pm_err err = PM_OK;

    while (err == PM_OK) {
        err = client->stream ? frame_take(client->stream, true, out, &why) : PM_TIMEOUT;
        if (err != PM_TIMEOUT)
            break;
        if (client_collect(client) == PM_BAD_MESSAGE)
            return PM_BAD_MESSAGE;
        err = link_sleep(client, true, deadline);
    }
    if (err == PM_BAD_MESSAGE)
        client_say(client, why);
    return err;
}
