/* Asking a sheriff: answers find their requests, and everything that can go wrong ends soon, with
 * an error that says what. */
#include "fake_sheriff.h"

#include <procman/limits.h>
#include <procman/time.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define SOON_MS 1000 /* "at once", on a busy machine */

static struct fake fake;
static struct pm_client *client;

static void given_a_sheriff(void (*answer)(struct fake *, enum pm_msg, const void *, uint64_t))
{
    fake_begin(&fake, "control.sock", answer);
    cr_assert(pm_client_open(fake.dir, false, "test client", &client) == PM_OK);
}

static void then_all_is_over(void)
{
    pm_client_close(&client);
    fake_end(&fake);
    fake_remove(&fake);
}

static void when_the_request_is_taken(void)
{
    struct pm_mono deadline = pm_mono_after(pm_mono_now(), FAKE_WAIT_MS);

    while (atomic_load(&fake.requests) == 0) {
        cr_assert_lt(pm_mono_now().ms, deadline.ms, "the sheriff has not taken it");
        usleep(1000);
    }
}

static enum pm_err when_asking(int wait_ms)
{
    struct pm_ask ask = { 0 };
    struct pm_frame frame = { 0 };
    enum pm_err err = pm_client_call(client, PM_MSG_ASK, &ask, PM_MSG_SNAPSHOT, wait_ms, &frame);

    pm_frame_fini(&frame);
    return err;
}

static void answer_snapshot(struct fake *sheriff, enum pm_msg kind, const void *request,
                            uint64_t number)
{
    const struct pm_ask *ask = request;
    struct pm_snapshot snapshot = { .request = number, .host = "rig08", .seq = ask->version };

    cr_assert(kind == PM_MSG_ASK);
    fake_say(sheriff, PM_MSG_SNAPSHOT, &snapshot);
}

static void refuse(struct fake *sheriff, enum pm_msg kind, const void *request, uint64_t number)
{
    struct pm_reply reply = { .request = number, .error = "not-found", .text = "no such thing" };

    (void)kind, (void)request;
    fake_say(sheriff, PM_MSG_REPLY, &reply);
}

static void answer_garbage(struct fake *sheriff, enum pm_msg kind, const void *request,
                           uint64_t number)
{
    (void)kind, (void)request, (void)number;
    fake_say_bytes(sheriff, "snapshot", "\x93", 1);
    fake_say_bytes(sheriff, "no such word", "", 0);
}

static void say_nothing(struct fake *sheriff, enum pm_msg kind, const void *request,
                        uint64_t number)
{
    (void)sheriff, (void)kind, (void)request, (void)number;
}

Test(client, a_request_carries_the_version_and_gets_its_answer)
{
    struct pm_ask ask = { 0 };
    struct pm_frame frame;
    const struct pm_snapshot *snapshot;

    given_a_sheriff(answer_snapshot);
    cr_assert(pm_client_call(client, PM_MSG_ASK, &ask, PM_MSG_SNAPSHOT, FAKE_WAIT_MS, &frame)
              == PM_OK);
    snapshot = frame.msg;
    cr_expect_str_eq(snapshot->host, "rig08");
    cr_expect_eq(snapshot->seq, PM_PROTOCOL_VERSION);
    cr_expect(pm_client_may_command(client));
    pm_frame_fini(&frame);
    then_all_is_over();
}

/* Keeps the first request's number and answers both when the second comes, last one first. */
static void answer_backwards(struct fake *sheriff, enum pm_msg kind, const void *request,
                             uint64_t number)
{
    static uint64_t first;

    if (first == 0) {
        first = number;
        return;
    }
    answer_snapshot(sheriff, kind, request, number);
    answer_snapshot(sheriff, kind, request, first);
}

Test(client, answers_find_the_request_that_waits_for_them)
{
    struct pm_ask ask = { 0 };
    struct pm_frame frame;
    uint64_t numbers[2];

    given_a_sheriff(answer_backwards);
    for (int i = 0; i < 2; ++i)
        cr_assert(pm_client_send(client, PM_MSG_ASK, &ask, &numbers[i]) == PM_OK);
    for (int i = 0; i < 2; ++i) {
        cr_assert(pm_client_wait(client, numbers[i], FAKE_WAIT_MS, &frame) == PM_OK);
        cr_expect_eq(((const struct pm_snapshot *)frame.msg)->request, numbers[i]);
        pm_frame_fini(&frame);
    }
    cr_expect_eq(pm_client_wait(client, numbers[0], 0, &frame), PM_TIMEOUT);
    then_all_is_over();
}

/* He could not read it, so he does not know its number. */
static void refuse_unread(struct fake *sheriff, enum pm_msg kind, const void *request,
                          uint64_t number)
{
    struct pm_reply reply = { .error = "bad-message", .text = "ask.version: not a whole number" };

    (void)kind, (void)request, (void)number;
    fake_say(sheriff, PM_MSG_REPLY, &reply);
}

