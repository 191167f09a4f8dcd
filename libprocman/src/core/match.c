/* Lines that match a pattern. Which patterns may be searched for is said in pattern.c; those are
 * found in time proportional to the text.
 */
#include "core/spec_fault.h"

#include <procman/probe.h>

#include <regex.h>
#include <stdlib.h>

struct pm_pattern { regex_t regex; };

enum pm_err pm_pattern_open(const char *text, struct pm_pattern **out)
{
    struct pm_pattern *pattern;
    int error;

    if (pm_pattern_fault(text) != NULL)
        return PM_USAGE;
    pattern = pm_alloc(sizeof *pattern);
    error = regcomp(&pattern->regex, text, REG_EXTENDED | REG_NOSUB);
    if (error != 0) {
        pm_free(&pattern);
        return error == REG_ESPACE ? PM_NO_MEMORY : PM_USAGE;
    }
    *out = pattern;
    return PM_OK;
}

void pm_pattern_close(struct pm_pattern **pattern)
{
    struct pm_pattern *gone = *pattern;

    *pattern = NULL;
    if (gone == NULL)
        return;
    regfree(&gone->regex);
    free(gone);
}

bool pm_pattern_finds(const struct pm_pattern *pattern, const char *line, size_t n, bool first,
                      bool last)
{
    regmatch_t where = { .rm_so = 0, .rm_eo = (regoff_t)n };
    int flags = REG_STARTEND | (first ? 0 : REG_NOTBOL) | (last ? 0 : REG_NOTEOL);

    return regexec(&pattern->regex, line, 0, &where, flags) == 0;
}
