/* What clients ask.
 *
 * One row per request says who may and whether it changes the wish. A change waits for its turn
 * (commit.c); everything else is answered from memory at once. Every request gets an answer,
 * also one that is refused.
 */
#include "sheriffd/api.h"

#include "sheriffd/applies.h"
#include "sheriffd/commit.h"
#include "sheriffd/errands.h"
#include "sheriffd/find.h"
#include "sheriffd/orders.h"
#include "sheriffd/runs.h"
#include "sheriffd/sweeps.h"
#include "sheriffd/upgrades.h"

#include <procman/limits.h>
#include <procman/text.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- helpers ---------------------------------------------------------------------- */

static uint64_t number_in(enum pm_msg kind, const void *msg, const char *key, uint64_t missing)
{
    const struct pm_desc *desc = pm_msg_desc(kind);

    for (size_t i = 0; i < desc->n; i++)
        if (strcmp(desc->fields[i].key, key) == 0)
            return *(const uint64_t *)((const char *)msg + desc->fields[i].offset);
    return missing;
}

uint64_t api_request(enum pm_msg kind, const void *msg)
{
    return number_in(kind, msg, "request", 0);
}

void api_reply(struct sheriff *s, uint64_t peer, uint64_t request, enum pm_err err,
               const char *format, ...)
{
    char text[1024];
    va_list values;

    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    struct pm_reply reply = { .request = request, .error = pm_err_word(err), .text = text,
                              .generation = s->desired.committed,
                              .version = PM_PROTOCOL_VERSION };
    enum pm_err sent = s->port->to_client(s->self, peer, PM_MSG_REPLY, &reply);
    pm_assert(sent == PM_OK); /* it is small */
}

bool api_answer(struct sheriff *s, uint64_t peer, enum pm_msg kind, const void *msg)
{
    if (s->port->to_client(s->self, peer, kind, msg) == PM_OK)
        return true;
    api_reply(s, peer, api_request(kind, msg), PM_LIMIT, "the answer is larger than the %u MiB one "
              "message holds; ask for less, with selectors for fewer processes or --since for "
              "fewer events", PM_LIMIT_FRAME >> 20);
    return false;
}

char *api_by(const struct sheriff_client *client, const char *program)
{
    char user[80], name[120];

    pm_text_safe(client->user, user, sizeof user);
    pm_text_safe(*program != '\0' ? program : "a client", name, sizeof name);
    return pm_printf("%s (%s, pid %lld)", user, name, (long long)client->pid);
}

/* ---- requests --------------------------------------------------------------------- */

static void on_ask(struct sheriff *s, const struct sheriff_client *client, const void *msg)
{
    struct pm_arena arena = { .limit = SIZE_MAX }; /* the fleet's size is bounded already */
    struct pm_snapshot snapshot = {
        .request = ((const struct pm_ask *)msg)->request, .software = PROCMAN_VERSION,
        .host = s->name, .uptime_ms = (uint64_t)pm_mono_since(s->began, s->now.mono),
        .bad_messages = s->bad_messages, .run = *runs_known(s),
    };
    enum pm_err err = view_snapshot(&s->view, &s->desired, s->now.mono, &arena, &snapshot);

    pm_assert(err == PM_OK);
    api_answer(s, client->peer, PM_MSG_SNAPSHOT, &snapshot);
    pm_arena_fini(&arena);
}

static void on_order(struct sheriff *s, const struct sheriff_client *client, const void *msg)
{
    orders_take(s, client, msg);
}

static void on_apply(struct sheriff *s, const struct sheriff_client *client, const void *msg)
{
    applies_take(s, client, msg);
}

static void on_history(struct sheriff *s, const struct sheriff_client *client, const void *msg)
{
    errands_history(s, client, msg);
}

static void on_past(struct sheriff *s, const struct sheriff_client *client, const void *msg)
{
    errands_past(s, client, msg);
}

static void on_revisions(struct sheriff *s, const struct sheriff_client *client, const void *msg)
{
    errands_revisions(s, client, msg);
}

static void on_read(struct sheriff *s, const struct sheriff_client *client, const void *msg)
{
    errands_read(s, client, msg);
}

static void on_upgrade(struct sheriff *s, const struct sheriff_client *client, const void *msg)
{
    upgrades_take(s, client, msg);
}

static void on_sweep(struct sheriff *s, const struct sheriff_client *client, const void *msg)
{
    sweeps_take(s, client, msg);
}

static void on_scripts(struct sheriff *s, const struct sheriff_client *client, const void *msg)
{
    runs_list(s, client, msg);
}

static void on_run(struct sheriff *s, const struct sheriff_client *client, const void *msg)
{
    runs_take(s, client, msg);
}

static void on_await(struct sheriff *s, const struct sheriff_client *client, const void *msg)
{
    runs_await(s, client, msg);
}

static void on_abort(struct sheriff *s, const struct sheriff_client *client, const void *msg)
{
    runs_abort(s, client, msg);
}

static void on_shutdown(struct sheriff *s, const struct sheriff_client *client, const void *msg)
{
    uint64_t request = ((const struct pm_shutdown *)msg)->request;

    if (s->end.asked) {
        api_reply(s, client->peer, request, PM_BUSY, "the sheriff is ending already");
        return;
    }
    s->end.peer = client->peer;
    s->end.request = request;
    sheriff_end(s, s->now);
}

