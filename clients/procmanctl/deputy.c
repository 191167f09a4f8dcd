/* deputy upgrade: put the installed program in place of running deputies, one after the other.
 *
 * The sheriff says when a deputy is back. That nothing else has happened is not believed but
 * looked at: every process that lived before must live after, under the same pid.
 */
#include "ctl.h"
#include "out.h"
#include "verbs.h"

#include <procman/time.h>

#include <stdlib.h>
#include <string.h>

#define UPGRADE_WAIT_MS 25000 /* beyond the sheriff's own limit: he says himself that it is over */

static const struct pm_deputy *find_deputy(const struct pm_snapshot *picture, const char *name)
{
    for (size_t i = 0; i < picture->deputies.n; i++)
        if (strcmp(picture->deputies.at[i].name, name) == 0)
            return &picture->deputies.at[i];
    return NULL;
}

static const struct pm_proc *find_process(const struct pm_snapshot *picture, uint64_t id)
{
    for (size_t i = 0; i < picture->procs.n; i++)
        if (picture->procs.at[i].id == id)
            return &picture->procs.at[i];
    return NULL;
}

/* Of those that lived there before: how many are the same after? */
static size_t count_untouched(const struct pm_snapshot *before, const struct pm_snapshot *after,
                              const char *host, size_t *out_lived)
{
    size_t untouched = 0;

    *out_lived = 0;
    for (size_t i = 0; i < before->procs.n; i++) {
        const struct pm_proc *was = &before->procs.at[i];
        if (was->pid == 0 || strcmp(was->host, host) != 0)
            continue;
        const struct pm_proc *is = find_process(after, was->id);
        ++*out_lived;
        untouched += is != NULL && is->pid == was->pid && is->run == was->run;
    }
    return untouched;
}

/* "0.1.0 → 0.2.0, 5 processes untouched", heap. */
static char *result_of(const struct pm_snapshot *before, const struct pm_snapshot *after,
                       const char *host)
{
    const struct pm_deputy *was = find_deputy(before, host), *is = find_deputy(after, host);
    size_t lived, untouched = count_untouched(before, after, host, &lived);
    const char *from = was != NULL ? was->version : "?", *to = is != NULL ? is->version : "?";
    const char *word = lived == 1 ? "process" : "processes";

    if (untouched == lived)
        return pm_printf("%s → %s, %zu %s untouched", from, to, lived, word);
    return pm_printf("%s → %s, %zu of %zu %s untouched", from, to, untouched, lived, word);
}

static enum pm_err look(struct ctl *ctl, struct pm_frame *out)
{
    struct pm_ask ask = { 0 };

    return pm_client_call(ctl->client, PM_MSG_ASK, &ask, PM_MSG_SNAPSHOT, QUESTION_WAIT_MS, out);
}

/* One deputy; *out_text is what became of it, heap. */
static enum pm_err upgrade(struct ctl *ctl, const char *host, char **out_text)
{
    struct pm_upgrade ask = { .host = host };
    struct pm_frame before = { 0 }, reply = { 0 }, after = { 0 };
    enum pm_err err = look(ctl, &before);

    if (err == PM_OK)
        err = pm_client_call(ctl->client, PM_MSG_UPGRADE, &ask, PM_MSG_REPLY, UPGRADE_WAIT_MS,
                             &reply);
    if (err == PM_OK)
        err = look(ctl, &after);
    if (err == PM_OK)
        *out_text = result_of(before.msg, after.msg, host);
    else
        *out_text = pm_strdup(*pm_client_text(ctl->client) != '\0' ? pm_client_text(ctl->client)
                                                                   : pm_err_sentence(err));
    pm_frame_fini(&before);
    pm_frame_fini(&reply);
    pm_frame_fini(&after);
    return err;
}

static void tell(const char *host, enum pm_err err, const char *text)
{
    if (err == PM_OK)
        out_shaded(SHADE_GOOD, "%s: %s", host, text);
    else
        out_shaded(SHADE_BAD, "%s", text); /* which names it */
    out_flush();
}

static enum pm_err upgrade_all(struct ctl *ctl, const char *const *hosts, size_t n)
{
    struct pm_outcome *outcomes = pm_alloc(n * sizeof *outcomes);
    char **texts = pm_alloc(n * sizeof *texts);
    enum pm_err first = PM_OK;

    for (size_t i = 0; i < n; i++) {
        struct pm_mono began = pm_mono_now();
        enum pm_err err = upgrade(ctl, hosts[i], &texts[i]);
        outcomes[i] = (struct pm_outcome){
            .host = hosts[i], .error = pm_err_word(err), .changed = err == PM_OK,
            .took_ms = (uint64_t)pm_mono_since(began, pm_mono_now()), .text = texts[i],
        };
        first = first == PM_OK ? err : first;
        if (!ctl->set.json)
            tell(hosts[i], err, texts[i]);
    }
    if (ctl->set.json) {
        enum pm_err printed = out_json("outcomes", &pm_outcome_desc, outcomes, n);
        first = first == PM_OK ? printed : first;
    }
    for (size_t i = 0; i < n; i++)
        free(texts[i]);
    free(texts);
    free(outcomes);
    return first;
}

enum pm_err verb_deputy(struct ctl *ctl)
{
    enum pm_err err;

    if (strcmp(ctl->words.at[0], "upgrade") != 0)
        return ctl_misuse(ctl, "deputy does not know \"%s\", only upgrade", ctl->words.at[0]);
    err = ctl_open(ctl);
    return err == PM_OK ? upgrade_all(ctl, ctl->words.at + 1, ctl->words.n - 1) : err;
}