Test(client, a_request_that_could_not_be_read_ends_with_that_and_not_with_silence)
{
    given_a_sheriff(refuse_unread);
    cr_expect_eq(when_asking(FAKE_WAIT_MS), PM_BAD_MESSAGE);
    cr_expect_str_eq(pm_client_text(client), "ask.version: not a whole number");
    cr_expect_eq(when_asking(FAKE_WAIT_MS), PM_BAD_MESSAGE, "and the next one its own");
    then_all_is_over();
}

Test(client, a_request_too_large_for_a_message_is_refused_with_a_sentence)
{
    enum { MANY = PM_LIMIT_LIST + 1 };
    const char **words = pm_alloc(MANY * sizeof(*words));
    struct pm_export request = { .select = { .at = words, .n = MANY } };
    uint64_t number;

    for (size_t i = 0; i < MANY; ++i)
        words[i] = "a";
    given_a_sheriff(say_nothing);
    cr_expect_eq(pm_client_send(client, PM_MSG_EXPORT, &request, &number), PM_LIMIT);
    cr_expect(strstr(pm_client_text(client), "16 MiB"), "%s", pm_client_text(client));
    free(words);
    then_all_is_over();
}

Test(client, a_refusal_is_its_error_and_its_sentence)
{
    given_a_sheriff(refuse);
    cr_expect_eq(when_asking(FAKE_WAIT_MS), PM_NOT_FOUND);
    cr_expect_str_eq(pm_client_text(client), "no such thing");
    then_all_is_over();
}

Test(client, each_piece_of_garbage_costs_one_error_and_nothing_else)
{
    given_a_sheriff(answer_garbage);
    cr_expect_eq(when_asking(FAKE_WAIT_MS), PM_BAD_MESSAGE, "a snapshot that is none");
    cr_expect(strstr(pm_client_text(client), "snapshot"));
    fake.answer = answer_snapshot;
    cr_expect_eq(when_asking(FAKE_WAIT_MS), PM_BAD_MESSAGE, "a kind that is none");
    cr_expect_eq(when_asking(FAKE_WAIT_MS), PM_OK);
    then_all_is_over();
}

Test(client, a_silent_sheriff_is_unreachable_after_the_wait)
{
    struct pm_mono before = pm_mono_now();

    given_a_sheriff(say_nothing);
    cr_expect_eq(when_asking(100), PM_UNREACHABLE);
    cr_expect_geq(pm_mono_since(before, pm_mono_now()), 100);
    cr_expect(strstr(pm_client_text(client), "has not answered"));
    then_all_is_over();
}

static void on_alarm(int signal)
{
    (void)signal;
}

Test(client, signals_neither_end_a_wait_nor_make_it_longer)
{
    struct sigaction action = { .sa_handler = on_alarm };
    struct itimerval often = { .it_interval.tv_usec = 2000, .it_value.tv_usec = 2000 };
    struct itimerval never = { 0 };
    struct pm_mono before;

    given_a_sheriff(say_nothing);
    cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
    cr_assert_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
    before = pm_mono_now();
    cr_expect_eq(when_asking(100), PM_UNREACHABLE);
    cr_expect_geq(pm_mono_since(before, pm_mono_now()), 100);
    cr_expect_lt(pm_mono_since(before, pm_mono_now()), SOON_MS);
    fake.answer = answer_snapshot;
    for (int i = 0; i < 100; ++i)
        cr_expect_eq(when_asking(FAKE_WAIT_MS), PM_OK);
    cr_assert_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
    then_all_is_over();
}

Test(client, a_dead_sheriff_is_gone_at_once_and_the_next_is_asked_as_if_nothing_was)
{
    struct pm_ask ask = { 0 };
    struct pm_frame frame;
    struct pm_mono before;
    uint64_t number;

    given_a_sheriff(say_nothing);
    cr_assert(pm_client_send(client, PM_MSG_ASK, &ask, &number) == PM_OK);
    when_the_request_is_taken();
    fake_end(&fake);
    before = pm_mono_now();
    cr_expect_eq(pm_client_wait(client, number, FAKE_WAIT_MS, &frame), PM_GONE);
    cr_expect_lt(pm_mono_since(before, pm_mono_now()), SOON_MS);
    cr_expect_eq(when_asking(FAKE_WAIT_MS), PM_UNREACHABLE, "his socket is left over");

    fake_begin(&fake, "control.sock", answer_snapshot);
    cr_expect_eq(when_asking(FAKE_WAIT_MS), PM_OK);
    cr_expect_eq(pm_client_wait(client, number, 0, &frame), PM_GONE, "it died with the first");
    then_all_is_over();
}

