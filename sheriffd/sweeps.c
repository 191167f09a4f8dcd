/* Sweeps.
 *
 * Every deputy asked answers for itself, and its answer goes on to the client at once; a reply
 * ends them when all have answered who still can, or when the time is over. It names those who did
 * not. Who is asked is sorted by name, once each.
 * That strays were ended is an event of that host, with who asked.
 */
#include "sheriffd/sweeps.h"

#include "sheriffd/api.h"
#include "sheriffd/sessions.h"

#include <procman/text.h>

#include <stdlib.h>
#include <string.h>

#define SWEEP_MS    8000 /* a look at a large machine, and a second for those that are ended */
#define SWEEPS_MOST 16   /* under way; more are refused */
#define NAMES_MOST  20   /* named in a sentence */

struct asked {
    struct deputy *deputy;
    uint64_t session;         /* 0: it was not connected */
    bool answered;
};

struct sweep {
    struct sweep *next;
    uint64_t number, peer, request;
    char *by;
    struct asked *asked;
    size_t n, n_answered;
    struct pm_mono deadline;
};

static void forget(struct sweep **at)
{
    struct sweep *sweep = *at;

    *at = sweep->next;
    free(sweep->by);
    free(sweep->asked);
    free(sweep);
}

/* "a, b and 3 more", heap. */
static char *silent_names(const struct sweep *sweep)
{
    char *text = pm_strdup("");
    size_t n = 0;

    for (size_t i = 0; i < sweep->n; i++) {
        if (sweep->asked[i].answered)
            continue;
        if (++n > NAMES_MOST)
            continue;
        char *longer = pm_printf("%s%s%s", text, n > 1 ? ", " : "", sweep->asked[i].deputy->name);
        free(text);
        text = longer;
    }
    if (n > NAMES_MOST) {
        char *longer = pm_printf("%s and %zu more", text, n - NAMES_MOST);
        free(text);
        text = longer;
    }
    return text;
}

static void conclude(struct sheriff *s, struct sweep **at)
{
    struct sweep *sweep = *at;
    char *names PM_CLEANUP(pm_free) = silent_names(sweep);

    if (sweep->n_answered == sweep->n)
        api_reply(s, sweep->peer, sweep->request, PM_OK, "%s", "");
    else
        api_reply(s, sweep->peer, sweep->request, PM_LOST, "no answer from %s", names);
    forget(at);
}

/* ---- asking ----------------------------------------------------------------------- */

static bool in_touch(const struct deputy *deputy)
{
    return deputy->link == PM_LINK_UP && deputy->session != 0;
}

static void add(struct sweep *sweep, struct deputy *deputy)
{
    sweep->asked[sweep->n++] = (struct asked){
        .deputy = deputy, .session = in_touch(deputy) ? deputy->session : 0 };
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct asked *)a)->deputy->name, ((const struct asked *)b)->deputy->name);
}

static void sort(struct sweep *sweep)
{
    size_t n = 0;

    if (sweep->n > 1)
        qsort(sweep->asked, sweep->n, sizeof *sweep->asked, by_name);
    for (size_t i = 0; i < sweep->n; i++)
        if (n == 0 || sweep->asked[n - 1].deputy != sweep->asked[i].deputy)
            sweep->asked[n++] = sweep->asked[i];
    sweep->n = n;
}

/* False: one of the names is no deputy's, and the client knows. */
static bool choose(struct sheriff *s, const struct sheriff_client *client,
                   const struct pm_sweep *ask, struct sweep *sweep)
{
    size_t most = ask->hosts.n > 0 ? ask->hosts.n : s->fleet.n;
    char name[PM_LIMIT_NAME * 4 + 1];

    sweep->asked = pm_alloc((most + 1) * sizeof *sweep->asked);
    for (size_t i = 0; ask->hosts.n == 0 && i < s->fleet.n; i++)
        if (in_touch(s->fleet.deputies[i]))
            add(sweep, s->fleet.deputies[i]);
    for (size_t i = 0; i < ask->hosts.n; i++) {
        struct deputy *deputy = fleet_find(&s->fleet, ask->hosts.at[i]);
        if (deputy == NULL) {
            api_reply(s, client->peer, ask->request, PM_NOT_FOUND, "there is no deputy called %s",
                      pm_text_safe(ask->hosts.at[i], name, sizeof name));
            return false;
        }
        add(sweep, deputy);
    }
    sort(sweep);
    if (sweep->n == 0)
        api_reply(s, client->peer, ask->request, PM_LOST, "no deputy is connected");
    return sweep->n > 0;
}

