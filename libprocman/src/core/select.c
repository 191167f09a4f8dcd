/* Selectors: the words a user names processes with. A word becomes one term; a term is up to
 * three conditions that must all hold: where in the tree, on which host, in which state.
 *
 * Terms are tried all, even when one has decided, because each must know whether it ever
 * matched anything: a word that did not is most likely a mistake, and the user is told.
 */
#include <procman/select.h>

#include "core/glob.h"
#include <procman/limits.h>
#include <procman/suggest.h>

#include <stdlib.h>
#include <string.h>

enum where { EVERYWHERE, ANY_GROUP, THAT_GROUP, BELOW_GROUP };

struct term {
    const char *word;        /* as the user wrote it */
    enum where where;
    char *group, *name;      /* globs, as far as `where` needs them */
    char *host;              /* glob; NULL: any host */
    enum pm_state state;     /* NOWHERE: any state */
    bool excludes, matched;
};

struct pm_select {
    struct term *terms;
    size_t n, including;     /* so many of them do not exclude */
};

/* ---- matching ---- */

static bool glob(const char *pattern, const char *text)
{
    return pm_glob_match(pattern, text, strlen(text));
}

/* The group itself, or one of the groups it is in. */
static bool is_below(const char *pattern, const char *group)
{
    if (!*pattern)
        return true; /* "/": below the root is everything */
    for (const char *slash = strchr(group, '/'); slash; slash = strchr(slash + 1, '/'))
        if (pm_glob_match(pattern, group, (size_t)(slash - group)))
            return true;
    return glob(pattern, group);
}

/* '*' matches nothing too, but no group at all is not a group of some name. */
static bool is_group(const char *pattern, const char *group)
{
    return !*pattern == !*group && glob(pattern, group);
}

static bool in_place(const struct term *term, const char *group, const char *name)
{
    switch (term->where) {
    case EVERYWHERE:  return true;
    case ANY_GROUP:   return glob(term->name, name);
    case THAT_GROUP:  return glob(term->name, name) && is_group(term->group, group);
    case BELOW_GROUP: return is_below(term->group, group);
    }
    return false;
}

bool pm_select_match(const struct pm_select *select, const char *group, const char *name,
                     const char *host, enum pm_state state)
{
    bool included = select->including == 0, excluded = false;

    for (size_t i = 0; i < select->n; i++) {
        struct term *term = &select->terms[i];

        if (!in_place(term, group, name) || (term->host && !glob(term->host, host))
            || (term->state != PM_STATE_NOWHERE && term->state != state))
            continue;
        term->matched = true;
        if (term->excludes)
            excluded = true;
        else
            included = true;
    }
    return included && !excluded;
}

const char *pm_select_unmatched(const struct pm_select *select)
{
    for (size_t i = 0; i < select->n; i++) {
        const struct term *term = &select->terms[i];

        if (!term->matched && !term->excludes && term->state == PM_STATE_NOWHERE)
            return term->word;
    }
    return NULL;
}

bool pm_select_by_state(const struct pm_select *select)
{
    for (size_t i = 0; i < select->n; i++)
        if (select->terms[i].state != PM_STATE_NOWHERE)
            return true;
    return false;
}

/* ---- parsing ---- */

/* The last of the characters that stands for itself, not behind a backslash nor in a set. */
static char *find_special(char *at, const char *characters)
{
    char *found = NULL;
    const char *end;

    for (; *at; at++) {
        if (*at == '\\' && at[1])
            at++;
        else if (*at == '[' && (end = pm_glob_set_end(at + 1)) != NULL)
            at += end - 1 - at;
        else if (strchr(characters, *at))
            found = at;
    }
    return found;
}

static char *unknown_state(const char *word)
{
    struct pm_suggest suggest = { .wrong = word };

    for (int state = PM_STATE_NOWHERE + 1; state < PM_STATE_COUNT; state++)
        pm_suggest_try(&suggest, pm_state_word((enum pm_state)state));
    if (suggest.best)
        return pm_printf("there is no state '%s'; did you mean %%%s?", word, suggest.best);
    return pm_printf("there is no state '%s'; for a '%%' in a name write \\%%", word);
}

