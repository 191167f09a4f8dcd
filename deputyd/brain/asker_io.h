/* Asking ports and URLs whether they are there, many at once and without ever waiting. */
#ifndef BRAIN_ASKER_IO_H
#define BRAIN_ASKER_IO_H

#include <procman/error.h>
#include <procman/schema.h>

struct asker;

struct asker_answer { uint64_t number; bool good; char why[100]; };

/* OK | IO errno is set */
enum pm_err asker_open(struct asker **out) PM_MUST_USE;
void asker_close(struct asker **asker);
int asker_fd(const struct asker *asker);   /* readable when there is work */

void asker_ask(struct asker *asker, uint64_t number, const struct pm_probe *probe);
void asker_leave(struct asker *asker, uint64_t number); /* nobody wants to know any more */

void asker_work(struct asker *asker);
/* Nobody is too patient here: how long to wait is the caller's to say, by leaving.
 * false: there is no answer now */
bool asker_next(struct asker *asker, struct asker_answer *out);

#endif
