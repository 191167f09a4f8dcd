/* Pipes are emptied so that no command waits for us, and all but the begin of the line in hand and
 * of the last whole one is forgotten: a command that writes gigabytes costs its own time only.
 */
#include "brain/ears_io.h"

#include <procman/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LINE_BYTES  100
#define READ_BYTES  4096
#define READS_MOST  16   /* of one command at a time: fair to the others */
#define EVENTS_MOST 16

struct ear {
    uint64_t number;
    int fds[2];                      /* -1: it has ended */
    char line[LINE_BYTES], last[LINE_BYTES]; /* the one in hand; the whole one before */
    size_t n_line, n_last;
    struct ear *next;
};

struct ears { int epoll; struct ear *all; };

enum pm_err ears_open(struct ears **out)
{
    struct ears *ears = pm_alloc(sizeof *ears);

    ears->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (ears->epoll < 0) {
        pm_free(&ears);
        return PM_IO;
    }
    *out = ears;
    return PM_OK;
}

static void close_end(struct ears *ears, struct ear *ear, int i)
{
    if (ear->fds[i] < 0)
        return;
    /* Closing alone would not do: the keeper has the same open pipe, which keeps the watch. */
    (void)epoll_ctl(ears->epoll, EPOLL_CTL_DEL, ear->fds[i], NULL);
    close(ear->fds[i]);
    ear->fds[i] = -1;
}

static void close_ear(struct ears *ears, struct ear *ear)
{
    close_end(ears, ear, 0);
    close_end(ears, ear, 1);
    free(ear);
}

void ears_close(struct ears **ears)
{
    struct ears *gone = *ears;

    *ears = NULL;
    if (gone == NULL)
        return;
    while (gone->all != NULL) {
        struct ear *ear = gone->all;
        gone->all = ear->next;
        close_ear(gone, ear);
    }
    close(gone->epoll);
    free(gone);
}

int ears_fd(const struct ears *ears)
{
    return ears->epoll;
}

void ears_listen(struct ears *ears, uint64_t number, int out, int err)
{
    struct ear *ear = pm_alloc(sizeof *ear);

    *ear = (struct ear){ .number = number, .fds = { out, err }, .next = ears->all };
    ears->all = ear;
    for (int i = 0; i < 2; i++) {
        struct epoll_event event = { .events = EPOLLIN, .data.u64 = number };
        if (ear->fds[i] >= 0
            && epoll_ctl(ears->epoll, EPOLL_CTL_ADD, ear->fds[i], &event) != 0)
            close_end(ears, ear, i);
    }
}

static void take(struct ear *ear, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] != '\n' && text[i] != '\r') {
            if (ear->n_line < sizeof ear->line)
                ear->line[ear->n_line++] = text[i];
        } else if (ear->n_line > 0) {
            memcpy(ear->last, ear->line, ear->n_line);
            ear->n_last = ear->n_line;
            ear->n_line = 0;
        }
    }
}

static void empty(struct ears *ears, struct ear *ear, int i)
{
    char text[READ_BYTES];
    ssize_t n = 0;

    for (int reads = 0; ear->fds[i] >= 0 && reads < READS_MOST; reads++) {
        n = read(ear->fds[i], text, sizeof text);
        if (n <= 0)
            break;
        take(ear, text, (size_t)n);
    }
    if (n == 0)
        close_end(ears, ear, i);
}

void ears_work(struct ears *ears)
{
    struct epoll_event events[EVENTS_MOST];
    int n = epoll_wait(ears->epoll, events, EVENTS_MOST, 0);

    for (int i = 0; i < n; i++) {
        struct ear *ear = ears->all;
        while (ear != NULL && ear->number != events[i].data.u64)
            ear = ear->next;
        if (ear != NULL) {
            empty(ears, ear, 0);
            empty(ears, ear, 1);
        }
    }
}

static void tell(const struct ear *ear, char *text, size_t size)
{
    char line[LINE_BYTES + 1];
    size_t n = ear->n_line > 0 ? ear->n_line : ear->n_last;

    memcpy(line, ear->n_line > 0 ? ear->line : ear->last, n);
    line[n] = '\0';
    pm_text_safe(line, text, size);
}

const char *ears_heard(struct ears *ears, uint64_t number, char *text, size_t size)
{
    if (text != NULL)
        text[0] = '\0';
    for (struct ear **link = &ears->all; *link != NULL; link = &(*link)->next) {
        struct ear *ear = *link;
        if (ear->number != number)
            continue;
        *link = ear->next;
        empty(ears, ear, 0);
        empty(ears, ear, 1);
        if (text != NULL)
            tell(ear, text, size);
        close_ear(ears, ear);
        break;
    }
    return text;
}
