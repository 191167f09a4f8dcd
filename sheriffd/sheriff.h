/* The sheriff's decisions, without a socket, a disk or a clock.
 *
 * What deputies, clients and the store say goes in, with the time; what to tell them comes out
 * through one small table of functions. After every batch of input the shell calls
 * sheriff_turn(): there changes go to the store, committed ones to deputies, answers to clients.
 *
 * A change is stored before any deputy or client hears of it. */
#ifndef SHERIFFD_SHERIFF_H
#define SHERIFFD_SHERIFF_H

#include "sheriffd/batch.h"

#include <procman/config.h>
#include <procman/log.h>
#include <procman/time.h>

struct sheriff;
struct zone; /* cron.h */

struct sheriff_now { struct pm_mono mono; struct pm_wall wall; };

/* Who asks. A client on the watch socket may look and change nothing. */
struct sheriff_client { uint64_t peer; bool may_change; const char *user; int64_t pid; };

/* How the sheriff acts. Messages are borrowed until return; batches and questions are given
 * away. The answers to store and ask_history must not come during the call. */
struct sheriff_port {
    /* false: it does not read, or it is gone */
    bool (*to_deputy)(void *self, uint64_t peer, enum pm_msg kind, const void *msg);
    /* OK, also when nobody reads it | LIMIT larger than a message may be: not sent */
    enum pm_err (*to_client)(void *self, uint64_t peer, enum pm_msg kind, const void *msg);
    void (*publish)(void *self, const char *topic, enum pm_msg kind, const void *msg);
    void (*store)(void *self, struct batch *batch);             /* → sheriff_on_stored */
    void (*ask_history)(void *self, struct history *history);   /* → sheriff_on_history */
    uint64_t (*random)(void *self);                             /* never 0 */
    /* The clocks of a time zone, "" = this machine's; false: there is none of that name */
    bool (*read_zone)(void *self, const char *name, int64_t from_s, int64_t until_s,
                      struct zone *out);
    void (*log)(void *self, enum pm_log_level level, const char *text);
    void (*finish)(void *self);                                 /* the program may end */
};

struct sheriff_setup {
    const char *name;           /* of its machine; copied */
    bool lone_ranger;           /* its own deputy ends with it */
    const struct image *image;  /* what the store holds; copied */
    const struct sheriff_port *port;
    void *self;                 /* the port's */
};

void sheriff_open(const struct sheriff_setup *setup, struct sheriff_now now, struct sheriff **out);
void sheriff_close(struct sheriff **sheriff);

/* Is no other change on its way to the store, so that a file can be applied now? */
bool sheriff_can_change(const struct sheriff *s);

/* Make the wish be what this file says: as an apply of a client, but only what the same file
 * defined before is removed. source: its name, as in the origin of its specs.
 * OK it is on its way | why not, *why is a sentence, heap */
enum pm_err sheriff_apply_file(struct sheriff *s, const struct pm_config *config,
                               const char *source, struct sheriff_now now, char **why)
    PM_MUST_USE;

/* A message that carries no valid session is dropped; a kind nobody may send too. */
void sheriff_on_deputy(struct sheriff *s, uint64_t peer, const char *address, enum pm_msg kind,
                       const void *msg, struct sheriff_now now);
/* name: of the deputy, as its topic says. */
void sheriff_on_stats(struct sheriff *s, const char *name, const struct pm_stats *stats);
void sheriff_on_client(struct sheriff *s, const struct sheriff_client *client, enum pm_msg kind,
                       const void *msg, struct sheriff_now now);

/* What the store says of batch `number`: done, or not at all. */
void sheriff_on_stored(struct sheriff *s, uint64_t number, enum pm_err err, const char *text,
                       struct sheriff_now now);
void sheriff_on_history(struct sheriff *s, const struct history *answer);

/* Does anybody follow the view, and is one of them new? */
void sheriff_on_audience(struct sheriff *s, bool listening, bool fresh);
void sheriff_on_bad_message(struct sheriff *s);              /* something was refused unread */

/* End: a lone ranger retires its deputy first. finish() is called when that is done. */
void sheriff_end(struct sheriff *s, struct sheriff_now now);
bool sheriff_is_ending(const struct sheriff *s);
/* Of its program; 0 unless what was essential failed. */
int sheriff_exit_status(const struct sheriff *s);

/* Returns in how many ms to call it again at the latest. */
int64_t sheriff_turn(struct sheriff *s, struct sheriff_now now);

#endif
