#include "filter.h"

#include <fnmatch.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum kind { SUBSTRING, REGEX, HOST, STATE, NONSENSE };

struct word {
    enum kind kind;
    bool negated;
    char *text;
    regex_t regex;
};

struct filter {
    struct word *words;
    size_t n;
};

static char *complaint(int error, const regex_t *regex, const char *text)
{
    char what[120];

    regerror(error, regex, what, sizeof what);
    return pm_printf("~%s is no regular expression: %s", text, what);
}

static void read_word(struct word *word, const char *at, size_t n, char **why)
{
    int error;

    *word = (struct word){ .negated = n > 1 && *at == '!' };
    at += word->negated;
    n -= word->negated;
    word->kind = *at == '~' ? REGEX : *at == '@' ? HOST : *at == '%' ? STATE : SUBSTRING;
    word->text = pm_strdup(at + (word->kind != SUBSTRING));
    word->text[n - (word->kind != SUBSTRING)] = '\0';
    if (word->kind != REGEX)
        return;
    error = regcomp(&word->regex, word->text, REG_EXTENDED | REG_ICASE | REG_NOSUB);
    if (error == 0)
        return;
    word->kind = NONSENSE;
    if (*why == NULL)
        *why = complaint(error, &word->regex, word->text);
}

struct filter *filter_open(const char *text, char **why)
{
    struct filter filter = { 0 }, *heap;

    *why = NULL;
    for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        filter.words = pm_resize(filter.words, filter.n + 1, sizeof *filter.words);
        read_word(&filter.words[filter.n++], at, n, why);
        at += n;
    }
    if (filter.n == 0)
        return NULL;
    heap = pm_alloc(sizeof *heap);
    *heap = filter;
    return heap;
}

void filter_close(struct filter **where)
{
    struct filter *filter = *where;

    if (filter == NULL)
        return;
    for (size_t i = 0; i < filter->n; i++) {
        if (filter->words[i].kind == REGEX)
            regfree(&filter->words[i].regex);
        free(filter->words[i].text);
    }
    free(filter->words);
    free(filter);
    *where = NULL;
}

static bool fits(const struct word *word, const struct pm_proc *proc, const char *whole)
{
    const char *state = pm_state_word(proc->state);

    switch (word->kind) {
    case SUBSTRING:
        return strcasestr(whole, word->text) != NULL;
    case REGEX:
        return regexec(&word->regex, whole, 0, NULL, 0) == 0;
    case HOST:
        return fnmatch(word->text, proc->host, FNM_CASEFOLD) == 0;
    case STATE:
        return strncasecmp(state, word->text, strlen(word->text)) == 0;
    default:
        return false;
    }
}

bool filter_match(const struct filter *filter, const struct pm_proc *proc)
{
    PM_CLEANUP(pm_free) char *whole = NULL;

    if (filter == NULL)
        return true;
    whole = pm_printf("%s%s%s@%s", proc->group, *proc->group ? "/" : "", proc->name, proc->host);
    for (size_t i = 0; i < filter->n; i++)
        if (filter->words[i].kind == NONSENSE
            || fits(&filter->words[i], proc, whole) == filter->words[i].negated)
            return false;
    return true;
}
