/* Applying.
 *
 * The plan is made against the wish as it is in this transaction and carried out at once; what
 * it says is copied, because when the store has answered the wishes it spoke of may be gone.
 * Then the journal hears of it, and the client.
 */
#include "sheriffd/applies.h"

#include "sheriffd/api.h"
#include "sheriffd/commit.h"
#include "sheriffd/follow.h"

#include <procman/process.h>
#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>

struct answer {
    struct answer *next;
    bool has_client;
    uint64_t peer, request;
    char *by;
    struct pm_plan plan;      /* in the arena */
    struct pm_buf head, body; /* of the revision it makes, until the store is given them */
    struct pm_arena arena;
};

/* A changed command begins a new life of what lives or is about to; what failed is tried again,
 * because the change is likely its cure; what ended well stays as it is. */
static bool restarts(const struct wish *wish)
{
    return wish->seen == NULL || wish->seen->row.order < wish->order ||
           wish->seen->row.state != PM_STATE_EXITED;
}

/* It may live, or begin any moment. Of a wish of an earlier sheriff whose deputy has not come yet
 * nobody knows; where no deputy ever came, nothing was ever begun. */
static bool lives(const struct wish *wish)
{
    const struct deputy *deputy = wish->post->deputy;

    if (wish->seen != NULL)
        return wish->up || pm_state_alive(wish->seen->row.state) ||
               wish->seen->row.state == PM_STATE_BACKOFF;
    return deputy == NULL || !deputy->known ? wish->stored : wish->up;
}

/* ---- telling ---------------------------------------------------------------------- */

static struct pm_change change_of(const struct plan_item *item, struct pm_arena *arena)
{
    const struct pm_spec *spec = item->spec != NULL ? item->spec : &item->wish->spec;
    const char **fields = pm_arena_get(arena, item->n_fields * sizeof *fields);

    pm_assert(fields != NULL);
    memcpy(fields, item->fields, item->n_fields * sizeof *fields);
    return (struct pm_change){ .action = item->action, .name = spec->name, .group = spec->group,
                               .host = item->host,
                               .fields = { .at = fields, .n = item->n_fields },
                               .from = item->moved != NULL ? item->moved->spec.host : "" };
}

/* Borrows from the plan. */
static struct pm_plan message(const struct plan *plan, struct pm_arena *arena)
{
    struct pm_change *changes = pm_arena_get(arena, plan->n * sizeof *changes);
    size_t n = 0;

    pm_assert(changes != NULL);
    for (size_t i = 0; i < plan->n; i++)
        if (!plan->items[i].moves) /* the one where it goes says all */
            changes[n++] = change_of(&plan->items[i], arena);
    return (struct pm_plan){ .changes = { .at = changes, .n = n } };
}

static void join_fields(const struct pm_strs *fields, char *text, size_t size)
{
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < fields->n && n + strlen(fields->at[i]) + 3 < size; i++) {
        if (i > 0) {
            memcpy(text + n, ", ", 3);
            n += 2;
        }
        memcpy(text + n, fields->at[i], strlen(fields->at[i]) + 1);
        n += strlen(fields->at[i]);
    }
}

static void record(struct sheriff *s, const struct pm_change *change, const char *by)
{
    struct journal_about about = { change->host, change->group, change->name };
    char fields[200];

    join_fields(&change->fields, fields, sizeof fields);
    switch (change->action) {
    case PM_ACTION_ADD:
        journal_add(&s->journal, s->now.wall, about, "added", by, "defined");
        break;
    case PM_ACTION_REMOVE:
        journal_add(&s->journal, s->now.wall, about, "ordered", by, "remove ordered");
        break;
    case PM_ACTION_MOVE:
        journal_add(&s->journal, s->now.wall, (struct journal_about){ change->from, change->group,
                    change->name }, "ordered", by, "remove ordered: it moves to %s", change->host);
        journal_add(&s->journal, s->now.wall, about, "moved", by, "moved here from %s%s%s",
                    change->from, *fields != '\0' ? ", changed: " : "", fields);
        break;
    case PM_ACTION_LIVE:
        journal_add(&s->journal, s->now.wall, about, "changed", by, "changed: %s", fields);
        break;
    case PM_ACTION_RESTART:
        journal_add(&s->journal, s->now.wall, about, "changed", by,
                    "changed and restarted: %s", fields);
        break;
    default:
        break;
    }
}

/* What does not fit a message is counted. */
static void send_plan(struct sheriff *s, uint64_t peer, const struct pm_plan *whole)
{
    struct pm_plan part = *whole;

    while (s->port->to_client(s->self, peer, PM_MSG_PLAN, &part) != PM_OK && part.changes.n > 0) {
        part.changes.n /= 2;
        part.left_out = whole->changes.n - part.changes.n;
    }
}

