/* What single values of a spec may be. NULL: this one is fine; else the sentence why not. */
#ifndef PROCMAN_CORE_SPEC_FAULT_H
#define PROCMAN_CORE_SPEC_FAULT_H

#include <procman/schema.h>

#define PM_MASK_GIVEN 01000 /* in spec.umask: there is one */

const char *pm_user_fault(const char *user) PM_MUST_USE;          /* of users or their groups */
const char *pm_directory_fault(const char *directory) PM_MUST_USE;
const char *pm_variable_fault(const char *name) PM_MUST_USE;
const char *pm_signal_fault(int64_t signal) PM_MUST_USE;
const char *pm_exit_code_fault(int64_t code) PM_MUST_USE;
const char *pm_period_fault(uint64_t ms) PM_MUST_USE;
const char *pm_factor_fault(double factor) PM_MUST_USE;
const char *pm_share_fault(double share) PM_MUST_USE;
const char *pm_output_size_fault(uint64_t bytes) PM_MUST_USE;
const char *pm_output_keep_fault(uint64_t files) PM_MUST_USE;
const char *pm_sheriff_loss_fault(uint64_t ms) PM_MUST_USE;       /* of stop_after */
const char *pm_file_fault(const char *file) PM_MUST_USE;
const char *pm_mask_fault(uint64_t mask) PM_MUST_USE;             /* as in a spec: 01000 | mask */
const char *pm_nice_fault(int64_t nice) PM_MUST_USE;
const char *pm_memory_fault(uint64_t bytes) PM_MUST_USE;
const char *pm_percent_fault(uint64_t percent) PM_MUST_USE;
const char *pm_pids_fault(uint64_t pids) PM_MUST_USE;
const char *pm_limit_fault(const char *name) PM_MUST_USE;
const char *pm_patience_fault(uint64_t ms) PM_MUST_USE;           /* not 0 */
const char *pm_span_fault(uint64_t ms) PM_MUST_USE;               /* 0, or a second and more */
const char *pm_pattern_fault(const char *pattern) PM_MUST_USE;
const char *pm_port_fault(uint64_t port) PM_MUST_USE;
const char *pm_target_host_fault(const char *host) PM_MUST_USE;
const char *pm_zone_fault(const char *zone) PM_MUST_USE;

/* The nth resource limit, sorted; NULL: there are not so many. *size: it is in bytes. */
const char *pm_limit_name(size_t nth, bool *size) PM_MUST_USE;
/* Is it looked at again and again? Otherwise its interval means nothing. */
bool pm_probe_repeats(enum pm_probe_kind kind) PM_MUST_USE;

/* ---- parts of pm_spec_fault ---- */

const char *pm_watch_fault(const struct pm_spec *spec) PM_MUST_USE;    /* order and probes */
const char *pm_resource_fault(const struct pm_spec *spec) PM_MUST_USE;
const char *pm_times_fault(const struct pm_spec *spec) PM_MUST_USE;

#endif
