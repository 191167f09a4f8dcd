/* A stage for the sheriff's core: a clock one can turn, a store that answers when told to, and a
 * record of all it said. */
#ifndef TEST_SHERIFF_STAGE_H
#define TEST_SHERIFF_STAGE_H

#include "sheriffd/sheriff.h"

#define STAGE_SAID 512
#define STAGE_EPOCH 77

enum stage_to { TO_DEPUTY, TO_CLIENT, TO_STREAM };

struct said {
    enum stage_to to;
    uint64_t peer;
    enum pm_msg kind;
    void *msg;
    struct pm_arena arena;
};

struct stage {
    struct sheriff *sheriff;
    struct sheriff_now now;
    struct said said[STAGE_SAID];
    size_t n_said;
    struct batch *batches[16];  /* given to the store, not answered */
    size_t n_batches, stored;   /* stored: with wishes, answered with OK */
    struct history *asked;
    uint64_t random, request;
    bool deaf;                  /* deputies cannot be reached */
    size_t client_most;         /* bytes that a message to a client holds; 0: as many as any */
    bool installed;             /* the zone nowhere */
    bool finished;
    size_t logged;
};

struct fake_deputy { uint64_t peer, session, seq; };

extern const struct sheriff_client operator, observer; /* who may change, who may look */

/* The last message of that kind; fails when there is none. */
const void *heard(const struct stage *stage, enum pm_msg kind);
size_t said_count(const struct stage *stage, enum pm_msg kind);
void forget_said(struct stage *stage);
/* Was there an event of that word, with this in its sentence? */
bool event_was(const struct stage *stage, const char *what, const char *part);
void stage_begin(struct stage *stage, const struct image *image, bool lone_ranger);
void stage_end(struct stage *stage);
/* One turn of the sheriff; the store does not answer. */
int64_t turn(struct stage *stage);
/* The store answers what it has, and what comes of that, until nothing is left. */
void answer_store(struct stage *stage, enum pm_err err, const char *text);
/* The same with OK. */
void settle(struct stage *stage);
void pass(struct stage *stage, int64_t ms);
void deputy_says(struct stage *stage, const struct fake_deputy *deputy, enum pm_msg kind,
    const void *msg);
void deputy_hello(struct stage *stage, struct fake_deputy *deputy, const char *name,
    uint64_t epoch, uint64_t sheriff_id);
struct pm_status_row row(const char *name, enum pm_state state, uint64_t order);
void deputy_status(struct stage *stage, struct fake_deputy *deputy, bool full,
    struct pm_status_row *rows, size_t n);
void deputy_reports(struct stage *stage, struct fake_deputy *deputy, struct pm_status_row one);
/* Hello, and a full status of these rows. */
struct fake_deputy given_deputy(struct stage *stage, const char *name, uint64_t peer,
    struct pm_status_row *rows, size_t n);
void client_asks(struct stage *stage, const struct sheriff_client *client, enum pm_msg kind,
    const void *msg);
void client_orders(struct stage *stage, enum pm_verb verb, const char *word);
struct pm_spec spec(const char *name, const char *host, const char *command);
void client_applies(struct stage *stage, enum pm_apply_mode mode, bool prune,
    struct pm_spec *specs, size_t n);
/* Processes of these names on k9, wanted up. */
void given_processes(struct stage *stage, const char *const *names, size_t n);
/* Its row in a snapshot, or NULL. */
const struct pm_proc *seen_by_client(struct stage *stage, const char *name);
/* What the last specs and wants say of it, or NULL. */
const struct pm_want *want_for(const struct stage *stage, const char *name);

const struct pm_reply *last_reply(const struct stage *stage);
const struct pm_outcome *only_outcome(const struct stage *stage); /* of the last outcomes */
/* cam on k9, defined, up and running under its first order. */
struct fake_deputy given_running_cam(struct stage *stage);

#endif