static void tell(struct sheriff *s, struct answer *answer, enum pm_err err, const char *text)
{
    if (err == PM_OK)
        for (size_t i = 0; i < answer->plan.changes.n; i++)
            record(s, &answer->plan.changes.at[i], answer->by);
    if (!answer->has_client) {
        if (err != PM_OK)
            sheriff_log(s, PM_LOG_ERROR, "the configuration was not applied: %s", text);
        return;
    }
    answer->plan.request = answer->request;
    answer->plan.generation = s->desired.committed;
    if (err == PM_OK)
        send_plan(s, answer->peer, &answer->plan);
    api_reply(s, answer->peer, answer->request, err, "%s", text);
}

void applies_stored(struct sheriff *s, enum pm_err err, const char *text)
{
    struct answer *first = NULL;

    /* They were pushed; whoever came first is told first. */
    while (s->answers != NULL) {
        struct answer *answer = s->answers;

        s->answers = answer->next;
        answer->next = first;
        first = answer;
    }
    while (first != NULL) {
        struct answer *answer = first;

        first = answer->next;
        tell(s, answer, err, text);
        pm_arena_fini(&answer->arena);
        pm_buf_fini(&answer->head);
        pm_buf_fini(&answer->body);
        free(answer->by);
        free(answer);
    }
}

/* ---- the history ------------------------------------------------------------------- */

static struct pm_revision counted(const struct sheriff *s, const struct pm_plan *plan)
{
    struct pm_revision head = { .time_ms = s->now.wall.ms };
    uint64_t *counts[pm_action_count] = {
        [PM_ACTION_LIVE] = &head.live, [PM_ACTION_RESTART] = &head.restarted,
        [PM_ACTION_ADD] = &head.added, [PM_ACTION_REMOVE] = &head.removed,
        [PM_ACTION_MOVE] = &head.moved,
    };

    for (size_t i = 0; i < plan->changes.n; i++)
        if (counts[plan->changes.at[i].action] != NULL)
            ++*counts[plan->changes.at[i].action];
    return head;
}

/* Only what changed something is worth going back to. */
static void remember(struct sheriff *s, struct answer *answer, const struct pm_apply *ask)
{
    struct pm_revision head = counted(s, &answer->plan);
    struct pm_revised body = { .specs = ask->specs, .deputies = ask->deputies,
                               .scripts = ask->scripts };

    if (head.added + head.live + head.restarted + head.moved + head.removed == 0)
        return;
    head.by = answer->by;
    head.source = ask->source;
    head.back_to = ask->revision;
    head.processes = ask->specs.n;
    if (pm_encode(&pm_revision_desc, &head, &answer->head) == PM_OK &&
        pm_encode(&pm_revised_desc, &body, &answer->body) == PM_OK)
        return;
    pm_buf_fini(&answer->body);
    sheriff_log(s, PM_LOG_WARNING, "%s is too large to be kept in the history", ask->source);
}

static void store_from(struct answer *answer, struct batch *batch)
{
    if (answer == NULL)
        return;
    store_from(answer->next, batch); /* who came first is on the bottom */
    if (answer->body.n > 0)
        batch_give_revision(batch, &answer->head, &answer->body);
}

void applies_store(struct sheriff *s, struct batch *batch)
{
    store_from(s->answers, batch);
}

/* ---- doing ------------------------------------------------------------------------ */

static void expect_deputies(struct sheriff *s, const struct pm_strs *names, bool prune)
{
    for (size_t i = 0; i < names->n; i++) {
        const char *name = desired_host(&s->desired, names->at[i]);
        const struct post *post = desired_find_post(&s->desired, name);

        if (post == NULL || !post->expected)
            commit_expect(s, name, true);
    }
    for (size_t i = 0; prune && i < s->desired.n_posts; i++) {
        const struct post *post = s->desired.posts[i];
        bool named = strcmp(post->name, s->name) == 0;

        for (size_t k = 0; k < names->n && !named; k++)
            named = strcmp(post->name, desired_host(&s->desired, names->at[k])) == 0;
        if (post->expected && !named)
            commit_expect(s, post->name, false);
    }
}

/* The plan must be made, and answered for, before it is carried out: what it borrows changes. */
static struct answer *carry_out(struct sheriff *s, const struct plan *plan,
                                enum pm_apply_mode mode, const char *by)
{
    struct answer *answer = pm_alloc(sizeof *answer);
    struct pm_arena borrowed = { .limit = SIZE_MAX };
    struct pm_plan said = message(plan, &borrowed);

