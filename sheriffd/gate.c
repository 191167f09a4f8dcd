/* The gate.
 *
 * A wish goes out to its deputy when what it needs is there. Until then the deputy holds the wish
 * before it: a process that is to be up waits, one that is to be down goes on while something that
 * uses it and is to end as well has not ended. One rule makes both directions:
 *
 *   to be up     when every dependency is met, after its own old life has ended, on whatever host
 *   to be down   when nothing that depends on it, and is to end too, lives
 *
 * A new run of what lives is both. It goes on living while it could not begin anew: an order that
 * cannot be carried out costs no process. When what it needs goes down for its own new run, it
 * goes first.
 *
 * All of this is decided from the wish and from what deputies report, so a sheriff that begins
 * finds everything as it was: what has obeyed its order was let go, what has not waits. What was
 * told stays told; whether it still could be told is not asked again.
 */
#include "sheriffd/gate.h"

#include <procman/process.h>

#define CHAIN_MOST 100000 /* failures behind each other, more than a fleet has processes */

/* ---- what is known of a process -------------------------------------------------------- */

static bool in_touch(const struct wish *wish)
{
    const struct deputy *deputy = wish->post->deputy;

    return deputy != NULL && deputy->link == PM_LINK_UP;
}

/* One that has only said hello may have other rows than those it left. */
static bool is_current(const struct wish *wish)
{
    const struct deputy *deputy = wish->post->deputy;

    return in_touch(wish) && deputy->session != 0 && deputy->refreshed;
}

static bool can_be_told(const struct wish *wish)
{
    return is_current(wish) && !wish->post->deputy->adopting;
}

static bool has_obeyed(const struct wish *wish)
{
    return wish->seen != NULL && wish->seen->row.order >= wish->order;
}

static bool goes_up(const struct wish *wish)
{
    return wish->up && !wish->removing && !wish->post->retiring;
}

/* It lives, or may any moment: it waits for its next try, or was told to begin. */
static bool lives(const struct node *node)
{
    const struct seen *seen = node->wish->seen;

    if (node->gate.up && node->gate.order > (seen != NULL ? seen->row.order : 0))
        return true;
    return seen != NULL && (pm_state_alive(seen->row.state) ||
                            seen->row.state == PM_STATE_BACKOFF);
}

/* An old life is in the way of the new one that is ordered. */
static bool renews(const struct node *node)
{
    return goes_up(node->wish) && node->gate.up && node->gate.order < node->wish->order &&
           lives(node);
}

/* Its life is to end, before long. */
static bool is_ending(const struct node *node)
{
    return node->wish != NULL && lives(node) &&
           (!goes_up(node->wish) || !node->gate.up || node->gate.falls);
}

/* ---- to be up ------------------------------------------------------------------------- */

/* begun: it has a pid, which one that is starting may not have yet. */
static enum edge_judgement judge_state(const struct edge *edge, enum pm_state state, bool begun)
{
    switch (state) {
    case PM_STATE_STARTING:
        return edge->when == PM_DEPENDENCY_WHEN_STARTED && begun ? EDGE_MET : EDGE_WAITS;
    case PM_STATE_RUNNING:
        return edge->when != PM_DEPENDENCY_WHEN_EXITED ? EDGE_MET : EDGE_WAITS;
    case PM_STATE_EXITED: /* it was started, was well, and did what it was to do */
        return EDGE_MET;
    case PM_STATE_FAILED:
        return edge->on_failure == PM_DEPENDENCY_FAILURE_FAIL ? EDGE_FAILED : EDGE_MET;
    default:
        return EDGE_WAITS;
    }
}

/* After a move: does nothing of it live where it was? A deputy that has not said what it has since
 * we began may have anything. */
static enum edge_judgement judge_left(const struct wish *wish, const struct wish *old,
                                      const struct deputy *deputy)
{
    const struct seen *row;

    if (old != NULL)
        return old->removing ? EDGE_WAITS : EDGE_MET;
    if (wish->seen != NULL && wish->seen->row.order >= wish->spec.moved_order)
        return EDGE_MET;
    if (deputy == NULL || !deputy->known)
        return EDGE_WAITS;
    row = fleet_row(deputy, wish->spec.group, wish->spec.name);
    return row != NULL && (pm_state_alive(row->row.state) || row->row.state == PM_STATE_BACKOFF)
               ? EDGE_WAITS : EDGE_MET;
}

/* Has it failed because of what it needs, and not only when it was last looked at? What failed
 * may have a new order since, and those behind it are looked at later. */
