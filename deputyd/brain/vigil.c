/* The probe of each life that wants one, and what its verdicts do to that life.
 *
 * A vigil lasts from the birth of a life until it is told to end, and knows nothing of the life
 * before. That a life was ready is in its note, so a new brain only asks for health; one that
 * was not is looked at on, within the time that its beginning gave it. Processes of which nothing
 * is wanted have no vigil and cost nothing.
 *
 * Looks have numbers: what comes back under another number is nobody's.
 */
#include "brain/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct vigil *vigil_of(struct deadline *deadline)
{
    return (struct vigil *)((char *)deadline - offsetof(struct vigil, deadline));
}

static struct probe_seen seen_of(struct brain *b, const struct proc *proc)
{
    return (struct probe_seen){ .written = b->port->written(b->self, proc->output),
                                .unwritable = proc->trouble != NULL };
}

/* ---- looks -------------------------------------------------------------------------- */

static void look_away(struct brain *b, struct vigil *v)
{
    if (v->look == 0)
        return;
    errand_let_go(b, v->look);
    b->port->look_away(b->self, v->look);
    v->look = 0;
}

/* What cannot even be begun is a bad look. */
static enum probe_act look(struct brain *b, struct vigil *v, struct pm_mono now)
{
    const struct pm_probe *rule = probe_rule(&v->probe, v->proc->spec);
    char text[PROBE_WORD_BYTES];
    const char *why;

    if (rule->kind == PM_PROBE_KIND_EXEC && errand_is_under_way(b, v->proc)) {
        probe_put_off(&v->probe, "the command before has not ended yet", now);
        return PROBE_NOTHING;
    }
    v->look = ++b->looks;
    if (rule->kind != PM_PROBE_KIND_EXEC) {
        b->port->look(b->self, v->look, rule);
        return PROBE_NOTHING;
    }
    why = errand_begin(b, v->proc, v->look, rule->text, text, sizeof text);
    if (why == NULL)
        return PROBE_NOTHING;
    v->look = 0;
    return probe_looked(&v->probe, v->proc->spec, false, why, now);
}

/* ---- verdicts ----------------------------------------------------------------------- */

/* What it said when we could not hear it is lost, and no fault of its own. NULL: we could */
static const char *why_deaf(const struct proc *proc)
{
    if (proc->spec->ready.kind == PM_PROBE_KIND_NOTIFY && proc->adopted)
        return "for a while there was no keeper to hear it";
    if (proc->spec->ready.kind == PM_PROBE_KIND_LOG && proc->trouble != NULL)
        return "its output cannot be written";
    return NULL;
}

static void tell_life(struct brain *b, struct proc *proc, enum probe_act act, struct pm_mono now)
{
    char sentence[sizeof proc->vigil->probe.sentence];
    struct pm_input in = { .now = now, .reason = sentence, .well = proc->vigil->probe.well };
    const char *deaf = why_deaf(proc);

    snprintf(sentence, sizeof sentence, "%s", proc->vigil->probe.sentence);
    in.event = act == PROBE_READY ? PM_EVENT_READY
             : act == PROBE_UNREADY ? PM_EVENT_UNREADY : PM_EVENT_UNHEALTHY;
    if (act == PROBE_UNREADY && deaf != NULL) {
        brain_say(b, PM_LOG_WARNING, "%s%s%s: whether it said that it is ready is not known: %s; "
                  "it counts as ready", proc->group, *proc->group ? "/" : "", proc->name, deaf);
        in.event = PM_EVENT_READY;
        vigil_drop(b, proc); /* the next begins with health */
    } else if (act != PROBE_READY) {
        brain_say(b, PM_LOG_WARNING, "%s%s%s: run %llu: %s; it is stopped", proc->group,
                  *proc->group ? "/" : "", proc->name, (unsigned long long)proc->life.run,
                  sentence);
    }
    life_step(b, proc, in);
}

static enum probe_act obey(struct brain *b, struct proc *proc, enum probe_act act,
                           struct pm_mono now)
{
    struct vigil *v = proc->vigil;

    switch (act) {
    case PROBE_LOOK:
        return look(b, v, now);
    case PROBE_LOOK_AWAY:
        look_away(b, v);
        return PROBE_NOTHING;
    case PROBE_READY:
        if (v->seeks)
            b->port->seek(b->self, proc->output, 0, NULL);
        v->seeks = false;
        tell_life(b, proc, act, now);
        return PROBE_NOTHING;
    case PROBE_UNREADY:
    case PROBE_UNHEALTHY:
        tell_life(b, proc, act, now);
        return PROBE_NOTHING;
    default:
        return PROBE_NOTHING;
    }
}