/* Who may only look does not learn what secrets the environment holds. */
static struct pm_var_list without_values(struct pm_var_list env, struct pm_arena *arena)
{
    struct pm_var *vars = pm_arena_get(arena, env.n * sizeof *vars);

    pm_assert(vars != NULL);
    for (size_t i = 0; i < env.n; i++)
        vars[i] = (struct pm_var){ .name = env.at[i].name, .value = "" };
    return (struct pm_var_list){ .at = vars, .n = env.n };
}

static void on_export(struct sheriff *s, const struct sheriff_client *client, const void *msg)
{
    const struct pm_export *ask = msg;
    struct pm_arena arena = { .limit = SIZE_MAX };
    struct wish **wishes;
    char *why PM_CLEANUP(pm_free) = NULL;
    size_t n;
    enum pm_err err = find_wishes(s, &ask->select, &wishes, &n, &why);

    if (err != PM_OK) {
        api_reply(s, client->peer, ask->request, err, "%s", why);
        return;
    }
    struct pm_spec *specs = pm_arena_get(&arena, n * sizeof *specs);
    struct pm_proc *procs = pm_arena_get(&arena, n * sizeof *procs);
    pm_assert(specs != NULL && procs != NULL);
    for (size_t i = 0; i < n; i++) {
        specs[i] = wishes[i]->spec;
        if (!client->may_change)
            specs[i].env = without_values(specs[i].env, &arena);
        view_process(wishes[i], s->now.mono, &arena, &procs[i]);
    }
    struct pm_exported exported = { .request = ask->request, .specs = { .at = specs, .n = n },
                                    .procs = { .at = procs, .n = n } };
    if (ask->select.n == 0)
        exported.scripts = s->scripts.now.list;
    api_answer(s, client->peer, PM_MSG_EXPORTED, &exported);
    pm_arena_fini(&arena);
    free(wishes);
}

/* ---- who may, and when ------------------------------------------------------------ */

static bool order_changes(const void *msg)
{
    return ((const struct pm_order *)msg)->verb != PM_VERB_SIGNAL;
}

static bool apply_changes(const void *msg)
{
    return !((const struct pm_apply *)msg)->plan_only;
}

static bool always(const void *msg)
{
    (void)msg;
    return true;
}

struct request {
    enum pm_msg kind;
    bool commands;                       /* only on the control socket */
    bool (*changes)(const void *msg);    /* the wish: it waits for its turn; NULL: never */
    void (*take)(struct sheriff *s, const struct sheriff_client *client, const void *msg);
};

static const struct request requests[] = {
    { PM_MSG_ASK,      false, NULL,          on_ask },
    { PM_MSG_ORDER,    true,  order_changes, on_order },
    { PM_MSG_APPLY,    true,  apply_changes, on_apply },
    { PM_MSG_EXPORT,   false, NULL,          on_export },
    { PM_MSG_HISTORY,  false, NULL,          on_history },
    { PM_MSG_PAST,     false, NULL,          on_past },
    { PM_MSG_REVISIONS, false, NULL,         on_revisions }, /* it asks itself who may read one */
    { PM_MSG_READ,     false, NULL,          on_read },
    { PM_MSG_UPGRADE,  true,  NULL,          on_upgrade },
    { PM_MSG_SWEEP,    false, NULL,          on_sweep }, /* it asks itself who may kill */
    { PM_MSG_SCRIPTS,  false, NULL,          on_scripts },
    { PM_MSG_RUN,      true,  always,        on_run },
    { PM_MSG_AWAIT,    false, NULL,          on_await },
    { PM_MSG_ABORT,    true,  always,        on_abort },
    { PM_MSG_SHUTDOWN, true,  NULL,          on_shutdown },
};

static const struct request *find_request(enum pm_msg kind)
{
    for (size_t i = 0; i < PM_COUNT(requests); i++)
        if (requests[i].kind == kind)
            return &requests[i];
    return NULL;
}

void api_change(struct sheriff *s, const struct sheriff_client *client, enum pm_msg kind,
                const void *msg)
{
    find_request(kind)->take(s, client, msg);
}

void api_on_message(struct sheriff *s, const struct sheriff_client *client, enum pm_msg kind,
                    const void *msg)
{
    const struct request *request = find_request(kind);
    uint64_t number, version;

    number = api_request(kind, msg);
    if (request == NULL) {
        s->bad_messages++;
        api_reply(s, client->peer, number, PM_BAD_MESSAGE, "%s is no request of a client",
                  pm_msg_desc(kind)->name);
        return;
    }
    version = number_in(kind, msg, "version", PM_PROTOCOL_VERSION);
    if (version != PM_PROTOCOL_VERSION) {
        api_reply(s, client->peer, number, PM_VERSION, "the client speaks version %llu of the "
                  "protocol, this sheriff version %d", (unsigned long long)version,
                  PM_PROTOCOL_VERSION);
        return;
    }
    if (request->commands && !client->may_change) {
        api_reply(s, client->peer, number, PM_FORBIDDEN,
                  "this socket is for looking; changes go over the control socket");
        return;
    }
    if (request->changes == NULL || !request->changes(msg) || commit_open(s)) {
        request->take(s, client, msg);
        return;
    }
    if (!commit_queue(s, client, kind, msg))
        api_reply(s, client->peer, number, PM_BUSY, "too many changes wait for the store");
}