static char *set_state(struct term *term, const char *word)
{
    int state = pm_word_value(&pm_state_words, word);

    if (term->state != PM_STATE_NOWHERE)
        return pm_strdup("it names two states");
    if (state <= PM_STATE_NOWHERE)
        return unknown_state(word);
    term->state = (enum pm_state)state;
    return NULL;
}

static char *set_host(struct term *term, const char *pattern)
{
    const char *fault = pm_glob_fault(pattern);

    if (term->host)
        return pm_strdup("it names two hosts");
    if (!*pattern)
        return pm_strdup("no host follows the '@'");
    if (fault)
        return pm_strdup(fault);
    term->host = pm_strdup(pattern);
    return NULL;
}

/* What stands before '@' and '%'. Cuts `path` at its last '/'. */
static char *set_place(struct term *term, char *path)
{
    const char *fault = pm_glob_fault(path);
    char *slash = find_special(path, "/");

    if (fault)
        return pm_strdup(fault);
    if (strcmp(path, "all") == 0 || (!*path && (term->host || term->state != PM_STATE_NOWHERE)))
        return NULL; /* EVERYWHERE */
    if (!*path)
        return pm_strdup("it is empty");
    if (!slash) {
        term->where = ANY_GROUP;
        term->name = pm_strdup(path);
        return NULL;
    }
    *slash = '\0';
    term->where = slash[1] ? THAT_GROUP : BELOW_GROUP;
    term->group = pm_strdup(path);
    term->name = pm_strdup(slash + 1);
    return NULL;
}

/* NULL, or what is wrong with the word; heap. */
static char *parse_term(struct term *term, const char *word)
{
    PM_CLEANUP(pm_free) char *text = pm_strdup(*word == '!' ? word + 1 : word);
    char *why = NULL, *suffix;

    term->word = word;
    term->excludes = *word == '!';
    if (strlen(word) > PM_LIMIT_SELECTOR)
        return pm_printf("it is longer than %d bytes", PM_LIMIT_SELECTOR);
    while (!why && (suffix = find_special(text, "@%"))) {
        why = *suffix == '@' ? set_host(term, suffix + 1) : set_state(term, suffix + 1);
        *suffix = '\0';
    }
    return why ? why : set_place(term, text);
}

enum pm_err pm_select_open(const struct pm_strs *words, struct pm_select **out, char **why)
{
    struct pm_select *select;

    if (words->n > PM_LIMIT_SELECTORS) {
        *why = pm_printf("%zu selectors are too many, %d are the most; try a group or a glob",
                         words->n, PM_LIMIT_SELECTORS);
        return PM_USAGE;
    }
    select = pm_alloc(sizeof *select);
    select->terms = pm_alloc(words->n * sizeof *select->terms);
    for (; select->n < words->n; select->n++) {
        struct term *term = &select->terms[select->n];
        PM_CLEANUP(pm_free) char *fault = parse_term(term, words->at[select->n]);

        select->including += !term->excludes;
        if (!fault)
            continue;
        *why = pm_printf("selector '%s': %s", term->word, fault);
        select->n++;
        pm_select_close(&select);
        return PM_USAGE;
    }
    *out = select;
    return PM_OK;
}

/* Where `at` ends: `text` with a backslash before all that would mean something. */
static char *put_literal(char *at, const char *text)
{
    for (; *text; text++) {
        if (strchr("*?[]!%@\\", *text))
            *at++ = '\\';
        *at++ = *text;
    }
    return at;
}

char *pm_select_word(const char *group, const char *name, const char *host)
{
    char *word = pm_alloc(2 * (strlen(group) + strlen(name) + strlen(host)) + sizeof "/@");
    char *at = put_literal(word, group);

    *at++ = '/'; /* also without a group: the name alone would be that in any of them */
    at = put_literal(at, name);
    *at++ = '@';
    put_literal(at, host);
    return word;
}

void pm_select_close(struct pm_select **select)
{
    struct pm_select *old = *select;

    if (!old)
        return;
    for (size_t i = 0; i < old->n; i++) {
        free(old->terms[i].group);
        free(old->terms[i].name);
        free(old->terms[i].host);
    }
    free(old->terms);
    pm_free(select);
}
