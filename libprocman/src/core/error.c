/* The rows of errors.def as a table. */
#include <procman/error.h>

#include <string.h>

static const struct { const char *word, *sentence; int exit_status; } errors[PM_ERR_COUNT] = {
#define ERR(name, word, exit_status, sentence) [PM_##name] = { word, sentence, exit_status },
#include <procman/errors.def>
#undef ERR
};

static bool is_known(enum pm_err err)
{
    return (unsigned)err < PM_ERR_COUNT;
}

const char *pm_err_word(enum pm_err err)
{
    return errors[is_known(err) ? err : PM_FAILED].word;
}

const char *pm_err_sentence(enum pm_err err)
{
    return errors[is_known(err) ? err : PM_FAILED].sentence;
}

int pm_err_exit(enum pm_err err)
{
    return errors[is_known(err) ? err : PM_FAILED].exit_status;
}

enum pm_err pm_err_from_word(const char *word)
{
    if (!word || !*word)
        return PM_OK;
    for (enum pm_err err = PM_OK; err < PM_ERR_COUNT; err++)
        if (strcmp(errors[err].word, word) == 0)
            return err;
    return PM_FAILED;
}
