/* The deputy a lone ranger brings along, and brings again when it is killed. */
#ifndef SHERIFFD_LONE_RANGER_IO_H
#define SHERIFFD_LONE_RANGER_IO_H

#include <procman/error.h>
#include <procman/time.h>

/* What its deputy is told; borrowed. log_dir NULL: its own default. */
struct lone_ranger_setup { const char *name, *run_dir, *state_dir, *log_dir; };

struct lone_ranger;

/* Start deputyd, which is found beside us. When one of that name runs already, from a sheriff
 * that was killed, the new one ends at once and the old one simply reconnects.
 * OK | IO *why is a sentence, heap */
enum pm_err lone_ranger_open(const struct lone_ranger_setup *setup, struct pm_mono now,
                             struct lone_ranger **out, char **why) PM_MUST_USE;
/* Waits for its end, at most so long. */
void lone_ranger_close(struct lone_ranger **ranger, int most_ms);

/* A child has ended. */
void lone_ranger_reap(struct lone_ranger *ranger, struct pm_mono now);

/* Begin it again if it is time. Returns in how many ms it will be; -1: never, as things are. */
int64_t lone_ranger_turn(struct lone_ranger *ranger, struct pm_mono now);

#endif