static void pass_on(struct sheriff *s, const struct sweep *sweep, bool kill)
{
    for (size_t i = 0; i < sweep->n; i++) {
        const struct asked *asked = &sweep->asked[i];

        if (asked->session != 0)
            (void)sessions_send(s, asked->deputy, PM_MSG_SWEEP, &(struct pm_sweep){
                .session = asked->session, .request = sweep->number, .kill = kill });
    }
}

/* A deputy whose session is over will not answer any more. */
static bool may_come(const struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->n; i++) {
        const struct asked *asked = &sweep->asked[i];

        if (!asked->answered && asked->session != 0 && asked->deputy->session == asked->session)
            return true;
    }
    return false;
}

static bool too_many(const struct sheriff *s)
{
    size_t n = 0;

    for (const struct sweep *sweep = s->sweeps; sweep != NULL; sweep = sweep->next)
        n++;
    return n >= SWEEPS_MOST;
}

void sweeps_take(struct sheriff *s, const struct sheriff_client *client,
                 const struct pm_sweep *ask)
{
    struct sweep *sweep;

    if (ask->kill && !client->may_change) {
        api_reply(s, client->peer, ask->request, PM_FORBIDDEN,
                  "this socket is for looking; changes go over the control socket");
        return;
    }
    if (too_many(s)) {
        api_reply(s, client->peer, ask->request, PM_BUSY, "too many look for strays; try again");
        return;
    }
    sweep = pm_alloc(sizeof *sweep);
    *sweep = (struct sweep){
        .next = s->sweeps, .number = ++s->last_errand, .peer = client->peer,
        .request = ask->request, .by = api_by(client, ask->client),
        .deadline = pm_mono_after(s->now.mono, SWEEP_MS),
    };
    s->sweeps = sweep;
    if (!choose(s, client, ask, sweep)) {
        forget(&s->sweeps);
        return;
    }
    pass_on(s, sweep, ask->kill);
    if (!may_come(sweep))
        conclude(s, &s->sweeps);
}

/* ---- answers ---------------------------------------------------------------------- */

static struct asked *find_asked(const struct sweep *sweep, struct deputy *deputy)
{
    struct asked key = { .deputy = deputy };
    struct asked *found = bsearch(&key, sweep->asked, sweep->n, sizeof key, by_name);

    return found != NULL && found->session == deputy->session ? found : NULL;
}

static void record_killed(struct sheriff *s, const struct sweep *sweep,
                          const struct pm_strays *strays)
{
    size_t n = 0;

    for (size_t i = 0; i < strays->strays.n; i++)
        n += strays->strays.at[i].killed;
    if (n > 0)
        journal_add(&s->journal, s->now.wall, (struct journal_about){ .host = strays->host },
                    "strays-ended", sweep->by, "%zu %s of earlier runs %s ended", n,
                    n == 1 ? "process" : "processes", n == 1 ? "was" : "were");
}

void sweeps_on_strays(struct sheriff *s, struct deputy *deputy,
                      const struct pm_strays *strays)
{
    struct pm_strays answer = *strays;
    struct sweep **at = &s->sweeps;
    struct asked *asked;

    while (*at != NULL && (*at)->number != strays->request)
        at = &(*at)->next;
    if (*at == NULL)
        return;
    asked = find_asked(*at, deputy);
    if (asked == NULL || asked->answered)
        return;
    asked->answered = true;
    (*at)->n_answered++;
    for (size_t i = 0; i < answer.strays.n; i++)
        answer.strays.at[i].host = deputy->name;
    answer.session = 0;
    answer.request = (*at)->request;
    answer.host = deputy->name;
    record_killed(s, *at, &answer);
    if (!api_answer(s, (*at)->peer, PM_MSG_STRAYS, &answer))
        forget(at);
    else if ((*at)->n_answered == (*at)->n)
        conclude(s, at);
}

void sweeps_check(struct sheriff *s)
{
    struct sweep **at = &s->sweeps;

    while (*at != NULL) {
        if (s->now.mono.ms < (*at)->deadline.ms && may_come(*at))
            at = &(*at)->next;
        else
            conclude(s, at);
    }
}

void sweeps_fini(struct sheriff *s)
{
    while (s->sweeps != NULL) {
        api_reply(s, s->sweeps->peer, s->sweeps->request, PM_GONE, SHERIFF_ENDS);
        forget(&s->sweeps);
    }
}
