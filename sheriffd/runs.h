/* Running scripts: one at a time, for whoever asks, until it is over. */
#ifndef SHERIFFD_RUNS_H
#define SHERIFFD_RUNS_H

#include "sheriffd/inside.h"

/* Requests of clients. Run and abort in a transaction; answers come when it is stored. */
void runs_take(struct sheriff *s, const struct sheriff_client *client, const struct pm_run *ask);
void runs_abort(struct sheriff *s, const struct sheriff_client *client,
                const struct pm_abort *ask);
void runs_await(struct sheriff *s, const struct sheriff_client *client,
                const struct pm_await *ask);
void runs_list(struct sheriff *s, const struct sheriff_client *client,
               const struct pm_scripts *ask);

bool runs_load(struct sheriff *s, const struct image_note *note); /* as scripts_load */

/* Is there something to do for the run in hand, and may it be done? Then do it in a
 * transaction. */
bool runs_is_due(struct sheriff *s);
void runs_enter(struct sheriff *s);
int64_t runs_next(const struct sheriff *s); /* ms until it may be; -1: no run is in hand */

/* The one in hand, or the last one, as it is stored; its number is 0 when there was none. */
const struct pm_script_run *runs_known(const struct sheriff *s);

enum pm_err runs_store(const struct sheriff *s, struct batch *batch) PM_MUST_USE;
void runs_stored(struct sheriff *s, enum pm_err err, const char *text);
void runs_late(struct sheriff *s, const char *text); /* the store does not answer */
void runs_fini(struct sheriff *s);

/* run_port.c: how a run orders processes, and how it sees them. self is the sheriff. */
extern const struct run_port runs_port;
/* Do all selectors of its steps mean something now? NULL, or all that do not, heap. */
char *runs_unknown(struct sheriff *s, const struct pm_script_run *run);

#endif
