/* What single values of a spec may be. NULL: this one is fine; else the sentence why not. */
#ifndef PROCMAN_CORE_SPEC_FAULT_H
#define PROCMAN_CORE_SPEC_FAULT_H

#include <procman/base.h>

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

#endif