static bool has_failed(const struct node *node)
{
    for (int steps = 0; steps < CHAIN_MOST; steps++) {
        const struct edge *edge = node->gate.because;
        const struct wish *wish = edge != NULL ? edge->to->wish : NULL;

        if (node->gate.hold != GATE_FAILED || wish == NULL || !goes_up(wish) || !is_current(wish))
            return false;
        if (edge->to->gate.hold != GATE_FAILED)
            return has_obeyed(wish) && wish->seen->row.state == PM_STATE_FAILED;
        node = edge->to;
    }
    return false;
}

enum edge_judgement gate_judge(const struct edge *edge)
{
    const struct node *to = edge->to;
    const struct wish *wish = to->wish;
    enum pm_state state;

    if (edge->left != NULL)
        return judge_left(edge->from->wish, to->wish, edge->left->deputy);
    if (wish == NULL || wish->removing)
        return EDGE_WAITS;
    state = wish->seen != NULL ? wish->seen->row.state : PM_STATE_NOWHERE;
    /* What has ended with success stays so, wherever its deputy is now. */
    if (edge->when == PM_DEPENDENCY_WHEN_EXITED && state == PM_STATE_EXITED && has_obeyed(wish))
        return EDGE_MET;
    if (!goes_up(wish) || !is_current(wish))
        return EDGE_WAITS;
    if (has_failed(to))
        return judge_state(edge, PM_STATE_FAILED, false);
    return has_obeyed(wish) ? judge_state(edge, state, wish->seen->row.pid != 0) : EDGE_WAITS;
}

/* Of all that it needs; a failure counts more than what may still come. */
static enum edge_judgement judge_needs(const struct node *node, const struct edge **out)
{
    enum edge_judgement worst = EDGE_MET;

    if (node->gate.unbound == node->wish->order)
        return EDGE_MET;
    for (size_t i = 0; i < node->n_needs && worst != EDGE_FAILED; i++) {
        enum edge_judgement one = gate_judge(&node->needs[i]);

        if (one > worst) {
            worst = one;
            *out = &node->needs[i];
        }
    }
    return worst;
}

static bool a_need_ends(const struct node *node)
{
    for (size_t i = 0; i < node->n_needs; i++)
        if (node->needs[i].left == NULL && is_ending(node->needs[i].to))
            return true;
    return false;
}

/* ---- to be down ----------------------------------------------------------------------- */

/* Its deputy has killed it by now, or never will. */
static bool is_overdue(const struct node *node, struct pm_mono now)
{
    uint64_t most = node->wish->spec.stop_timeout_ms + GATE_GRACE_MS;

    return !node->gate.up && (uint64_t)pm_mono_since(node->gate.fell, now) > most;
}

/* Who has to end before it; only the reachable can. What renews falls when `node` does. */
static const struct edge *user_ahead(const struct node *node, struct pm_mono now)
{
    for (size_t i = 0; i < node->n_users; i++) {
        const struct node *user = node->users[i]->from;

        if (user == node || user->wish == NULL || !in_touch(user->wish) ||
            node->users[i]->left != NULL)
            continue;
        if ((is_ending(user) || renews(user)) && !is_overdue(user, now))
            return node->users[i];
    }
    return NULL;
}

/* ---- the look ------------------------------------------------------------------------- */

static unsigned tell(struct node *node, bool up, uint64_t order, struct pm_mono now)
{
    struct gate *gate = &node->gate;
    bool fell = gate->up && !up;

    if (gate->up == up && gate->order == order)
        return 0;
    if (fell)
        gate->fell = now;
    gate->up = up;
    gate->order = order;
    return GATE_NEWS_TOLD;
}

static unsigned hold(struct node *node, enum gate_hold hold, const struct edge *because,
                     struct pm_mono now)
{
    struct gate *gate = &node->gate;
    bool same = gate->hold == hold && gate->because == because;

    if (gate->hold != hold)
        gate->since = now;
    gate->hold = hold;
    gate->because = because;
    return same ? 0 : GATE_NEWS_HOLD;
}

static unsigned fall(struct node *node, bool falls)
{
    bool same = node->gate.falls == falls;

    node->gate.falls = falls;
    return same ? 0 : GATE_NEWS_FALLS;
}

static unsigned look_down(struct node *node, struct pm_mono now)
{
    const struct wish *wish = node->wish;
    const struct edge *user = node->gate.up && lives(node) ? user_ahead(node, now) : NULL;

    if (user != NULL)
        return hold(node, GATE_STAYS, user, now);
    return hold(node, GATE_OPEN, NULL, now) |
           tell(node, false, wish->up ? node->gate.order : wish->order, now);
}

