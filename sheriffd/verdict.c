/* Verdicts.
 *
 * An order is settled when the deputy has obeyed it (its row carries the order's number, or a
 * higher one) and the state it led to is one that does not change by itself; a life must have
 * lasted a moment, or the failure of a program that ends at once would be told or not by
 * chance. Whoever waits is
 * told at once when that cannot happen: the deputy is away, the process is being removed, or
 * somebody has ordered the opposite since.
 */
#include "sheriffd/verdict.h"

#include <procman/process.h>

#include <stdio.h>

static bool in_touch(const struct deputy *deputy)
{
    return deputy != NULL && deputy->link == PM_LINK_UP;
}

bool verdict_is_coming(const struct wish *wish)
{
    const struct seen *seen = wish->seen;

    if (!wish->up)
        return false;
    return seen == NULL || seen->row.order < wish->order || pm_state_alive(seen->row.state) ||
           seen->row.state == PM_STATE_WAITING;
}

static void settle(struct verdict *verdict, enum pm_err err, const char *text)
{
    verdict->settled = true;
    verdict->err = err;
    snprintf(verdict->text, sizeof verdict->text, "%s", text);
}

static void settle_away(struct verdict *verdict, const struct wish *wish, enum pm_verb verb)
{
    const struct deputy *deputy = wish->post->deputy;
    bool came = deputy != NULL && deputy->link != PM_LINK_NEVER;
    const char *will = verb == PM_VERB_START     ? "it will be started"
                       : verb == PM_VERB_RESTART ? "it will be restarted"
                                                 : "it will be stopped";

    verdict->settled = true;
    verdict->err = PM_LOST;
    snprintf(verdict->text, sizeof verdict->text, "deputy %s %s; %s when it %s", wish->post->name,
             came ? "is not connected" : "has not connected", will, came ? "returns" : "comes");
}

static void judge_start(struct verdict *verdict, const struct seen *seen, bool changed,
                        struct pm_mono now)
{
    const struct pm_status_row *row = &seen->row;
    int64_t lived = (int64_t)row->run_age_ms + pm_mono_since(seen->at, now);
    char text[80];

    switch (row->state) {
    case PM_STATE_RUNNING:
        if (changed && lived < START_GRACE_MS) {
            verdict->look_in_ms = START_GRACE_MS - lived;
            break;
        }
        snprintf(text, sizeof text, "%s with pid %lld", changed ? "running" : "already running",
                 (long long)row->pid);
        settle(verdict, PM_OK, text);
        break;
    case PM_STATE_EXITED:
        settle(verdict, PM_OK, row->reason);
        break;
    case PM_STATE_BACKOFF:
    case PM_STATE_FAILED:
    case PM_STATE_STOPPED:
        settle(verdict, PM_FAILED, row->reason);
        break;
    default:
        break;
    }
}

static void judge_stop(struct verdict *verdict, const struct pm_status_row *row, bool changed)
{
    switch (row->state) {
    case PM_STATE_STOPPED:
    case PM_STATE_EXITED:
    case PM_STATE_FAILED:
        settle(verdict, PM_OK, changed ? row->reason : "not running");
        break;
    default:
        break;
    }
}

/* Its end is when the deputy no longer speaks of it; only an absent one can be told from here. */
static void judge_removal(struct verdict *verdict, const struct wish *wish)
{
    if (!wish->removing)
        settle(verdict, PM_FAILED, "it was defined again since");
    else if (wish->seen != NULL && !in_touch(wish->post->deputy))
        settle_away(verdict, wish, PM_VERB_REMOVE);
}

struct verdict verdict_judge(const struct wish *wish, enum pm_verb verb, uint64_t number,
                             bool changed, struct pm_mono now)
{
    struct verdict verdict = { 0 };
    const struct seen *seen = wish->seen;

    if (verb == PM_VERB_REMOVE) {
        judge_removal(&verdict, wish);
    } else if (wish->removing) {
        settle(&verdict, PM_FAILED, "it is being removed");
    } else if (verb == PM_VERB_SIGNAL) {
        return verdict; /* its deputy says */
    } else if (wish->up != (verb != PM_VERB_STOP)) {
        settle(&verdict, PM_FAILED, wish->up ? "it was ordered up since" :
                                               "it was ordered down since");
    } else if (verb == PM_VERB_STOP && !changed && seen == NULL) {
        settle(&verdict, PM_OK, "not running");
    } else if (!in_touch(wish->post->deputy)) {
        settle_away(&verdict, wish, verb);
    } else if (seen != NULL && seen->row.order >= number) {
        if (verb == PM_VERB_STOP)
            judge_stop(&verdict, &seen->row, changed);
        else
            judge_start(&verdict, seen, changed, now);
    } else if (wish->node != NULL && wish->node->gate.hold == GATE_FAILED) {
        char text[GATE_TEXT_SIZE];

        settle(&verdict, PM_FAILED, gate_text(wish, now, text));
    }
    return verdict;
}
