/* A stage for stories about the keeper: the real deputyd, with the test in the brain's place.
 *
 * deputyd begins the test's own program as its brain (--brain). Before Criterion is even up, that
 * one sends its link to the test and then only holds its place, until told to go. */
#ifndef UNIT_DEPUTY_STAGE_H
#define UNIT_DEPUTY_STAGE_H

#include "keeper/wire.h"

#include <signal.h>
#include <sys/types.h>

#define PATIENCE_MS 20000 /* nothing here takes so long */

struct stage {
    char dir[64];
    char program[128];  /* where deputyd is installed; empty: beside the test */
    unsigned files;     /* descriptors a deputyd may have; 0: as many as we */
    int listener, stand_in;
    pid_t deputyd;
    struct pm_wire *wire;
    struct pm_ready ready;
};

/* A deputyd in a directory of its own, which has its first brain: us. option may be NULL. */
void given_a_deputyd(struct stage *stage, const char *option);
void given_a_place(struct stage *stage);                     /* the directory alone */
void begin_deputyd(struct stage *stage, const char *option); /* again, in the same directory */

/* `deputyd OPTION` in that directory, and its exit status. What it says is in `out`. */
int run_deputyd(const struct stage *stage, const char *option, char *out, size_t size);
void install_deputyd(struct stage *stage); /* a copy, that a test may replace */

void meet_brain(struct stage *stage);       /* the next one begins: we are it */
void meet_ready_brain(struct stage *stage); /* and hears nothing but READY */
void lose_brain(struct stage *stage);       /* it dies */
void lose_keeper(struct stage *stage);      /* kill -9, and its brain with it */

struct pm_wire_message receive_any(struct stage *stage);
/* The next message, which must be of that kind. */
struct pm_wire_message receive(struct stage *stage, enum pm_msg kind);
void say(struct stage *stage, enum pm_msg kind, const void *msg);

/* Ask for a life in a slot: sh -c SCRIPT. Its note is the script. */
void ask(struct stage *stage, uint64_t slot, uint64_t run, const char *script);
/* And it begins. fds: its out and err, for the caller; NULL: closed */
pid_t begin(struct stage *stage, uint64_t slot, uint64_t run, const char *script, int fds[2]);
/* The next message says that a life is over; it is seen. */
struct pm_ended then_ended(struct stage *stage);
void then_output(int fd, const char *expected);
pid_t read_pid(int fd);  /* a line with a number, which a script has echoed */
bool is_gone(pid_t pid); /* waits for it */

void finish(struct stage *stage); /* an orderly end */
void then_deputyd_exits(struct stage *stage, int expected);
void clear(struct stage *stage);  /* away with the directory */

#endif
