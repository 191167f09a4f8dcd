/* Which processes do the words of a command line name? For the verbs that only look; orders send
 * their words to the sheriff, who knows the fleet better. */
#include "ctl.h"
#include "out.h"

#include <procman/select.h>
#include <procman/spec.h>
#include <procman/suggest.h>
#include <stdlib.h>
#include <string.h>

static void tell_unmatched(const char *word, const struct pm_proc_list *from)
{
    struct pm_suggest near = { .wrong = word };
    char label[PM_LABEL_SIZE];
    char *best PM_CLEANUP(pm_free) = NULL;

    for (size_t i = 0; i < from->n; ++i) {
        const struct pm_proc *proc = &from->at[i];
        const char *host = strchr(word, '@') ? proc->host : "";
        const char *group = strchr(word, '/') ? proc->group : "";
        const char *was = near.best;

        pm_suggest_try(&near, pm_spec_label(group, proc->name, host, label, sizeof(label)));
        if (near.best == was)
            continue;
        pm_free(&best);
        near.best = best = pm_strdup(label);
    }
    if (near.best)
        complain("no process is named \"%s\" (did you mean \"%s\"?)", word, near.best);
    else
        complain("no process is named \"%s\"", word);
}

static enum pm_err keep_matching(const struct pm_select *select, const struct pm_proc_list *from,
                                 struct pm_proc_list *out)
{
    const char *unmatched;

    for (size_t i = 0; i < from->n; ++i) {
        const struct pm_proc *proc = &from->at[i];

        if (pm_select_match(select, proc->group, proc->name, proc->host, proc->state))
            out->at[out->n++] = *proc;
    }
    unmatched = pm_select_unmatched(select);
    if (!unmatched || pm_select_by_state(select))
        return PM_OK;
    tell_unmatched(unmatched, from);
    return PM_NOT_FOUND;
}

enum pm_err pick(struct ctl *ctl, const struct pm_proc_list *from, struct pm_proc_list *out)
{
    struct pm_select *select = NULL;
    char *why PM_CLEANUP(pm_free) = NULL;
    enum pm_err err;

    if (ctl->words.n > 0 && pm_select_open(&ctl->words, &select, &why) != PM_OK)
        return ctl_misuse(ctl, "%s", why);
    out->n = 0;
    out->at = pm_resize(NULL, from->n + 1, sizeof(*out->at));
    if (!select) {
        if (from->n > 0)
            memcpy(out->at, from->at, from->n * sizeof(*out->at));
        out->n = from->n;
        return PM_OK;
    }
    err = keep_matching(select, from, out);
    pm_select_close(&select);
    return err;
}
