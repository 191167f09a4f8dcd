/* The world of the simulated fleet: one clock, one die, one agenda of deeds to come.
 *
 * Nothing happens but what is on the agenda, and everything random comes from the seed, so a seed
 * is a whole history and can be lived through again. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <procman/base.h>
#include <procman/time.h>

struct world;
struct site;     /* site.h: one machine with its deputy */
struct office;   /* office.h: the sheriff and its store */
struct network;  /* network.h */
struct operator; /* operator.h: who gives orders */
struct checks;   /* invariants.h */
struct graves;   /* graves.h */

typedef void deed(struct world *w, void *subject, uint64_t tag);

struct task { int64_t at_ms; uint64_t number; deed *deed; void *subject; uint64_t tag; };
struct agenda { struct task *at; size_t n, cap; uint64_t last; };

struct world {
    uint64_t seed, dice;
    int64_t now_ms;
    int64_t wall_ms;     /* how far the sheriff's wall clock has leapt */
    bool calm;           /* nothing goes wrong any more */
    bool loud;           /* every step is printed */
    struct agenda agenda;
    struct site *sites;
    size_t n_sites;
    size_t procs;        /* possible processes of each site */
    struct office *office;
    struct network *network;
    struct operator *operator;
    struct checks *checks;
    struct graves *graves;
    uint64_t letters, births, troubles; /* for the record */
};

void world_open(struct world *w, uint64_t seed, bool loud);
void world_close(struct world *w);

struct pm_mono world_now(const struct world *w);
/* The deed checks by its tag whether it still makes sense. Equal times: first come, first done. */
void later(struct world *w, int64_t ms, deed *what, void *subject, uint64_t tag);
void world_live(struct world *w, int64_t ms);

uint64_t roll(struct world *w, uint64_t sides);              /* 0 … sides - 1 */
int64_t between(struct world *w, int64_t least, int64_t most); /* both included */
bool chance(struct world *w, unsigned percent);
bool trouble(struct world *w, unsigned percent);             /* never when it is calm */

/* Something that must never be: says what, when and with which seed, and ends the program. */
void wrong(const struct world *w, const char *format, ...)
    PM_PRINTF(2, 3) __attribute__((noreturn));
void tell(const struct world *w, const char *format, ...) PM_PRINTF(2, 3); /* when loud */

#endif
