/* The essential.
 *
 * Some processes are what a machine was brought up for. When one of them has failed for good a
 * lone ranger has nothing left to do: he stops the others, in their order, and ends with that
 * one's exit code, so that who began him can tell. A sheriff of a fleet goes on.
 */
#include "sheriffd/essential.h"

#include <procman/spec.h>

#define SIGNALLED 128 /* as shells count the end by a signal */

static bool has_failed(const struct wish *wish)
{
    const struct seen *seen = wish->seen;

    if (!wish->up || wish->removing || wish->post->retiring)
        return false;
    if (wish->node != NULL && wish->node->gate.hold == GATE_FAILED)
        return true;
    return seen != NULL && seen->row.state == PM_STATE_FAILED && seen->row.order >= wish->order;
}

/* Of its own last life, when that was what failed. */
static int status_of(const struct wish *wish)
{
    const struct seen *seen = wish->seen;

    if (seen == NULL || seen->row.order < wish->order)
        return 1;
    if (seen->row.exit_signal > 0)
        return SIGNALLED + (int)(seen->row.exit_signal % SIGNALLED);
    return seen->row.exit_code > 0 && seen->row.exit_code < 256 ? (int)seen->row.exit_code : 1;
}

void essential_look(struct sheriff *s, const struct wish *wish)
{
    const struct pm_spec *spec = &wish->spec;
    char label[PM_LABEL_SIZE];

    if (!spec->essential || !s->lone_ranger || s->end.asked || !has_failed(wish))
        return;
    s->end.status = status_of(wish);
    journal_add(&s->journal, s->now.wall,
                (struct journal_about){ spec->host, spec->group, spec->name }, "sheriff-ends", "",
                "it is essential and has failed: the sheriff ends with exit status %d",
                s->end.status);
    sheriff_log(s, PM_LOG_ERROR, "%s is essential and has failed; everything is stopped, and "
                "sheriffd ends with exit status %d",
                pm_spec_label(spec->group, spec->name, spec->host, label, sizeof label),
                s->end.status);
    sheriff_end(s, s->now);
}
