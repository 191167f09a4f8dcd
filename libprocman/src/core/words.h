/* What is wrong with a command line before anyone runs it. */
#ifndef PROCMAN_CORE_WORDS_H
#define PROCMAN_CORE_WORDS_H

#include <procman/base.h>

/* NULL: nothing; else the sentence, static. Only what needs no shell to see. */
const char *pm_command_fault(const char *command) PM_MUST_USE;

#endif