    answer->arena.limit = SIZE_MAX;
    enum pm_err err = pm_copy(&pm_plan_desc, &said, &answer->arena, &answer->plan);
    pm_assert(err == PM_OK);
    pm_arena_fini(&borrowed);
    answer->by = pm_strdup(by);
    plan_apply(plan, &s->desired, mode, by);
    follow_applied(s, by);
    answer->next = s->answers;
    s->answers = answer;
    return answer;
}

static enum pm_err scripts_err(const struct sheriff *s, const struct pm_script_list *scripts,
                               bool prune, const char *file, char **why)
{
    if (scripts_fit(&s->scripts, scripts, prune, file))
        return PM_OK;
    *why = pm_printf("with those that are defined already it would be more than %d scripts; remove "
                     "some, see procmanctl script list", PM_LIMIT_SCRIPTS);
    return PM_LIMIT;
}

static void take_scripts(struct sheriff *s, const struct pm_script_list *scripts, bool prune,
                         const char *file)
{
    if (scripts->n > 0 || (prune && s->scripts.now.list.n > 0))
        scripts_apply(&s->scripts, scripts, prune, file);
}

static const char *deputy_fault(const struct pm_strs *names)
{
    const char *fault = NULL;

    for (size_t i = 0; i < names->n && fault == NULL; i++)
        fault = pm_name_fault(names->at[i]);
    return fault;
}

static void answer_plan(struct sheriff *s, const struct sheriff_client *client,
                        const struct pm_apply *ask, const struct plan *plan)
{
    struct pm_arena arena = { .limit = SIZE_MAX };
    struct pm_plan said = message(plan, &arena);

    said.request = ask->request;
    said.generation = s->desired.committed;
    send_plan(s, client->peer, &said);
    api_reply(s, client->peer, ask->request, PM_OK, "%s", "");
    pm_arena_fini(&arena);
}

void applies_take(struct sheriff *s, const struct sheriff_client *client,
                  const struct pm_apply *ask)
{
    struct plan_request request = { .specs = ask->specs.at, .n = ask->specs.n, .mode = ask->mode,
                                    .prune = ask->prune || ask->prune_own,
                                    .prune_file = ask->prune ? NULL : ask->source,
                                    .source = *ask->source != '\0' ? ask->source : NULL,
                                    .restarts = restarts, .lives = lives };
    struct plan plan;
    char *why PM_CLEANUP(pm_free) = scripts_fault(&ask->scripts);
    char *by PM_CLEANUP(pm_free) = NULL;
    const char *fault = deputy_fault(&ask->deputies);
    enum pm_err err;

    if (fault != NULL || why != NULL) {
        api_reply(s, client->peer, ask->request, PM_BAD_CONFIG, "%s%s",
                  fault != NULL ? "deputies: " : "", fault != NULL ? fault : why);
        return;
    }
    err = ask->mode == PM_APPLY_MODE_MERGE
              ? scripts_err(s, &ask->scripts, request.prune, ask->prune_own ? ask->source : NULL,
                            &why)
              : PM_OK;
    if (err == PM_OK)
        err = plan_make(&s->desired, &request, &plan, &why);
    if (err != PM_OK) {
        api_reply(s, client->peer, ask->request, err, "%s", why);
        return;
    }
    if (ask->plan_only) {
        answer_plan(s, client, ask, &plan);
    } else {
        by = api_by(client, ask->client);
        struct answer *answer = carry_out(s, &plan, ask->mode, by);

        answer->has_client = true;
        answer->peer = client->peer;
        answer->request = ask->request;
        if (ask->mode == PM_APPLY_MODE_MERGE) {
            expect_deputies(s, &ask->deputies, request.prune);
            take_scripts(s, &ask->scripts, request.prune, ask->prune_own ? ask->source : NULL);
            remember(s, answer, ask);
        }
    }
    plan_fini(&plan);
}

enum pm_err applies_file(struct sheriff *s, const struct pm_config *config, const char *source,
                         char **why)
{
    struct plan_request request = {
        .specs = config->specs.at, .n = config->specs.n, .mode = PM_APPLY_MODE_MERGE,
        .prune = true, .prune_file = source, .source = source, .restarts = restarts,
        .lives = lives,
    };
    struct plan plan;
    enum pm_err err = scripts_err(s, &config->scripts, true, source, why);

    if (err == PM_OK)
        err = plan_make(&s->desired, &request, &plan, why);
    if (err != PM_OK)
        return err;
    struct pm_apply said = { .specs = config->specs, .deputies = config->deputies,
                             .scripts = config->scripts, .source = source };

    remember(s, carry_out(s, &plan, PM_APPLY_MODE_MERGE, ""), &said);
    expect_deputies(s, &config->deputies, true);
    take_scripts(s, &config->scripts, true, source);
    plan_fini(&plan);
    return PM_OK;
}
