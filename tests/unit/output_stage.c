/* The stage behind the stories of the output mover. */
#include "output_stage.h"

#include <czmq.h>
#include <procman/output_path.h>

#include <fcntl.h>
#include <poll.h>

struct output_stage t;

char *path_of(const char *group, const char *name)
{
    PM_CLEANUP(pm_free) char *logs = pm_printf("%s/logs", t.dir);

    return pm_output_path(logs, group, name);
}

void given_process(const char *group, const char *name)
{
    t.file = output_file_open(t.output, group, name);
    cr_assert_eq(pipe2(t.pipe, O_CLOEXEC), 0);
    output_file_take(t.output, t.file, ++t.run, t.pipe[0], -1);
}

void when_written(const char *text)
{
    cr_assert_eq(write(t.pipe[1], text, strlen(text)), (ssize_t)strlen(text));
}

struct output_news next_news(enum output_news_kind kind)
{
    int64_t end = pm_mono_now().ms + PATIENCE_MS;
    struct output_news news;

    for (;;) {
        while (output_next(t.output, &news))
            if (news.kind == kind)
                return news;
        cr_assert_lt(pm_mono_now().ms, end, "no news of kind %d", (int)kind);
        zmq_pollitem_t item = { .socket = zsock_resolve(output_socket(t.output)),
                                .events = ZMQ_POLLIN };
        zmq_poll(&item, 1, 100);
    }
}

void then_file_is(const char *path, const char *expected)
{
    int64_t end = pm_mono_now().ms + PATIENCE_MS;
    char text[4096];
    ssize_t n = 0;

    while (pm_mono_now().ms < end) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
        if (fd >= 0)
            close(fd);
        text[n > 0 ? n : 0] = '\0';
        if (strcmp(text, expected) == 0)
            return;
        poll(NULL, 0, 2);
    }
    cr_assert_str_eq(text, expected);
}

struct pm_bytes when_asked(const struct pm_read *read)
{
    struct pm_read ask = *read;
    struct pm_bytes bytes;

    ask.request = 3;
    ask.id = 7;
    output_file_read(t.output, t.file, &ask);
    bytes = next_news(OUTPUT_BYTES).bytes;
    cr_assert_eq(bytes.request, 3);
    cr_assert_eq(bytes.id, 7);
    cr_assert_str_eq(bytes.error, "ok", "%s", bytes.text);
    return bytes;
}

struct pm_bytes when_read(uint64_t offset, uint64_t lines, uint64_t most)
{
    return when_asked(&(struct pm_read){ .offset = offset, .lines = lines, .most = most });
}

void then_data_is(struct pm_blob data, uint64_t offset, uint64_t expected, const char *text)
{
    cr_assert_eq(offset, expected);
    cr_assert_eq(data.n, strlen(text), "%zu bytes", data.n);
    if (data.n > 0)
        cr_assert_arr_eq(data.at, text, data.n);
}


void stage_setup(void)
{
    snprintf(t.dir, sizeof t.dir, "/tmp/pm-output-XXXXXX");
    cr_assert_not_null(mkdtemp(t.dir));
    PM_CLEANUP(pm_free) char *logs = pm_printf("%s/logs", t.dir);
    cr_assert_eq(output_open(logs, 0, &t.output), PM_OK);
}

void stage_teardown(void)
{
    PM_CLEANUP(pm_free) char *command = pm_printf("rm -rf %s", t.dir);

    output_close(&t.output);
    cr_assert_eq(system(command), 0);
}

void wait_for_end(uint64_t end)
{
    int64_t patience = pm_mono_now().ms + PATIENCE_MS;

    while (output_file_end(t.file) < end && pm_mono_now().ms < patience)
        poll(NULL, 0, 1);
    cr_assert_eq(output_file_end(t.file), end);
}