/* Does what the probe says until it says nothing. Its life may end the vigil meanwhile. */
static void tend(struct brain *b, struct proc *proc, enum probe_act act, struct pm_mono now)
{
    struct probe_seen seen = seen_of(b, proc);
    struct vigil *v;

    for (;;) {
        while (proc->vigil != NULL && act != PROBE_NOTHING)
            act = obey(b, proc, act, now);
        if (proc->vigil == NULL)
            return;
        act = probe_turn(&proc->vigil->probe, proc->spec, &seen, now);
        if (act == PROBE_NOTHING)
            break;
    }
    v = proc->vigil;
    deadlines_set(&b->vigils, &v->deadline, probe_next(&v->probe, proc->spec));
    if (v->probe.ready || strcmp(v->word, v->probe.word) == 0)
        return;
    memcpy(v->word, v->probe.word, sizeof v->word);
    link_touch(b, proc);
}

/* ---- what it says of itself ----------------------------------------------------------- */

static void hear(struct brain *b, struct proc *proc, const struct notice *notice,
                 struct pm_mono now)
{
    struct vigil *v = proc->vigil;

    if (notice->status && strcmp(v->status, notice->text) != 0) {
        memcpy(v->status, notice->text, sizeof v->status);
        link_touch(b, proc);
    }
    if (notice->ready)
        tend(b, proc, probe_said_ready(&v->probe, proc->spec, PM_PROBE_KIND_NOTIFY, now), now);
    if (proc->vigil != NULL && (notice->alive || notice->trigger))
        tend(b, proc, probe_barked(&proc->vigil->probe, proc->spec, notice->trigger, now), now);
}

/* Begun by the keeper at our word; that it has a pid is yet to be heard. */
static bool is_unborn(const struct proc *proc)
{
    return proc->life.state == PM_STATE_STARTING && !proc->life.born && proc->pid == 0;
}

/* A program may speak sooner than the keeper, and says only once that it is ready. */
static void keep_early(struct proc *proc, const struct notice *notice)
{
    struct notice *early = proc->early != NULL ? proc->early : pm_alloc(sizeof *early);

    early->ready = early->ready || notice->ready;
    early->trigger = early->trigger || notice->trigger;
    if (notice->status) {
        early->status = true;
        memcpy(early->text, notice->text, sizeof early->text);
    }
    proc->early = early;
}

static void hear_early(struct brain *b, struct proc *proc, struct pm_mono now)
{
    PM_CLEANUP(pm_free) struct notice *early = proc->early;

    proc->early = NULL;
    if (early != NULL && proc->vigil != NULL)
        hear(b, proc, early, now);
}

/* ---- a vigil's life ----------------------------------------------------------------- */

static void begin(struct brain *b, struct proc *proc, struct pm_mono now)
{
    struct probe_seen seen = seen_of(b, proc);
    bool ready = proc->life.state == PM_STATE_RUNNING;
    struct vigil *v = pm_alloc(sizeof *v);

    v->proc = proc;
    v->run = proc->life.run;
    v->rules = probe_rules(proc->spec);
    probe_begin(&v->probe, proc->spec, proc->life.started, ready, &seen, now);
    proc->vigil = v;
    if (!ready && proc->spec->ready.kind == PM_PROBE_KIND_LOG) {
        v->seeks = true;
        b->port->seek(b->self, proc->output, v->run, proc->spec->ready.text);
    }
    if (!ready && proc->spec->ready.kind == PM_PROBE_KIND_NOTIFY && b->notify_path == NULL)
        snprintf(v->probe.word, sizeof v->probe.word,
                 "this deputy has no socket for it; its log says why");
    tend(b, proc, PROBE_NOTHING, now);
    hear_early(b, proc, now);
}

void vigil_drop(struct brain *b, struct proc *proc)
{
    struct vigil *v = proc->vigil;

    if (v == NULL)
        return;
    look_away(b, v);
    if (v->seeks)
        b->port->seek(b->self, proc->output, 0, NULL);
    deadlines_set(&b->vigils, &v->deadline, (struct pm_mono){ 0 });
    proc->vigil = NULL;
    free(v);
}

static bool is_to_be_watched(const struct brain *b, const struct proc *proc)
{
    bool alive = proc->life.state == PM_STATE_RUNNING
              || (proc->life.state == PM_STATE_STARTING && proc->life.born);

    return alive && !proc->plain && !proc->over && !b->finished && !(b->ending && b->leave_running)
        && probe_wanted(proc->spec);
}

