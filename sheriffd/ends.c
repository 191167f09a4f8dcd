/* Ends of lives.
 *
 * A deputy tells each until it is noted, and it is noted when it is stored: who was refused, or
 * was not answered because his session ended, tells it again. So nothing is kept here that must
 * not be lost, and what comes faster than the store writes is left to its deputy.
 */
#include "sheriffd/ends.h"

#include "sheriffd/sessions.h"

#include <stdlib.h>
#include <string.h>

#define WAITING_MOST 8192 /* ends; one deputy has at most 512 on their way */
#define BATCH_MOST   512  /* ends of one transaction, about: wishes wait behind them, 10 ms */

/* One message of ends. */
struct bundle {
    struct bundle *next;
    struct deputy *deputy;
    uint64_t session;
    uint64_t batch;             /* that stores it; 0 = it waits */
    struct batch_past *past;    /* NULL: the batch has it */
    struct pm_past_life *notes; /* of each only the token */
    size_t n;
};

/* ---- what comes in ------------------------------------------------------------------ */

/* Who gave the last order it had obeyed. The store knows the authors of earlier ones. */
static const char *author(const struct sheriff *s, const struct deputy *deputy,
                          const struct pm_past_life *life)
{
    const struct wish *wish = desired_find(&s->desired, deputy->name, life->group, life->name);

    if (wish == NULL || (life->order != wish->order && !(life->order == 0 && wish->removing)))
        return "";
    return wish->by;
}

static const char *keep(struct bundle *bundle, const char *text)
{
    const char *kept = pm_arena_str(&bundle->past->arena, text, strlen(text));

    pm_assert(kept != NULL);
    return kept;
}

/* What only the sheriff knows of an end. */
static void complete(const struct sheriff *s, struct bundle *bundle)
{
    struct pm_past_life_list *lives = &bundle->past->endings.past;
    const char *host = keep(bundle, bundle->deputy->name);

    for (size_t i = 0; i < lives->n; i++) {
        lives->at[i].host = host;
        lives->at[i].by = keep(bundle, author(s, bundle->deputy, &lives->at[i]));
        lives->at[i].ended_ms = s->now.wall.ms - (int64_t)lives->at[i].age_ms;
        bundle->notes[i].token = lives->at[i].token;
    }
}

static void say_lost(struct sheriff *s, struct deputy *deputy, uint64_t lost)
{
    if (lost > deputy->lost_ends)
        journal_add(&s->journal, s->now.wall, (struct journal_about){ .host = deputy->name },
                    "ends-lost", "", "how %llu lives on deputy %s ended is not known: it could "
                    "not keep more until the sheriff was there",
                    (unsigned long long)(lost - deputy->lost_ends), deputy->name);
    deputy->lost_ends = lost;
}

void ends_take(struct sheriff *s, struct deputy *deputy, const struct pm_endings *told)
{
    struct ends *ends = &s->ends;
    struct bundle *bundle;
    struct batch_past *copy;

    say_lost(s, deputy, told->lost);
    if (told->past.n == 0 || ends->waiting + told->past.n > WAITING_MOST)
        return;
    copy = batch_past_open(told);
    if (copy == NULL)
        return;
    bundle = pm_alloc(sizeof *bundle);
    bundle->deputy = deputy;
    bundle->session = deputy->session;
    bundle->past = copy;
    bundle->n = told->past.n;
    bundle->notes = pm_alloc(bundle->n * sizeof *bundle->notes);
    complete(s, bundle);
    *ends->last = bundle;
    ends->last = &bundle->next;
    ends->waiting += bundle->n;
}

/* ---- into the store ------------------------------------------------------------------- */

bool ends_waits(const struct sheriff *s)
{
    return s->ends.waiting > 0;
}

void ends_store(struct sheriff *s, struct batch *batch)
{
    size_t n = 0;

    for (struct bundle *bundle = s->ends.first; bundle != NULL && n < BATCH_MOST;
         bundle = bundle->next) {
        if (bundle->batch != 0)
            continue;
        bundle->batch = batch->number;
        batch_add_past(batch, bundle->past);
        bundle->past = NULL;
        n += bundle->n;
    }
    s->ends.waiting -= n;
}

static void close_bundle(struct bundle *bundle)
{
    if (bundle->past != NULL)
        batch_past_close(&bundle->past);
    free(bundle->notes);
    free(bundle);
}

static void note(struct sheriff *s, const struct bundle *bundle)
{
    struct pm_noted noted = { .session = bundle->session,
                              .past = { bundle->notes, bundle->n } };

    if (bundle->session == bundle->deputy->session)
        (void)sessions_send(s, bundle->deputy, PM_MSG_NOTED, &noted);
}

void ends_stored(struct sheriff *s, uint64_t number, enum pm_err err)
{
    struct bundle **at = &s->ends.first;

    while (*at != NULL) {
        struct bundle *bundle = *at;

        if (bundle->batch != number) {
            at = &bundle->next;
            continue;
        }
        *at = bundle->next;
        if (err == PM_OK)
            note(s, bundle);
        close_bundle(bundle);
    }
    s->ends.last = at;
}

void ends_fini(struct sheriff *s)
{
    while (s->ends.first != NULL) {
        struct bundle *bundle = s->ends.first;

        s->ends.first = bundle->next;
        close_bundle(bundle);
    }
}
