/* How much a deputy and the sheriff can carry, counted before a change is made.
 *
 * All specs of a deputy travel in one message, and back in one when another sheriff adopts them;
 * a fleet is one picture. What would not fit is refused here, while the one who asked for it
 * still listens. Only growth is refused: what is too large already may shrink. */
#ifndef SHERIFFD_LOAD_H
#define SHERIFFD_LOAD_H

#include "sheriffd/desired.h"

struct load { const char *host; size_t n, bytes, n_before, bytes_before; };

struct loads {
    const struct desired *d;
    struct load *at;          /* one for each host that was named */
    size_t n, added;          /* added: processes, on all of them */
    struct table by_host;
};

/* most: hosts that may be named. Their names and the wish are borrowed. */
void loads_init(struct loads *loads, const struct desired *d, size_t most);
void loads_fini(struct loads *loads);

void loads_add(struct loads *loads, const char *host, const struct pm_spec *spec);
void loads_change(struct loads *loads, const struct wish *wish, const struct pm_spec *spec);
void loads_remove(struct loads *loads, const struct wish *wish);

/* OK | LIMIT *why is a sentence, heap: who, how much, what to do */
enum pm_err loads_check(const struct loads *loads, char **why) PM_MUST_USE;

/* Add it if there is room. */
bool loads_take(struct loads *loads, const char *host, const struct pm_spec *spec) PM_MUST_USE;

#endif