void vigil_follow(struct brain *b, struct proc *proc, struct pm_mono now)
{
    bool wanted = is_to_be_watched(b, proc);

    if (proc->vigil != NULL && (!wanted || proc->vigil->run != proc->life.run))
        vigil_drop(b, proc);
    if (proc->vigil == NULL && wanted)
        begin(b, proc, now);
    if (!is_unborn(proc))
        pm_free(&proc->early);
}

void vigil_reconsider(struct brain *b, struct proc *proc, struct pm_mono now)
{
    if (proc->vigil != NULL && proc->vigil->rules != probe_rules(proc->spec))
        vigil_drop(b, proc);
    if (proc->life.state == PM_STATE_STARTING && proc->life.born
        && proc->spec->ready.kind == PM_PROBE_KIND_NONE)
        life_step(b, proc, (struct pm_input){ .event = PM_EVENT_SPAWNED, .now = now });
    else
        vigil_follow(b, proc, now);
}

void vigil_due(struct brain *b, struct pm_mono now)
{
    struct deadline *first;

    while ((first = deadlines_first(&b->vigils)) != NULL && first->at.ms <= now.ms) {
        struct proc *proc = vigil_of(first)->proc;
        deadlines_set(&b->vigils, first, (struct pm_mono){ 0 });
        tend(b, proc, PROBE_NOTHING, now);
    }
}

struct pm_mono vigil_next(const struct brain *b)
{
    const struct deadline *first = deadlines_first(&b->vigils);

    return first != NULL ? first->at : (struct pm_mono){ 0 };
}

void vigil_fini(struct brain *b)
{
    for (size_t i = 0; i < b->roster.n; i++)
        pm_free(&b->roster.at[i]->vigil);
    deadlines_fini(&b->vigils);
    free(b->errands.at);
}

const char *vigil_says(const struct proc *proc, char *text, size_t size)
{
    const struct vigil *v = proc->vigil;
    char what[2 * PROBE_WORD_BYTES];

    text[0] = '\0';
    if (v != NULL && v->status[0] != '\0')
        snprintf(text, size, "%s", v->status);
    else if (v != NULL && !v->probe.ready)
        snprintf(text, size, "not ready yet: %s",
                 probe_waits(&v->probe, proc->spec, what, sizeof what));
    return text;
}

/* ---- what is told --------------------------------------------------------------------- */

void brain_on_look(struct brain *b, uint64_t number, bool good, const char *why,
                   struct pm_mono now)
{
    for (size_t i = 0; i < b->roster.n && number != 0; i++) {
        struct proc *proc = b->roster.at[i];
        if (proc->vigil == NULL || proc->vigil->look != number)
            continue;
        proc->vigil->look = 0;
        tend(b, proc, probe_looked(&proc->vigil->probe, proc->spec, good, why, now), now);
        return;
    }
}

void brain_on_found(struct brain *b, const char *group, const char *name, uint64_t run,
                    struct pm_mono now)
{
    struct proc *proc = roster_find(&b->roster, group, name);

    if (proc != NULL && proc->vigil != NULL && proc->vigil->run == run)
        tend(b, proc, probe_said_ready(&proc->vigil->probe, proc->spec, PM_PROBE_KIND_LOG, now),
             now);
}

bool brain_on_notice(struct brain *b, const struct brain_kin *kin, const struct notice *notice,
                     struct pm_mono now)
{
    struct proc *proc = NULL;

    for (size_t i = 0; i < b->roster.n && proc == NULL; i++) {
        struct proc *one = b->roster.at[i];
        bool same = one->pid != 0 && (one->pid == kin->pid || one->pid == kin->session);
        if (same || (kin->marked && (one->pid != 0 || is_unborn(one)) && one->slot == kin->slot
                     && one->life.run == kin->run))
            proc = one;
    }
    if (proc != NULL && proc->vigil != NULL)
        hear(b, proc, notice, now);
    else if (proc != NULL && is_unborn(proc))
        keep_early(proc, notice);
    return proc != NULL;
}

bool brain_knows_its_own(const struct brain *b)
{
    return b->ready;
}

bool brain_misses_a_sign(const struct brain *b, struct pm_mono now)
{
    const struct deadline *first = deadlines_first(&b->vigils);

    return b->ready && first != NULL && first->at.ms <= now.ms;
}

/* ---- memory --------------------------------------------------------------------------- */

void brain_on_weight(struct brain *b, size_t index, uint64_t bytes, struct pm_mono now)
{
    struct proc *proc = index < b->roster.n ? b->roster.at[index] : NULL;

    if (proc != NULL && proc->vigil != NULL)
        tend(b, proc, probe_weighed(&proc->vigil->probe, proc->spec, bytes, now), now);
}