static unsigned look_up(struct node *node, struct pm_mono now)
{
    const struct edge *need = NULL, *user = NULL;
    enum edge_judgement judgement = judge_needs(node, &need);
    bool falls = renews(node) && (judgement == EDGE_MET || a_need_ends(node));
    unsigned news = fall(node, falls);

    if (falls)
        user = user_ahead(node, now);
    if (user != NULL)
        return news | hold(node, GATE_STAYS, user, now);
    if (judgement == EDGE_MET)
        return news | fall(node, false) | hold(node, GATE_OPEN, NULL, now) |
               tell(node, true, node->wish->order, now);
    /* A next try of the old life would be one without what it needs. */
    const struct seen *seen = node->wish->seen;

    if (falls || (seen != NULL && seen->row.state == PM_STATE_BACKOFF))
        news |= fall(node, false) | tell(node, false, node->gate.order, now);
    return news | hold(node, judgement == EDGE_FAILED ? GATE_FAILED : GATE_WAITS, need, now);
}

unsigned gate_look(struct node *node, struct pm_mono now)
{
    const struct wish *wish = node->wish;

    if (wish == NULL)
        return 0;
    if (!in_touch(wish)) /* it waits for its deputy */
        return hold(node, GATE_OPEN, NULL, now) | fall(node, false);
    if (!can_be_told(wish)) /* which will say what it has */
        return 0;
    if (!node->gate.known)
        gate_learn(node, now);
    if (!goes_up(wish))
        return fall(node, false) | look_down(node, now);
    if (has_obeyed(wish))
        return fall(node, false) | hold(node, GATE_OPEN, NULL, now) |
               tell(node, true, wish->order, now);
    if (node->gate.up && node->gate.order == wish->order)
        return 0; /* told, and on its way */
    return look_up(node, now);
}

/* What its deputy was told, which it may not have answered yet; or else must have been told, by
 * what it says. What is stopping is not to come back because of us, though it may be about to: the
 * order before the last is nobody's wish. */
static struct pm_want told(const struct wish *wish)
{
    const struct seen *seen = wish->seen;
    struct pm_want want = { .id = wish->spec.id };

    if (wish->told.id != 0)
        return wish->told;
    if (seen == NULL)
        return want;
    want.order = seen->row.order;
    want.up = seen->row.state == PM_STATE_STARTING || seen->row.state == PM_STATE_RUNNING ||
              seen->row.state == PM_STATE_BACKOFF;
    return want;
}

void gate_learn(struct node *node, struct pm_mono now)
{
    struct pm_want want = told(node->wish);
    struct gate *gate = &node->gate;

    gate->known = true;
    gate->order = want.order;
    gate->up = want.up;
    gate->fell = now;
    gate->falls = false;
}

/* ---- a circle ------------------------------------------------------------------------- */

static const struct node *ahead_of(const struct node *node)
{
    return node->gate.hold == GATE_STAYS && node->gate.because != NULL ? node->gate.because->from
                                                                       : NULL;
}

unsigned gate_break(struct node *node, struct pm_mono now)
{
    const struct node *slow = node, *fast = ahead_of(node);

    while (fast != NULL && fast != slow) {
        fast = ahead_of(fast);
        if (fast != NULL)
            fast = ahead_of(fast);
        slow = ahead_of(slow);
    }
    if (fast == NULL)
        return 0;
    return fall(node, false) | hold(node, GATE_OPEN, NULL, now) |
           tell(node, false, node->gate.order, now);
}

/* ---- what others see ------------------------------------------------------------------ */

bool gate_awaits_left(const struct desired *d, const struct wish *wish)
{
    const struct pm_spec *spec = &wish->spec;
    const struct gate *gate = wish->node != NULL ? &wish->node->gate : NULL;
    const struct post *left = desired_find_post(d, spec->moved_from);

    if (spec->moved_from[0] == '\0' || left == NULL)
        return false;
    if (gate != NULL && gate->up && gate->order >= spec->moved_order)
        return false; /* it was told to begin, by an operator who knew better */
    return judge_left(wish, desired_find(d, spec->moved_from, spec->group, spec->name),
                      left->deputy) == EDGE_WAITS;
}

struct pm_want gate_want(const struct wish *wish)
{
    const struct node *node = wish->node;

    if (node == NULL)
        return (struct pm_want){ .id = wish->spec.id, .up = wish->up, .order = wish->order };
    if (!node->gate.known)
        return told(wish);
    return (struct pm_want){ .id = wish->spec.id, .up = node->gate.up,
                             .order = node->gate.order };
}

bool gate_keeps(const struct wish *wish)
{
    return wish->removing && wish->node != NULL && wish->node->gate.hold == GATE_STAYS;
}

static bool is_held(const struct wish *wish, enum gate_hold hold)
{
    return wish->node != NULL && wish->node->gate.hold == hold && in_touch(wish) &&
           (wish->seen == NULL || !pm_state_alive(wish->seen->row.state));
}

bool gate_waits(const struct wish *wish)
{
    return is_held(wish, GATE_WAITS);
}

bool gate_failed(const struct wish *wish)
{
    return is_held(wish, GATE_FAILED);
}
