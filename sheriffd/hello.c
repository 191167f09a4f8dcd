/* Who is taken.
 *
 * One name is one deputy. Under one epoch come the brains of one deputy, each after the other: the
 * last one holds the session. Under another epoch comes another deputy of that name, on a cloned
 * host perhaps, and its processes would run twice: as long as the first is heard, or was a moment
 * ago, it is refused. Both sides say so, the first one's row in `deputies` shows it, and nothing
 * else changes for the first.
 *
 * A sheriff that begins again remembers the wishes and not who had them. So for a moment it takes
 * only those who hold its wishes still; one that does not may be such a second.
 */
#include "sheriffd/hello.h"

#include "sheriffd/sessions.h"

#include <procman/limits.h>
#include <procman/spec.h>
#include <procman/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* It asks again every few seconds: that is said once in a while. */
#define REFUSAL_QUIET_MS 60000
#define FIRST_COME_MS     3000 /* deputies try again every two seconds at least */
#define SECOND_SHOWN_MS  10000 /* and so does one that is refused */

static void refuse(struct sheriff *s, uint64_t peer, const char *name, enum pm_err err,
                   const char *text)
{
    struct pm_refused refused = { .version = PM_PROTOCOL_VERSION, .error = pm_err_word(err),
                                  .text = text };
    struct deputy *deputy = fleet_find(&s->fleet, name);
    struct pm_mono *last = deputy != NULL ? &deputy->refused : &s->refused;

    (void)s->port->to_deputy(s->self, peer, PM_MSG_REFUSED, &refused);
    if (last->ms != 0 && pm_mono_since(*last, s->now.mono) < REFUSAL_QUIET_MS)
        return;
    *last = s->now.mono;
    sessions_note(s, name, "deputy-refused", text);
}

static void replace_text(char **text, const char *with)
{
    free(*text);
    *text = pm_strdup(with);
}

/* It happens to honest deputies, too: nothing to speak of. */
static void ask_again(struct sheriff *s, uint64_t peer)
{
    struct pm_refused refused = {
        .version = PM_PROTOCOL_VERSION, .error = pm_err_word(PM_BUSY),
        .text = "it has just begun, and waits a moment for the deputy of this name that holds its "
                "wishes; ask again",
    };

    (void)s->port->to_deputy(s->self, peer, PM_MSG_REFUSED, &refused);
}

/* Does somebody else of that name live? A connection that broke just now is no end. */
static bool is_taken(const struct sheriff *s, const struct deputy *deputy,
                     const struct pm_hello *hello)
{
    return deputy != NULL && deputy->link == PM_LINK_UP && deputy->epoch != hello->epoch &&
           pm_mono_since(deputy->heard, s->now.mono) < LOST_AFTER_MS;
}

static void refuse_second(struct sheriff *s, uint64_t peer, const char *address,
                          struct deputy *first, const struct pm_hello *hello)
{
    char host[4 * PM_LIMIT_NAME + 1], text[1024];

    pm_text_safe(hello->hostname, host, sizeof host);
    snprintf(text, sizeof text, "two deputies are called %s: the one on %s, connected from %s, "
             "stays; the one on %s, from %s, is refused. Stop one of them, or give it another "
             "--name", first->name, first->hostname, first->address, host, address);
    free(first->second);
    first->second = pm_printf("%s, from %s", host, address);
    first->second_at = s->now.mono;
    view_touch_post(&s->view, first->post);
    refuse(s, peer, first->name, PM_BUSY, text);
}

static void forget_second(struct sheriff *s, struct deputy *first)
{
    if (first->second == NULL)
        return;
    pm_free(&first->second);
    view_touch_post(&s->view, first->post);
}

void hello_check(struct sheriff *s, struct deputy *deputy)
{
    if (pm_mono_since(deputy->second_at, s->now.mono) >= SECOND_SHOWN_MS)
        forget_second(s, deputy);
}

/* Has the one that held these wishes not had the time to come back yet? */
static bool is_early(struct sheriff *s, const struct pm_hello *hello)
{
    const struct post *post = desired_find_post(&s->desired, hello->name);

    return s->remembers && pm_mono_since(s->began, s->now.mono) < FIRST_COME_MS &&
           hello->sheriff_id != s->id && post != NULL && post->n > 0 &&
           strcmp(hello->name, s->name) != 0;
}

static bool is_refused(struct sheriff *s, uint64_t peer, const char *address,
                       const struct pm_hello *hello)
{
    struct deputy *known = fleet_find(&s->fleet, hello->name);
    const char *fault = pm_name_fault(hello->name);
    char text[400];

    if (hello->version != PM_PROTOCOL_VERSION) {
        snprintf(text, sizeof text, "deputy %.*s speaks version %llu of the protocol, this "
                 "sheriff version %d; install the same release on both", PM_LIMIT_NAME,
                 hello->name, (unsigned long long)hello->version, PM_PROTOCOL_VERSION);
        refuse(s, peer, "", PM_VERSION, text);
    } else if (fault != NULL) {
        snprintf(text, sizeof text, "a deputy cannot be called \"%.*s\": %s", PM_LIMIT_NAME,
                 hello->name, fault);
        refuse(s, peer, "", PM_USAGE, text);
    } else if (is_taken(s, known, hello)) {
        refuse_second(s, peer, address, known, hello);
    } else if (is_early(s, hello)) {
        ask_again(s, peer);
    } else if (known == NULL && s->fleet.n >= PM_LIMIT_DEPUTIES) {
        snprintf(text, sizeof text, "there are %d deputies already, more than that a sheriff "
                 "does not take", PM_LIMIT_DEPUTIES);
        refuse(s, peer, "", PM_LIMIT, text);
    } else {
        return false;
    }
    return true;
}

void hello_take(struct sheriff *s, uint64_t peer, const char *address,
                const struct pm_hello *hello)
{
    struct deputy *deputy, *former = fleet_by_peer(&s->fleet, peer);
    char host[4 * PM_LIMIT_NAME + 1], text[400];

    if (is_refused(s, peer, address, hello))
        return;
    deputy = fleet_deputy(&s->fleet, &s->desired, hello->name);
    if (former != NULL && former != deputy) {
        fleet_end(&s->fleet, former, PM_LINK_LOST);
        sessions_lose(s, former, "its connection speaks for another deputy now");
    }
    bool again = deputy->link == PM_LINK_UP && deputy->epoch == hello->epoch;

    if (deputy->epoch != hello->epoch)
        forget_second(s, deputy); /* this may be the one */
    replace_text(&deputy->software, hello->software);
    replace_text(&deputy->hostname, pm_text_safe(hello->hostname, host, sizeof host));
    replace_text(&deputy->address, address);
    fleet_begin(&s->fleet, deputy, peer, s->port->random(s->self), hello->epoch, s->now.mono);
    struct pm_welcome welcome = { .version = PM_PROTOCOL_VERSION, .session = deputy->session,
                                  .sheriff_id = s->id, .software = PROCMAN_VERSION };
    if (!sessions_send(s, deputy, PM_MSG_WELCOME, &welcome))
        return;
    sessions_look(s, deputy);
    if (again)
        return;
    snprintf(text, sizeof text, "deputy %s has connected from %s", deputy->name, address);
    sessions_note(s, deputy->name, "deputy-up", text);
}
