/* Regular expressions that people may give us.
 *
 * The C library compiles "a{1,1000}" into a thousand nodes, and nests that: thirty bytes of
 * pattern can take all memory, and a reference back to a group can take all time. So what can be
 * repeated is bounded over the whole pattern, and references are refused. What is left is found
 * in time proportional to the text.
 */
#include <procman/probe.h>

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_BYTES 500    /* a pattern is written by hand */
#define REPEATS_MOST  1000   /* product of all upper bounds: nodes of one group, at most */

struct pm_pattern { regex_t regex; };

/* The larger bound of "{n}", "{n,}" or "{n,m}" behind the brace; 1: it is none. */
static unsigned long bound_of(const char *text)
{
    char *end;
    unsigned long least = strtoul(text, &end, 10), most = least;

    if (end == text)
        return 1;
    if (*end == ',' && end[1] >= '0' && end[1] <= '9')
        most = strtoul(end + 1, &end, 10);
    most = most > least ? most : least;
    return most > REPEATS_MOST ? REPEATS_MOST + 1 : most;
}

/* Brackets hold plain characters: "[{\\1]" repeats nothing and refers to nothing. A ']' that is
 * their first is one of them. Returns the last byte that belongs to it. */
static const char *skip_brackets(const char *at)
{
    const char *end = at + 1 + (at[1] == '^');

    end = strchr(*end == ']' ? end + 1 : end, ']');
    return end != NULL ? end : at;
}

const char *pm_pattern_fault(const char *text)
{
    unsigned long repeats = 1;
    regex_t regex;

    if (*text == '\0')
        return "an empty pattern is found in anything; write what the line holds";
    if (strlen(text) > PATTERN_BYTES)
        return "a pattern has at most 500 bytes";
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '[')
            at = skip_brackets(at);
        else if (*at == '\\' && at[1] >= '1' && at[1] <= '9')
            return "a pattern cannot refer back to a group (\\1)";
        else if (*at == '\\' && at[1] != '\0')
            at++;
        else if (*at == '{' && bound_of(at + 1) > 1)
            repeats *= bound_of(at + 1); /* no overflow: both are small */
        if (repeats > REPEATS_MOST)
            return "the repeats of the pattern, multiplied, are more than 1000";
    }
    if (regcomp(&regex, text, REG_EXTENDED | REG_NOSUB) != 0)
        return "not a POSIX extended regular expression, see regex(7); \\ before a character "
               "takes its meaning away";
    regfree(&regex);
    return NULL;
}

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
