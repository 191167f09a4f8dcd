/* One error type for everything; its rows are in errors.def. */
#ifndef PROCMAN_ERROR_H
#define PROCMAN_ERROR_H

#include <procman/base.h>

PM_BEGIN

enum pm_err {
#define ERR(name, word, exit_status, sentence) PM_##name,
#include <procman/errors.def>
#undef ERR
    PM_ERR_COUNT
};

PM_API const char *pm_err_word(enum pm_err err);     /* "not-found", what goes on the wire */
PM_API const char *pm_err_sentence(enum pm_err err); /* "no such process or host" */
PM_API int pm_err_exit(enum pm_err err);             /* exit status of a command line */
/* "", NULL and "ok" are OK, an unknown word is FAILED. */
PM_API enum pm_err pm_err_from_word(const char *word);

PM_END
#endif
