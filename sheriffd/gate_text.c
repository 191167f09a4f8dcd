/* Why a process is held, in words.
 *
 * Only the nearest cause is told, with what is known of it; who wants to know more asks for that
 * one. A failure is told to its root, because that is what has to be mended.
 */
#include "sheriffd/gate.h"

#include <procman/process.h>
#include <procman/spec.h>
#include <procman/text.h>

#include <stdio.h>
#include <string.h>

#define ROOT_MOST 8         /* failures told one behind the other; deeper ones are cut off */
#define CIRCLE_MOST 10000   /* steps until a chain of waiting is called endless */
#define SECONDS_SHOWN_MS 120000
#define SECOND_MS 1000

/* "3 s"; longer ones as everywhere. */
static const char *age_text(uint64_t ms, char *text)
{
    if (ms < SECONDS_SHOWN_MS)
        snprintf(text, PM_TEXT_SIZE, "%u s", (unsigned)(ms / SECOND_MS));
    else
        pm_text_age(ms, text);
    return text;
}

static const struct node *cause_of(const struct node *node)
{
    bool waits = node->gate.hold == GATE_WAITS || node->gate.hold == GATE_FAILED;

    return waits && node->gate.because != NULL ? node->gate.because->to : NULL;
}

/* Does it wait, over others, for itself? */
static bool in_circle(const struct node *node)
{
    const struct node *at = cause_of(node);

    for (int steps = 0; at != NULL && at != node && steps < CIRCLE_MOST; steps++)
        at = cause_of(at);
    return at == node;
}

static void say_deputy(const struct wish *wish, char *text, size_t size)
{
    const struct deputy *deputy = wish->post->deputy;
    const char *how = deputy == NULL || deputy->link == PM_LINK_NEVER ? "has not connected"
                      : deputy->link == PM_LINK_GONE                  ? "has ended"
                      : deputy->link == PM_LINK_LOST                  ? "is not heard"
                                                  : "has not said yet what it has";

    snprintf(text, size, "deputy %s %s", wish->post->name, how);
}

static void say_down(const struct wish *wish, char *text, size_t size)
{
    if (wish->post->retiring)
        snprintf(text, size, "it is being stopped");
    else if (wish->by[0] != '\0')
        snprintf(text, size, "it is down, as ordered by %s", wish->by);
    else
        snprintf(text, size, "it is down, and nobody has started it");
}

static void say_state(const struct edge *edge, const struct seen *seen, struct pm_mono now,
                      char *text, size_t size)
{
    uint64_t since = (uint64_t)pm_mono_since(seen->at, now);
    char age[PM_TEXT_SIZE];

    switch (seen->row.state) {
    case PM_STATE_STARTING:
    case PM_STATE_RUNNING:
        snprintf(text, size, "%s %s",
                 edge->when == PM_DEPENDENCY_WHEN_EXITED ? "has not ended for" : "not ready",
                 age_text(seen->row.run_age_ms + since, age));
        break;
    case PM_STATE_BACKOFF:
        snprintf(text, size, "it will be tried again: %s", seen->row.reason);
        break;
    case PM_STATE_STOPPING:
        snprintf(text, size, "it is stopping");
        break;
    default:
        snprintf(text, size, "%s: %s", pm_state_word(seen->row.state), seen->row.reason);
    }
}

/* Why nobody can say yet that it has ended where it was. */
static void say_left(const struct edge *edge, char *text, size_t size)
{
    const struct deputy *deputy = edge->left->deputy;
    const struct seen *row = deputy != NULL
        ? fleet_row(deputy, edge->to->group, edge->to->name) : NULL;

    if (deputy == NULL || deputy->link != PM_LINK_UP)
        snprintf(text, size, "deputy %s %s, so it may still run there; if it does not, start it "
                 "with --no-deps", edge->left->name,
                 deputy == NULL || deputy->link == PM_LINK_NEVER ? "has not connected"
                                                                 : "is not heard");
    else
        snprintf(text, size, "it moves, and is %s there",
                 row != NULL ? pm_state_word(row->row.state) : "not forgotten");
}

/* Why what it needs is not there yet. */
static void say_need(const struct edge *edge, struct pm_mono now, char *text, size_t size)
{
    const struct node *to = edge->to;
    const struct wish *wish = to->wish;
    char label[PM_LABEL_SIZE];

    if (edge->left != NULL)
        say_left(edge, text, size);
    else if (wish == NULL)
        snprintf(text, size, "no such process is defined");
    else if (wish->removing)
        snprintf(text, size, "it is being removed");
    else if (in_circle(edge->from))
        snprintf(text, size, "they wait for each other; take one out of depends_on");
    else if (!wish->up || wish->post->retiring)
        say_down(wish, text, size);
    else if (wish->post->deputy == NULL || wish->post->deputy->link != PM_LINK_UP ||
             !wish->post->deputy->refreshed)
        say_deputy(wish, text, size);
    else if (cause_of(to) != NULL)
        snprintf(text, size, "it waits for %s", graph_label(cause_of(to), label));
    else if (wish->seen == NULL || wish->seen->row.order < wish->order)
        snprintf(text, size, "not started yet");
    else
        say_state(edge, wish->seen, now, text, size);
}

/* "dependency a failed: dependency b failed: exit code 3" */
static void say_failure(const struct edge *edge, char *text, size_t size)
{
    size_t n = 0;

    for (int deep = 0; deep < ROOT_MOST && n < size; deep++) {
        const struct node *to = edge->to;
        char label[PM_LABEL_SIZE];

        n += (size_t)snprintf(text + n, size - n, "dependency %s failed: ",
                              graph_label(to, label));
        if (n >= size)
            break;
        if (to->gate.hold == GATE_FAILED && to->gate.because != NULL) {
            edge = to->gate.because;
            continue;
        }
        if (to->wish != NULL && to->wish->seen != NULL)
            snprintf(text + n, size - n, "%s", to->wish->seen->row.reason);
        return;
    }
}

static void say_hold(const struct wish *wish, struct pm_mono now, char *text, size_t size)
{
    const struct gate *gate = &wish->node->gate;
    char label[PM_LABEL_SIZE], why[GATE_TEXT_SIZE / 2];

    switch (gate->hold) {
    case GATE_WAITS:
        say_need(gate->because, now, why, sizeof why);
        snprintf(text, size, "for %s: %s", graph_label(gate->because->to, label), why);
        break;
    case GATE_FAILED:
        say_failure(gate->because, text, size);
        break;
    case GATE_STAYS:
        snprintf(text, size, "it ends after %s", graph_label(gate->because->from, label));
        break;
    default:
        break;
    }
}

const char *gate_text(const struct wish *wish, struct pm_mono now, char *text)
{
    text[0] = '\0';
    if (wish->node != NULL && wish->node->gate.because != NULL)
        say_hold(wish, now, text, GATE_TEXT_SIZE);
    return text;
}
