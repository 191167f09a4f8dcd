/* Upgrades.
 *
 * A deputy that is upgraded replaces itself: it says that it begins, its session ends, and the next
 * one comes under the same epoch, that is, with everything it had. The upgrade is over when all of
 * that is told, each of it: a deputy that comes back without having said that it begins may have
 * lost its connection only, and the order with it. A deputy that says it cannot goes on as it was;
 * one that does neither in time is answered for. Both ends are events, with who asked.
 */
#include "sheriffd/upgrades.h"

#include "sheriffd/api.h"
#include "sheriffd/sessions.h"

#include <procman/text.h>

#include <stdlib.h>
#include <string.h>

#define UPGRADE_MS 20000 /* the new program must have begun and connected by then */

struct upgrade {
    struct upgrade *next;
    struct deputy *deputy;
    uint64_t number;
    uint64_t session, epoch;  /* before */
    bool begun;               /* it said so */
    uint64_t peer, request;   /* who waits for it */
    char *by, *version;       /* who asked; the program before */
    struct pm_mono deadline;
};

static void tell(struct sheriff *s, const struct upgrade *upgrade, const char *text)
{
    journal_add(&s->journal, s->now.wall, (struct journal_about){ .host = upgrade->deputy->name },
                "deputy-upgrade", upgrade->by, "%s", text);
    sheriff_log(s, PM_LOG_INFO, "%s, by %s", text, upgrade->by);
}

static void forget(struct upgrade **at)
{
    struct upgrade *upgrade = *at;

    *at = upgrade->next;
    free(upgrade->by);
    free(upgrade->version);
    free(upgrade);
}

static void fail(struct sheriff *s, struct upgrade **at, enum pm_err err, const char *why)
{
    char *text PM_CLEANUP(pm_free) = pm_printf("deputy %s is not upgraded: %s",
                                               (*at)->deputy->name, why);

    tell(s, *at, text);
    api_reply(s, (*at)->peer, (*at)->request, err, "%s", text);
    forget(at);
}

static struct upgrade **find(struct sheriff *s, const struct deputy *deputy)
{
    struct upgrade **at = &s->upgrades;

    while (*at != NULL && (*at)->deputy != deputy)
        at = &(*at)->next;
    return at;
}

void upgrades_take(struct sheriff *s, const struct sheriff_client *client,
                   const struct pm_upgrade *ask)
{
    struct deputy *deputy = fleet_find(&s->fleet, ask->host);
    char name[PM_LIMIT_NAME * 4 + 1];
    struct upgrade *upgrade;

    if (deputy == NULL) {
        api_reply(s, client->peer, ask->request, PM_NOT_FOUND, "there is no deputy called %s",
                  pm_text_safe(ask->host, name, sizeof name));
        return;
    }
    if (deputy->link != PM_LINK_UP || deputy->session == 0) {
        api_reply(s, client->peer, ask->request, PM_LOST, "deputy %s is not connected",
                  deputy->name);
        return;
    }
    if (*find(s, deputy) != NULL) {
        api_reply(s, client->peer, ask->request, PM_BUSY, "deputy %s is being upgraded already",
                  deputy->name);
        return;
    }
    upgrade = pm_alloc(sizeof *upgrade);
    *upgrade = (struct upgrade){
        .next = s->upgrades, .deputy = deputy, .number = ++s->last_errand,
        .session = deputy->session, .epoch = deputy->epoch, .peer = client->peer,
        .request = ask->request, .by = api_by(client, ask->client),
        .version = pm_strdup(deputy->software),
        .deadline = pm_mono_after(s->now.mono, UPGRADE_MS),
    };
    s->upgrades = upgrade;
    if (!sessions_send(s, deputy, PM_MSG_UPGRADE, &(struct pm_upgrade){
            .session = deputy->session, .request = upgrade->number }))
        fail(s, &s->upgrades, PM_LOST, "the order did not reach it");
}

bool upgrades_on_done(struct sheriff *s, const struct deputy *deputy, const struct pm_done *done)
{
    struct upgrade **at = find(s, deputy);
    enum pm_err err = pm_err_from_word(done->error);

    if (*at == NULL || (*at)->number != done->request || (*at)->session != deputy->session)
        return false;
    (*at)->begun = err == PM_OK;
    if (err != PM_OK)
        fail(s, at, err, done->text);
    return true;
}

void upgrades_on_full(struct sheriff *s, struct deputy *deputy)
{
    struct upgrade **at = find(s, deputy), *upgrade = *at;
    char *text PM_CLEANUP(pm_free) = NULL;

    if (upgrade == NULL || upgrade->session == deputy->session)
        return;
    if (upgrade->epoch != deputy->epoch) {
        fail(s, at, PM_FAILED, "another deputy of that name has come, which knows nothing of its "
             "processes");
        return;
    }
    if (!upgrade->begun) {
        fail(s, at, PM_LOST, "its connection broke before it said that it begins; if its log does "
             "not say so either, ask again");
        return;
    }
    text = pm_printf("deputy %s is upgraded from %s to %s", deputy->name, upgrade->version,
                     deputy->software);
    tell(s, upgrade, text);
    api_reply(s, upgrade->peer, upgrade->request, PM_OK, "%s", "");
    forget(at);
}

void upgrades_check(struct sheriff *s)
{
    struct upgrade **at = &s->upgrades;

    while (*at != NULL) {
        bool silent = (*at)->deputy->session == (*at)->session;
        if (s->now.mono.ms < (*at)->deadline.ms)
            at = &(*at)->next;
        else
            fail(s, at, PM_TIMEOUT, silent ? "it does not answer"
                                           : "it has ended and not come back; see its log");
    }
}

void upgrades_fini(struct sheriff *s)
{
    while (s->upgrades != NULL) {
        api_reply(s, s->upgrades->peer, s->upgrades->request, PM_GONE, SHERIFF_ENDS);
        forget(&s->upgrades);
    }
}
