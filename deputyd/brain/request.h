/* What the sheriff asks for at once. */
#ifndef BRAIN_REQUEST_H
#define BRAIN_REQUEST_H

#include <procman/codec.h>

struct brain;
struct proc;

void request_signal(struct brain *brain, const struct pm_signal *ask);
void request_read(struct brain *brain, const struct pm_read *ask);
void request_upgrade(struct brain *brain, const struct pm_upgrade *ask);
void request_done(struct brain *brain, const struct pm_done *done); /* the keeper's answer */
void request_sweep(struct brain *brain, const struct pm_sweep *ask);
void request_follow_as(struct brain *brain, struct proc *proc, uint64_t id_before);

#endif
