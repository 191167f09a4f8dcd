/* Adoption.
 *
 * A sheriff with an empty store meets deputies that run things. Killing what it does not know
 * would make one lost file the end of a whole fleet, so it takes over specs and wishes it has
 * none for, with their order numbers, and nothing starts or stops. Where it has a wish, its own
 * holds; only its order number must not lag behind, or the deputy would take it for an old one.
 */
#include "sheriffd/adopt.h"

#include "sheriffd/gates.h"
#include "sheriffd/load.h"
#include "sheriffd/orders.h"

#include <procman/process.h>
#include <procman/spec.h>

#include <stdlib.h>

#define AGAIN_MS 1000 /* the store has refused an adoption */

/* No deputy of ours counts so far. Taken over, a higher number would leave none for orders. */
#define ORDER_MOST ((uint64_t)INT64_MAX / 2)

struct adoption {
    struct adoption *next;
    struct pm_holding holding;   /* in the arena; its session says whose it is */
    struct pm_arena arena;
    struct pm_mono at;           /* not to be entered before */
    bool entered;                /* into the transaction under way */
    bool again;                  /* it was refused before, and has been spoken of */
};

/* Both lists are sorted by id, so it usually is where its spec is. */
static const struct pm_want *want_of(const struct pm_holding *holding, size_t at)
{
    static const struct pm_want none;
    uint64_t id = holding->specs.at[at].id;

    if (at < holding->wants.n && holding->wants.at[at].id == id)
        return &holding->wants.at[at];
    for (size_t i = 0; i < holding->wants.n; i++)
        if (holding->wants.at[i].id == id)
            return &holding->wants.at[i];
    return &none;
}

static bool is_ours(const struct sheriff *s, const struct pm_spec *spec)
{
    const struct wish *wish = desired_find(&s->desired, spec->host, spec->group, spec->name);

    return wish != NULL;
}

static void adopt_one(struct sheriff *s, const struct pm_spec *spec, const struct pm_want *want)
{
    struct wish *wish = desired_add(&s->desired, spec);

    wish->up = want->up;
    desired_raise(&s->desired, wish, want->order);
    fleet_link(&s->fleet, wish);
}

/* Why it cannot be taken over, or NULL. Where there is room it is counted in. */
static const char *fault_of(struct loads *loads, const struct pm_spec *spec,
                            const struct pm_want *want)
{
    const char *fault = pm_spec_fault(spec);

    if (fault != NULL)
        return fault;
    if (want->order > ORDER_MOST)
        return "the number of its order is none a sheriff gives";
    return loads_take(loads, spec->host, spec) ? NULL : "there is no room for it";
}

static void record(struct sheriff *s, const struct pm_spec *spec, const char *fault)
{
    struct journal_about about = { spec->host, spec->group, spec->name };

    if (fault == NULL)
        journal_add(&s->journal, s->now.wall, about, "added", "",
                    "adopted from deputy %s, which had it from another sheriff", spec->host);
    else
        journal_add(&s->journal, s->now.wall, about, "removed", "", "not adopted from deputy %s: "
                    "%s; it is stopped", spec->host, fault);
}

static void enter(struct sheriff *s, struct deputy *deputy, const struct adoption *adoption)
{
    const struct pm_holding *holding = &adoption->holding;
    size_t adopted = 0, refused = 0;
    struct loads loads;

    loads_init(&loads, &s->desired, 1);
    for (size_t i = 0; i < holding->specs.n; i++) {
        struct pm_spec spec = holding->specs.at[i];
        const struct pm_want *want = want_of(holding, i);

        spec.host = deputy->name;
        if (is_ours(s, &spec))
            continue;
        const char *fault = fault_of(&loads, &spec, want);

        adopted += fault == NULL;
        refused += fault != NULL;
        if (fault == NULL)
            adopt_one(s, &spec, want);
        if (!adoption->again)
            record(s, &spec, fault);
    }
    loads_fini(&loads);
    if (adopted > 0 && !adoption->again)
        sheriff_log(s, PM_LOG_WARNING, "deputy %s: adopted %zu processes that it had from another "
                    "sheriff", deputy->name, adopted);
    if (refused > 0 && !adoption->again)
        sheriff_log(s, PM_LOG_ERROR, "deputy %s: %zu processes that it had from another sheriff "
                    "cannot be adopted and are stopped; procmanctl events says why of each",
                    deputy->name, refused);
}

