/* The last line that commands write, of which nothing else is kept. */
#ifndef BRAIN_EARS_IO_H
#define BRAIN_EARS_IO_H

#include <procman/error.h>

struct ears;

/* OK | IO errno is set */
enum pm_err ears_open(struct ears **out) PM_MUST_USE;
void ears_close(struct ears **ears);
int ears_fd(const struct ears *ears);  /* readable when there is work */
void ears_work(struct ears *ears);

/* Read ends of pipes, ours from now on. */
void ears_listen(struct ears *ears, uint64_t number, int out, int err);
/* The last line with anything in it, fit for any terminal; or empty. That was all: the pipes are
 * closed. text NULL: nobody wants to know. Returns text. */
const char *ears_heard(struct ears *ears, uint64_t number, char *text, size_t size);

#endif
