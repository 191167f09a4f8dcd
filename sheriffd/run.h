/* One run of a script: which steps are being done, which come next, and how it ends. */
#ifndef SHERIFFD_RUN_H
#define SHERIFFD_RUN_H

#include <procman/codec.h>
#include <procman/time.h>

#define RUN_TEXT_SIZE 512 /* a sentence about a step */

enum run_word { RUN_WAITS, RUN_WELL, RUN_ILL };

/* How a run acts, and what it sees. Texts are RUN_TEXT_SIZE bytes and filled in. */
struct run_port {
    /* Start, stop or restart what the step selects, in a transaction; waits: those processes
     * that it is to be waited for, in the arena. OK | why not, in text */
    enum pm_err (*order)(void *self, const struct pm_step *step, struct pm_arena *arena,
                         struct pm_i64s *out_waits, char *text);
    /* Is that process as the step waits for it, waited_ms after the order? text: what is wrong
     * with it, or what it still is. */
    enum run_word (*judge)(void *self, const struct pm_step *step, uint64_t id,
                           int64_t waited_ms, char *text);
    /* How long to wait where the step does not say; 0 = for ever. */
    uint64_t (*patience)(void *self, const struct pm_step *step, const struct pm_i64s *waits);
};

struct run {
    struct pm_script_run said;   /* what is stored and told; in the arena */
    struct pm_arena arena;
    struct pm_mono began;        /* of this sheriff's life: times begin anew when he returns */
    struct run_clock { struct pm_mono began; uint64_t patience_ms; } *clocks; /* one for a step */
};

/* The tree of steps of that script, with those of the scripts it runs, all to be done.
 * OK | NOT_FOUND | BAD_CONFIG | LIMIT; *why is a sentence, heap */
enum pm_err run_make(const struct pm_script_list *scripts, const char *name,
                     struct pm_arena *arena, struct pm_script_run *out, char **why) PM_MUST_USE;

/* Go on with a run as it was told last; copied. */
void run_open(const struct pm_script_run *said, struct pm_mono now, struct run **out);
struct run *run_copy(const struct run *run) PM_MUST_USE;
void run_close(struct run **run);
bool run_is_over(const struct run *run);

/* Is there something to do, so that run_move is to be called in a transaction? */
bool run_look(struct run *run, const struct run_port *port, void *self, struct pm_mono now)
    PM_MUST_USE;
/* Do it: what is over is noted, what comes next is ordered. */
void run_move(struct run *run, const struct run_port *port, void *self, struct pm_mono now,
              struct pm_wall wall);
/* In how many ms time alone gives it something to do, while it is not over; -1: never. */
int64_t run_next(const struct run *run, struct pm_mono now);

void run_abort(struct run *run, const char *reason, struct pm_mono now, struct pm_wall wall);

/* The first step that is being done and holds no others; NULL: none. */
const struct pm_run_step *run_step_in_hand(const struct pm_script_run *said, size_t *out_nth);

#endif