/* ---- until it is stored ----------------------------------------------------------- */

void adopt_take(struct sheriff *s, struct deputy *deputy, const struct pm_holding *holding)
{
    struct adoption *adoption;

    if (deputy->adopting)
        return;
    adoption = pm_alloc(sizeof *adoption);
    pm_arena_init(&adoption->arena, SIZE_MAX); /* a copy may need more than it came in */
    enum pm_err err = pm_copy(&pm_holding_desc, holding, &adoption->arena, &adoption->holding);
    pm_assert(err == PM_OK); /* it came in one message */
    adoption->next = s->adoptions;
    s->adoptions = adoption;
    deputy->adopting = true;
}

bool adopt_is_due(const struct sheriff *s)
{
    for (const struct adoption *adoption = s->adoptions; adoption; adoption = adoption->next)
        if (!adoption->entered && s->now.mono.ms >= adoption->at.ms)
            return true;
    return false;
}

static struct deputy *deputy_of(const struct sheriff *s, const struct adoption *adoption)
{
    for (size_t i = 0; i < s->fleet.n; i++)
        if (s->fleet.deputies[i]->session == adoption->holding.session)
            return s->fleet.deputies[i];
    return NULL; /* it will say it again in its next session */
}

void adopt_enter(struct sheriff *s)
{
    for (struct adoption *adoption = s->adoptions; adoption; adoption = adoption->next) {
        struct deputy *deputy = deputy_of(s, adoption);

        if (adoption->entered || s->now.mono.ms < adoption->at.ms)
            continue;
        adoption->entered = true;
        if (deputy != NULL)
            enter(s, deputy, adoption);
    }
}

static void drop(struct adoption **at)
{
    struct adoption *adoption = *at;

    *at = adoption->next;
    pm_arena_fini(&adoption->arena);
    free(adoption);
}

/* While it had what nobody had wished for, it was told nothing: its gates are still to be looked
 * at. */
static void has_adopted(struct sheriff *s, struct deputy *deputy)
{
    deputy->adopting = false;
    for (size_t i = 0; i < deputy->post->n; i++)
        gates_touch(s, deputy->post->wishes[i]);
}

void adopt_stored(struct sheriff *s, enum pm_err err)
{
    struct adoption **at = &s->adoptions;

    while (*at != NULL) {
        struct adoption *adoption = *at;
        struct deputy *deputy = deputy_of(s, adoption);

        if (adoption->entered && (err == PM_OK || deputy == NULL)) {
            if (deputy != NULL)
                has_adopted(s, deputy);
            drop(at);
            continue;
        }
        if (adoption->entered) {
            adoption->entered = false;
            adoption->again = true;
            adoption->at = pm_mono_after(s->now.mono, AGAIN_MS);
        }
        at = &adoption->next;
    }
}

void adopt_fini(struct sheriff *s)
{
    while (s->adoptions != NULL)
        drop(&s->adoptions);
}

/* ---- order numbers ---------------------------------------------------------------- */

/* The wish is to hold as it is: what lives as wished goes on under the deputy's number, what
 * does not needs a new order. */
static void raise_order(struct sheriff *s, struct wish *wish)
{
    uint64_t obeyed = wish->seen->row.order, before = wish->order;
    bool as_wished = pm_state_alive(wish->seen->row.state) || !wish->up;

    if (obeyed > ORDER_MOST)
        return;
    if (obeyed > s->desired.last_order)
        s->desired.last_order = obeyed;
    desired_raise(&s->desired, wish, as_wished ? obeyed : s->desired.last_order + 1);
    orders_renumber(wish, before);
}

void adopt_orders(struct sheriff *s)
{
    for (size_t i = 0; i < s->raises.n; i++) {
        struct wish *wish = desired_by_id(&s->desired, s->raises.at[i]);

        if (wish != NULL && wish->seen != NULL && !wish->removing &&
            wish->seen->row.order > wish->order)
            raise_order(s, wish);
    }
    s->raises.n = 0;
}
