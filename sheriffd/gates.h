/* The sheriff's gates: which processes have to be looked at, and what comes of a look. */
#ifndef SHERIFFD_GATES_H
#define SHERIFFD_GATES_H

#include "sheriffd/inside.h"

void gates_fini(struct sheriff *s);

/* Its wish is new or another; committed. */
void gates_link(struct sheriff *s, struct wish *wish);
void gates_unlink(struct sheriff *s, struct wish *wish); /* it is about to be freed */

void gates_touch(struct sheriff *s, struct wish *wish);  /* something about it changed */
void gates_learn(struct sheriff *s, struct post *post);  /* its deputy has said all it has */
/* A deputy has a process that nobody wishes for there; elsewhere it may wait for its end. */
void gates_stray(struct sheriff *s, const struct seen *seen);

void gates_run(struct sheriff *s);    /* look at what was touched, and at what that touches */
void gates_check(struct sheriff *s);  /* once a second: whose patience is over */

/* From now on everything of the post is to end, and whether what depends on each other has. */
void gates_retire(struct sheriff *s, struct post *post);
bool gates_retired(const struct post *post);

#endif
