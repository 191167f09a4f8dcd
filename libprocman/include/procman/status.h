/* A fingerprint of what a deputy sees, so that both ends of a link notice when they differ. */
#ifndef PROCMAN_STATUS_H
#define PROCMAN_STATUS_H

#include <procman/schema.h>

PM_BEGIN

/* 64-bit FNV-1a over what identifies a row and its life: group, name, state, pid, run, order.
 * Ages, reasons and the sheriff's number are left out: they say nothing that could be missed. */
PM_API uint64_t pm_status_row_digest(const struct pm_status_row *row);

/* XOR over all rows, 0 for none: the order of rows does not matter, and one row's change can be
 * worked in by XORing its old and its new digest. */
PM_API uint64_t pm_status_digest(const struct pm_status_row *rows, size_t n);

PM_END
#endif
