#include "sim/twin.h"

#include "sim/network.h"
#include "sim/office.h"
#include "sim/site.h"

#include <procman/limits.h>

#define STAY_MS 5000 /* longer than the sheriff waits for the right one */
#define BEAT_MS 1000

static bool is_there(const struct connection *c)
{
    return c->at_deputy;
}

static void leave(struct world *w, void *subject, uint64_t session)
{
    struct connection *c = subject;

    if (!is_there(c))
        return;
    if (session != 0 && chance(w, 50))
        (void)network_say(c, PM_MSG_BYE, &(struct pm_bye){ .session = session });
    network_leave(c);
}

static void beat(struct world *w, void *subject, uint64_t session)
{
    if (!is_there(subject))
        return;
    (void)network_say(subject, PM_MSG_BEAT, &(struct pm_beat){ .session = session, .seq = 1 });
    later(w, BEAT_MS, beat, subject, session);
}

static void begin(struct connection *c, uint64_t session)
{
    struct world *w = c->site->w;

    tell(w, "a twin of %s is believed", c->site->name);
    (void)network_say(c, PM_MSG_STATUS, &(struct pm_status){ .session = session, .seq = 1,
                                                             .full = true });
    later(w, BEAT_MS, beat, c, session);
    later(w, between(w, 0, STAY_MS), leave, c, session);
}

void twin_hear(struct connection *c, struct letter *letter)
{
    struct opened opened;

    letter_open(letter, &opened);
    if (is_there(c) && letter->kind == PM_MSG_WELCOME)
        begin(c, ((const struct pm_welcome *)opened.msg)->session);
    else if (is_there(c) && letter->kind == PM_MSG_REFUSED)
        leave(c->site->w, c, 0);
    letter_close(letter, &opened);
}

void twin_come(struct site *site)
{
    struct world *w = site->w;

    if (!office_is_open(w))
        return;
    struct connection *c = network_connect_twin(site);
    struct pm_hello hello = { .version = PM_PROTOCOL_VERSION, .name = site->name,
                              .hostname = "elsewhere", .software = "twin", .epoch = c->twin,
                              .boot_id = "another boot" };

    tell(w, "a twin of %s comes", site->name);
    (void)network_say(c, PM_MSG_HELLO, &hello);
    later(w, STAY_MS, leave, c, 0);
}
