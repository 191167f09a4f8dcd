/* Gates, all of them.
 *
 * A node is looked at when its wish, its row or its deputy's link has changed, and when that is so
 * for a neighbour it waits for. A look that changes something is news to the neighbours in turn.
 * So a turn costs what has changed, however large the fleet is.
 *
 * What deputies are told is committed: nothing is looked at while a change of the wish is on its
 * way to the store, and what comes of a look is stored as well, as a generation of its own.
 */
#include "sheriffd/gates.h"

#include "sheriffd/essential.h"
#include "sheriffd/gate.h"
#include "sheriffd/orders.h"

#include <procman/process.h>

#include <stdlib.h>

#define AGED_MOST 256 /* waiting rows that are told anew each second, for the age in their reason */

/* ---- lists of nodes ------------------------------------------------------------------ */

static void put(struct nodes *nodes, struct node *node)
{
    if (nodes->n == nodes->cap) {
        nodes->cap = nodes->cap > 0 ? 2 * nodes->cap : 16;
        nodes->at = pm_resize(nodes->at, nodes->cap, sizeof(struct node *));
    }
    nodes->at[nodes->n++] = node;
}

static void push(struct sheriff *s, struct node *node)
{
    if (node->queued > 0)
        return;
    put(&s->touched, node);
    node->queued = s->touched.n;
}

static void note_held(struct sheriff *s, struct node *node)
{
    bool held = node->gate.hold != GATE_OPEN;

    if (held && node->held == 0) {
        put(&s->held, node);
        node->held = s->held.n;
    } else if (!held && node->held > 0) {
        struct node *last = s->held.at[--s->held.n];

        s->held.at[node->held - 1] = last;
        last->held = node->held;
        node->held = 0;
    }
}

static void forget(void *self, struct node *node)
{
    struct sheriff *s = self;

    node->gate.hold = GATE_OPEN;
    note_held(s, node);
    if (node->queued > 0)
        s->touched.at[node->queued - 1] = NULL;
}

void gates_fini(struct sheriff *s)
{
    free(s->touched.at);
    free(s->held.at);
    graph_fini(&s->graph);
}

/* ---- what is to be looked at --------------------------------------------------------- */

static void push_neighbours(struct sheriff *s, struct node *node)
{
    for (size_t i = 0; i < node->n_users; i++)
        if (node->users[i]->from->gate.hold != GATE_OPEN)
            push(s, node->users[i]->from);
    for (size_t i = 0; i < node->n_needs; i++)
        if (node->needs[i].to->gate.hold == GATE_STAYS)
            push(s, node->needs[i].to);
}

void gates_touch(struct sheriff *s, struct wish *wish)
{
    if (wish->node == NULL)
        return;
    push(s, wish->node);
    push_neighbours(s, wish->node);
}

void gates_link(struct sheriff *s, struct wish *wish)
{
    if (!graph_link(&s->graph, &s->desired, wish, forget, s))
        return;
    gates_touch(s, wish);
    for (size_t i = 0; i < wish->node->n_needs; i++) /* they may be nodes only now */
        push(s, wish->node->needs[i].to);
}

void gates_unlink(struct sheriff *s, struct wish *wish)
{
    if (wish->node == NULL)
        return;
    push_neighbours(s, wish->node);
    wish->node->gate.hold = GATE_OPEN;
    note_held(s, wish->node);
    graph_unlink(&s->graph, wish, forget, s);
}

void gates_stray(struct sheriff *s, const struct seen *seen)
{
    struct node *node = graph_find(&s->graph, seen->deputy->name, seen->row.group, seen->row.name);

    if (node != NULL)
        push_neighbours(s, node);
}

/* What waits for its end there, after a move. */
static void push_movers(struct sheriff *s, const struct post *post)
{
    for (size_t i = 0; i < s->held.n; i++) {
        const struct edge *because = s->held.at[i]->gate.because;

        if (because != NULL && because->left == post)
            push(s, s->held.at[i]);
    }
}

void gates_learn(struct sheriff *s, struct post *post)
{
    push_movers(s, post);
    for (size_t i = 0; i < post->n; i++) {
        post->wishes[i]->told = (struct pm_want){ 0 };
        if (post->wishes[i]->node == NULL)
            continue;
        gate_learn(post->wishes[i]->node, s->now.mono);
        gates_touch(s, post->wishes[i]);
    }
}

/* ---- what comes of a look ------------------------------------------------------------ */

static void record(struct sheriff *s, const struct wish *wish)
{
    struct journal_about about = { wish->spec.host, wish->spec.group, wish->spec.name };
    enum gate_hold hold = wish->node->gate.hold;
    char text[GATE_TEXT_SIZE];

    if (hold == GATE_WAITS || hold == GATE_FAILED)
        journal_add(&s->journal, s->now.wall, about,
                    pm_state_word(hold == GATE_WAITS ? PM_STATE_WAITING : PM_STATE_FAILED), "",
                    "%s", gate_text(wish, s->now.mono, text));
}

static void act(struct sheriff *s, struct node *node, unsigned news, enum gate_hold before)
{
    struct wish *wish = node->wish;
    bool freed = wish->removing && before == GATE_STAYS && node->gate.hold != GATE_STAYS;

    if ((news & GATE_NEWS_TOLD) != 0 || freed)
        desired_tell(&s->desired, wish->post, freed);
    if (node->gate.hold != before) {
        note_held(s, node);
        record(s, wish);
    }
    if (node->gate.hold != GATE_OPEN || before != GATE_OPEN)
        view_touch(&s->view, wish);
    if (news != 0) {
        push_neighbours(s, node);
        orders_look(s, wish);
        essential_look(s, wish);
    }
}

static void look(struct sheriff *s, struct node *node)
{
    enum gate_hold before = node->gate.hold;

    if (node->wish != NULL)
        act(s, node, gate_look(node, s->now.mono), before);
}

void gates_run(struct sheriff *s)
{
    if (s->desired.changing)
        return;
    for (size_t i = 0; i < s->touched.n; i++) {
        struct node *node = s->touched.at[i];

        if (node == NULL)
            continue;
        node->queued = 0;
        look(s, node);
    }
    s->touched.n = 0;
}

void gates_check(struct sheriff *s)
{
    size_t aged = 0;

    if (s->desired.changing)
        return;
    for (size_t i = 0; i < s->held.n; i++) {
        struct node *node = s->held.at[i];

        if (node->gate.hold == GATE_STAYS)
            push(s, node);
        else if (aged++ < AGED_MOST)
            view_touch(&s->view, node->wish);
    }
    gates_run(s);
    for (size_t i = s->held.n; i-- > 0;) {
        struct node *node = i < s->held.n ? s->held.at[i] : NULL;
        unsigned news = node != NULL ? gate_break(node, s->now.mono) : 0;

        if (news != 0)
            act(s, node, news, GATE_STAYS);
    }
}

/* ---- the end of a lone ranger -------------------------------------------------------- */

void gates_retire(struct sheriff *s, struct post *post)
{
    post->retiring = true;
    for (size_t i = 0; i < post->n; i++)
        gates_touch(s, post->wishes[i]);
}

bool gates_retired(const struct post *post)
{
    for (size_t i = 0; i < post->n; i++) {
        const struct seen *seen = post->wishes[i]->seen;

        if (post->wishes[i]->node != NULL && seen != NULL && pm_state_alive(seen->row.state))
            return false;
    }
    return true;
}
