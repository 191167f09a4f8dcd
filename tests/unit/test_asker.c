/* Questions to real ports of this machine. */
#include <criterion/criterion.h>

#include "brain/asker_io.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEADLINE_MS 20000

static struct asker *asker;
static int server;      /* listens */
static uint16_t port;
static struct asker_answer answer;

static void setup(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;

    cr_assert_eq(asker_open(&asker), PM_OK);
    server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(server, (struct sockaddr *)&at, sizeof at), 0);
    cr_assert_eq(listen(server, 8), 0);
    cr_assert_eq(getsockname(server, (struct sockaddr *)&at, &n), 0);
    port = ntohs(at.sin_port);
}

static void teardown(void)
{
    asker_close(&asker);
    cr_assert_null(asker);
    close(server);
}

TestSuite(asker, .init = setup, .fini = teardown);

static void when_asked(uint64_t number, enum pm_probe_kind kind, const char *text)
{
    struct pm_probe probe = { .kind = kind, .text = text, .port = port };

    asker_ask(asker, number, &probe);
}

static void when_url(uint64_t number)
{
    char url[64];

    snprintf(url, sizeof url, "http://127.0.0.1:%u/ok", port);
    when_asked(number, PM_PROBE_KIND_HTTP, url);
}

static void then_answered(uint64_t number, bool good)
{
    while (!asker_next(asker, &answer)) {
        struct pollfd look = { .fd = asker_fd(asker), .events = POLLIN };
        cr_assert_eq(poll(&look, 1, DEADLINE_MS), 1, "no answer in time");
        asker_work(asker);
    }
    cr_assert_eq(answer.number, number);
    cr_assert_eq(answer.good, good, "%s", answer.why);
}

static void then_nothing(void)
{
    struct pollfd look = { .fd = asker_fd(asker), .events = POLLIN };

    while (poll(&look, 1, 50) > 0)
        asker_work(asker);
    cr_assert_not(asker_next(asker, &answer), "%s", answer.why);
}

/* What the next client says first; it is told `reply`, or nothing and waits. */
static int when_served(const char *reply)
{
    int client = accept(server, NULL, NULL);
    char text[1000] = "";

    cr_assert_geq(client, 0);
    for (size_t n = 0; strstr(text, "\r\n\r\n") == NULL; n = strlen(text)) {
        struct pollfd look = { .fd = client, .events = POLLIN };
        asker_work(asker);
        cr_assert_eq(poll(&look, 1, DEADLINE_MS), 1, "nothing comes");
        cr_assert_gt(read(client, text + n, sizeof text - 1 - n), 0);
    }
    cr_assert_eq(strncmp(text, "GET /ok HTTP/1.1\r\nHost: 127.0.0.1:", 34), 0, "%s", text);
    if (reply != NULL)
        cr_assert_eq(write(client, reply, strlen(reply)), (ssize_t)strlen(reply));
    return client;
}

Test(asker, a_port_that_listens_answers)
{
    when_asked(1, PM_PROBE_KIND_TCP, "");
    then_answered(1, true);
    when_asked(2, PM_PROBE_KIND_TCP, "127.0.0.1");
    then_answered(2, true);
    when_asked(3, PM_PROBE_KIND_TCP, "localhost");
    then_answered(3, true);
}

Test(asker, one_that_does_not_says_why)
{
    close(server);
    when_asked(1, PM_PROBE_KIND_TCP, "");
    then_answered(1, false);
    cr_assert_str_eq(answer.why, "connection refused");
}

/* Sooner or later the kernel gives us the very port we ask for. */
Test(asker, nobody_mistakes_himself_for_another)
{
    close(server);
    for (uint64_t i = 1; i < 3000; i++) {
        when_asked(i, PM_PROBE_KIND_TCP, "");
        then_answered(i, false);
    }
}

Test(asker, a_name_that_nobody_knows_is_a_bad_answer)
{
    when_asked(1, PM_PROBE_KIND_TCP, "no-such-host.invalid");
    then_answered(1, false);
    cr_assert_eq(strncmp(answer.why, "unknown host", 12), 0, "%s", answer.why);
}

Test(asker, a_url_is_good_by_its_status)
{
    when_url(1);
    close(when_served("HTTP/1.1 200 OK\r\n"));
    then_answered(1, true);
    when_url(2);
    close(when_served("HTTP/1.1 500 Oh\r\n"));
    then_answered(2, false);
    cr_assert_str_eq(answer.why, "status 500 Oh");
    when_url(3);
    close(when_served(NULL));
    then_answered(3, false);
    cr_assert_str_eq(answer.why, "closed without an answer");
}

Test(asker, who_has_left_hears_nothing)
{
    int client;

    when_url(1);
    client = when_served(NULL);
    asker_leave(asker, 1);
    then_nothing();
    close(client);
    when_asked(2, PM_PROBE_KIND_TCP, "");
    asker_leave(asker, 2);
    asker_leave(asker, 3); /* never asked */
    then_nothing();
}

Test(asker, what_waits_at_the_end_is_freed)
{
    when_url(1);
    when_asked(2, PM_PROBE_KIND_TCP, "no-such-host.invalid");
}