Test(client, where_no_sheriff_is_one_knows_at_once_and_what_to_do)
{
    struct pm_mono before = pm_mono_now();
    char *text;

    cr_expect_eq(pm_client_open("/nowhere/procman", false, "test", &client), PM_UNREACHABLE);
    text = pm_client_fault(PM_UNREACHABLE, "/nowhere/procman");
    cr_expect_str_eq(text, "no sheriff answers in /nowhere/procman (no control.sock): start one "
                           "with \"procmanctl up\" or \"systemctl start sheriffd\", or name its "
                           "directory with --run-dir");
    cr_expect_lt(pm_mono_since(before, pm_mono_now()), SOON_MS);
    free(text);
}

static void given_a_socket_left_by_a_killed_sheriff(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(fake.dir, "/tmp/procman-client-XXXXXX");
    cr_assert(mkdtemp(fake.dir));
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/control.sock", fake.dir);
    cr_assert(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    close(fd);
}

Test(client, a_socket_left_by_a_killed_sheriff_is_known_at_once)
{
    struct pm_mono before = pm_mono_now();

    given_a_socket_left_by_a_killed_sheriff();
    cr_expect_eq(pm_client_open(fake.dir, false, "test", &client), PM_UNREACHABLE);
    cr_expect_lt(pm_mono_since(before, pm_mono_now()), SOON_MS);
    cr_expect_null(client);
    fake_remove(&fake);
}

static void *begin_at(void *moment)
{
    while (pm_mono_now().ms < ((const struct pm_mono *)moment)->ms)
        usleep(500);
    fake_begin(&fake, "control.sock", answer_snapshot);
    return NULL;
}

static void when_he_returns_after(int64_t ms)
{
    struct pm_mono before = pm_mono_now(), moment = pm_mono_after(before, ms);
    pthread_t thread;
    enum pm_err err;

    cr_assert(pthread_create(&thread, NULL, begin_at, &moment) == 0);
    err = pm_client_open(fake.dir, false, "test", &client);
    cr_expect(err == PM_OK || err == PM_UNREACHABLE);
    cr_expect_lt(pm_mono_since(before, pm_mono_now()), SOON_MS);
    pthread_join(thread, NULL);
    pm_client_close(&client);
    fake_end(&fake); /* and leaves his socket again */
}

/* Before the first attempt, between it and the question whether anybody listens, and after it. */
Test(client, a_sheriff_who_returns_while_one_connects_is_met_or_missed_but_not_waited_for)
{
    given_a_socket_left_by_a_killed_sheriff();
    for (int64_t ms = 0; ms <= 50; ms += 5)
        when_he_returns_after(ms);
    fake_remove(&fake);
}

Test(client, an_observer_may_plan_but_not_change)
{
    struct pm_order order = { .verb = PM_VERB_STOP };
    struct pm_apply apply = { .plan_only = true };
    struct pm_frame frame;
    uint64_t number;

    fake_begin(&fake, "watch.sock", refuse);
    cr_assert(pm_client_open(fake.dir, true, "test client", &client) == PM_OK);
    cr_expect_not(pm_client_may_command(client));
    cr_expect_eq(pm_client_send(client, PM_MSG_ORDER, &order, &number), PM_FORBIDDEN);
    cr_expect(strstr(pm_client_text(client), "look but not change"));
    cr_expect_eq(pm_client_call(client, PM_MSG_APPLY, &apply, PM_MSG_REPLY, FAKE_WAIT_MS, &frame),
                 PM_NOT_FOUND);
    then_all_is_over();
}

Test(client, live_messages_come_by_topic)
{
    struct pm_happened happened = { .event = { .seq = 7, .what = "running" } };
    struct pm_chunk chunk = { .id = 3, .offset = 10, .data = { (const uint8_t *)"hello", 5 } };
    struct pm_frame frame;

    given_a_sheriff(say_nothing);
    cr_assert(pm_client_subscribe(client, "event") == PM_OK);
    cr_assert(pm_client_subscribe(client, "output/3/") == PM_OK);
    fake_wait_subscribed(&fake, "event");
    fake_wait_subscribed(&fake, "output/3/");
    fake_publish(&fake, "event", PM_MSG_HAPPENED, &happened);
    fake_publish(&fake, "output/4/", PM_MSG_CHUNK, &chunk);
    fake_publish(&fake, "output/3/", PM_MSG_CHUNK, &chunk);

    cr_assert(pm_client_next(client, FAKE_WAIT_MS, &frame) == PM_OK);
    cr_expect_eq(frame.kind, PM_MSG_HAPPENED);
    pm_frame_fini(&frame);
    cr_assert(pm_client_next(client, FAKE_WAIT_MS, &frame) == PM_OK);
    cr_assert_eq(frame.kind, PM_MSG_CHUNK);
    cr_expect_eq(((const struct pm_chunk *)frame.msg)->data.n, 5);
    pm_frame_fini(&frame);
    cr_expect_eq(pm_client_next(client, 0, &frame), PM_TIMEOUT);
    then_all_is_over();
}
