/* Selectors against the wish, with a suggestion for what matches nothing. */
#include "sheriffd/find.h"

#include <procman/select.h>
#include <procman/spec.h>
#include <procman/suggest.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- did you mean? ---------------------------------------------------------------- */

struct guess { struct pm_suggest suggest; char best[PM_LABEL_SIZE]; };

static void guess(struct guess *guess, const char *candidate)
{
    const char *before = guess->suggest.best;

    pm_suggest_try(&guess->suggest, candidate);
    if (guess->suggest.best == before)
        return;
    snprintf(guess->best, sizeof guess->best, "%s", candidate);
    guess->suggest.best = guess->best;
}

/* What a user may have meant by a word of this form: a host, a group, or a process. */
static void guess_from(struct guess *g, const struct wish *wish, const char *word)
{
    const struct pm_spec *spec = &wish->spec;
    char text[PM_LABEL_SIZE];

    if (word[0] == '@') {
        snprintf(text, sizeof text, "@%s", spec->host);
        guess(g, text);
        return;
    }
    if (strchr(word, '@') != NULL) {
        guess(g, pm_spec_label("", spec->name, spec->host, text, sizeof text));
        guess(g, pm_spec_label(spec->group, spec->name, spec->host, text, sizeof text));
        return;
    }
    guess(g, spec->name);
    if (spec->group[0] == '\0')
        return;
    guess(g, pm_spec_label(spec->group, spec->name, "", text, sizeof text));
    snprintf(text, sizeof text, "%s/", spec->group);
    guess(g, text);
}

static char *no_match(const struct sheriff *s, const char *word)
{
    struct guess g = { .suggest = { .wrong = word } };

    for (size_t i = 0; i < s->desired.n; i++)
        guess_from(&g, s->desired.wishes[i], word);
    if (g.suggest.best != NULL)
        return pm_printf("no process matches %s; did you mean %s?", word, g.suggest.best);
    if (s->desired.n == 0)
        return pm_printf("no process matches %s; none is defined yet", word);
    return pm_printf("no process matches %s", word);
}

/* ---- finding ---------------------------------------------------------------------- */

static size_t collect(struct wish **wishes, size_t n, const struct pm_select *select,
                      struct wish **found)
{
    size_t n_found = 0;

    for (size_t i = 0; i < n; i++) {
        const struct pm_spec *spec = &wishes[i]->spec;

        if (wishes[i]->removing)
            continue;
        if (select == NULL || pm_select_match(select, spec->group, spec->name, spec->host,
                                              view_state(wishes[i])))
            found[n_found++] = wishes[i];
    }
    return n_found;
}

enum pm_err find_wishes(struct sheriff *s, const struct pm_strs *words, struct wish ***out,
                        size_t *out_n, char **why)
{
    struct pm_select *select = NULL;
    const char *unmatched = NULL;
    size_t n;

    if (words->n > 0) {
        enum pm_err err = pm_select_open(words, &select, why);

        if (err != PM_OK)
            return err;
    }
    struct wish **wishes = desired_sorted(&s->desired, &n);
    struct wish **found = pm_alloc((n + 1) * sizeof(struct wish *));
    size_t n_found = collect(wishes, n, select, found);

    if (select != NULL && !pm_select_by_state(select))
        unmatched = pm_select_unmatched(select);
    if (unmatched != NULL && !(n == 0 && strcmp(unmatched, "all") == 0)) {
        *why = no_match(s, unmatched);
        pm_select_close(&select);
        free(found);
        return PM_NOT_FOUND;
    }
    pm_select_close(&select);
    *out = found;
    *out_n = n_found;
    return PM_OK;
}
