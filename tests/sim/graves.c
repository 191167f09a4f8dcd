/* The token of a life is in the note it was begun with, so the world knows it without asking a
 * brain. What comes into the store must be the end of a life there was, told under its own name;
 * the store itself keeps a token once.
 */
#include "sim/graves.h"

#include "sim/site.h"

#include "sheriffd/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct grave {
    uint64_t token, run;
    const struct site *site;
    char name[SIM_NAME];
    bool over, stored, excused;
};

struct graves {
    struct grave *at;
    size_t n, cap;
    bool strangers; /* a life without its record gets another token at its end */
    char text[100];
};

static struct graves *graves_of(struct world *w)
{
    if (w->graves == NULL)
        w->graves = pm_alloc(sizeof *w->graves);
    return w->graves;
}

void graves_fini(struct world *w)
{
    if (w->graves != NULL)
        free(w->graves->at);
    free(w->graves);
    w->graves = NULL;
}

/* The young ones are asked for most. */
static struct grave *find(struct graves *graves, uint64_t token)
{
    for (size_t i = graves->n; i-- > 0; )
        if (graves->at[i].token == token)
            return &graves->at[i];
    return NULL;
}

/* ---- lives ------------------------------------------------------------------------ */

static uint64_t token_in(const struct slot *slot)
{
    struct pm_arena arena;
    struct pm_slot_note note;
    enum pm_err err;

    pm_arena_init(&arena, 0);
    err = pm_decode(&pm_slot_note_desc, slot->note, slot->note_n, &arena, &note, NULL);
    pm_assert(err == PM_OK);
    pm_arena_fini(&arena);
    return note.token;
}

void grave_dig(struct site *site, struct slot *slot)
{
    struct graves *graves = graves_of(site->w);
    struct grave grave = { .token = token_in(slot), .run = slot->run, .site = site };

    if (grave.token == 0 || find(graves, grave.token) != NULL)
        wrong(site->w, "%s: run %llu of %s begins without a token of its own", site->name,
              (unsigned long long)slot->run, slot->name);
    memcpy(grave.name, slot->name, sizeof grave.name);
    if (graves->n == graves->cap) {
        graves->cap = graves->cap ? 2 * graves->cap : 256;
        graves->at = pm_resize(graves->at, graves->cap, sizeof *graves->at);
    }
    graves->at[graves->n++] = grave;
    slot->token = grave.token;
}

void grave_fill(struct site *site, const struct slot *slot)
{
    struct grave *grave = find(graves_of(site->w), slot->token);

    if (grave != NULL)
        grave->over = true;
}

/* ---- what nobody can know ------------------------------------------------------------ */

void graves_excuse(struct site *site)
{
    struct graves *graves = graves_of(site->w);

    graves->strangers = true;
    for (size_t i = 0; i < SIM_SLOTS; i++) {
        struct grave *grave = find(graves, site->keeper.slots[i].token);
        if (grave != NULL)
            grave->excused = true;
    }
}

void graves_forget(struct site *site)
{
    struct graves *graves = graves_of(site->w);

    for (size_t i = 0; i < graves->n; i++)
        graves->at[i].excused = graves->at[i].excused || graves->at[i].site == site;
}

void graves_lost(struct world *w)
{
    struct graves *graves = graves_of(w);

    for (size_t i = 0; i < graves->n; i++)
        graves->at[i].excused = graves->at[i].excused || graves->at[i].stored;
}

/* ---- the store ------------------------------------------------------------------------ */

static void store(struct world *w, const struct pm_past_life *life)
{
    struct graves *graves = graves_of(w);
    struct grave *grave = find(graves, life->token);

    if (grave == NULL && !graves->strangers)
        wrong(w, "the end of a life that never was is stored: %s@%s", life->name, life->host);
    if (grave == NULL)
        return;
    if (grave->run != life->run || strcmp(grave->name, life->name) != 0
        || strcmp(grave->site->name, life->host) != 0)
        wrong(w, "the end of run %llu of %s@%s is stored as that of run %llu of %s@%s",
              (unsigned long long)grave->run, grave->name, grave->site->name,
              (unsigned long long)life->run, life->name, life->host);
    if (!grave->over)
        wrong(w, "%s@%s lives, and its end is stored", life->name, life->host);
    grave->stored = true;
}

void graves_store(struct world *w, const struct batch *batch)
{
    for (const struct batch_past *past = batch->past; past != NULL; past = past->next)
        for (size_t i = 0; i < past->endings.past.n; i++)
            store(w, &past->endings.past.at[i]);
}

const char *graves_open(struct world *w)
{
    struct graves *graves = graves_of(w);

    for (size_t i = 0; i < graves->n; i++) {
        const struct grave *grave = &graves->at[i];
        if (!grave->over || grave->stored || grave->excused)
            continue;
        snprintf(graves->text, sizeof graves->text, "how run %llu of %s@%s ended is not stored",
                 (unsigned long long)grave->run, grave->name, grave->site->name);
        return graves->text;
    }
    return NULL;
}
