/* Orders at random: start, stop, restart, remove, and applies in every mode.
 *
 * Mostly one request at a time speaks of a ward, so that the operator can say what must come of
 * it; sometimes two cross, and then only that all agree in the end.
 */
#include "sim/orders.h"

#include "sim/office.h"
#include "sim/site.h"
#include "sim/ward.h"

#include <procman/limits.h>
#include <procman/spec.h>

#include <stdio.h>
#include <stdlib.h>

#define WARDS_MOST 24 /* in one order */

static struct request *begin(struct world *w, enum pm_msg kind)
{
    struct request *request = pm_alloc(sizeof *request);

    request->number = ++w->operator->last_request;
    request->kind = kind;
    request->sent_ms = w->now_ms;
    request->wards = pm_alloc(w->operator->n * sizeof(struct ward *));
    request->drafts = pm_alloc(w->operator->n * sizeof *request->drafts);
    request->gone = pm_alloc(w->operator->n * sizeof *request->gone);
    return request;
}

static bool has(const struct request *request, const struct ward *ward)
{
    for (size_t i = 0; i < request->n; i++)
        if (request->wards[i] == ward)
            return true;
    return false;
}

static void add(struct world *w, struct request *request, struct ward *ward)
{
    if (has(request, ward) || (ward->open > 0 && !chance(w, 10)))
        return;
    request->wards[request->n++] = ward;
}

static void add_some(struct world *w, struct request *request, size_t most)
{
    size_t n = 1 + roll(w, most);

    for (size_t i = 0; i < n; i++)
        add(w, request, &w->operator->wards[roll(w, w->operator->n)]);
}

/* Who else speaks of the same wards crosses us, and we cross him. */
static void cross(struct world *w, struct request *request)
{
    struct operator *o = w->operator;

    for (size_t i = 0; i < o->n; i++) {
        struct ward *ward = &o->wards[i];
        if (!request_speaks_of(request, ward))
            continue;
        request->crossed |= ward->open > 0;
        ward->open++;
        ward->requests++;
    }
    for (struct request *other = o->requests; request->crossed && other != NULL;
         other = other->next)
        other->crossed = true;
}

static void open_request(struct world *w, struct request *request)
{
    struct operator *o = w->operator;

    cross(w, request);
    request->next = o->requests;
    o->requests = request;
}

/* ---- orders ----------------------------------------------------------------------- */

static void order(struct world *w)
{
    static const enum pm_verb verbs[] = { PM_VERB_START, PM_VERB_STOP, PM_VERB_RESTART,
                                          PM_VERB_START, PM_VERB_RESTART, PM_VERB_REMOVE };
    struct request *request = begin(w, PM_MSG_ORDER);
    char labels[WARDS_MOST][PM_LABEL_SIZE];
    const char *words[WARDS_MOST];
    struct pm_order order = { .request = request->number, .version = PM_PROTOCOL_VERSION,
                              .verb = verbs[roll(w, PM_COUNT(verbs))], .wait = chance(w, 20),
                              .select = { .at = words }, .client = "sim" };

    add_some(w, request, chance(w, 70) ? 1 : WARDS_MOST);
    if (request->n == 0) {
        request_free(request);
        return;
    }
    for (size_t i = 0; i < request->n; i++) {
        ward_label(request->wards[i], labels[i], sizeof labels[i]);
        words[i] = labels[i];
        tell(w, "request %llu: %s %s", (unsigned long long)request->number,
             pm_word(&pm_verb_words, (int)order.verb), labels[i]);
    }
    order.select.n = request->n;
    request->verb = order.verb;
    request->wait = order.wait;
    open_request(w, request);
    office_on_client(w, PM_MSG_ORDER, &order);
}

/* ---- applies ---------------------------------------------------------------------- */

static void draft(struct world *w, const struct ward *ward, struct draft *out)
{
    bool keeps = ward->version > 0 && chance(w, 50);

    out->version = keeps ? ward->version : ward->version + 1;
    out->autostart = ward->version == 0 ? chance(w, 80)
                     : chance(w, 20)    ? !ward->autostart : ward->autostart;
    snprintf(out->command, sizeof out->command, "run v%u", out->version);
}

static void send_apply(struct world *w, struct request *request)
{
    struct pm_spec *specs = pm_alloc((request->n + 1) * sizeof *specs);
    struct pm_apply apply = { .request = request->number, .version = PM_PROTOCOL_VERSION,
                              .mode = request->mode, .prune = request->prune,
                              .specs = { .at = specs, .n = request->n }, .client = "sim",
                              .source = "sim.yaml" };

    for (size_t i = 0; i < request->n; i++) {
        draft(w, request->wards[i], &request->drafts[i]);
        specs[i] = ward_spec(request->wards[i], &request->drafts[i]);
    }
    tell(w, "request %llu: %s %zu specs%s", (unsigned long long)request->number,
         pm_word(&pm_apply_mode_words, (int)request->mode), request->n,
         request->prune ? ", prune" : "");
    open_request(w, request);
    office_on_client(w, PM_MSG_APPLY, &apply);
    free(specs);
}

static void apply(struct world *w)
{
    static const enum pm_apply_mode modes[] = { PM_APPLY_MODE_MERGE, PM_APPLY_MODE_MERGE,
                                                PM_APPLY_MODE_EDIT, PM_APPLY_MODE_ADD };
    struct request *request = begin(w, PM_MSG_APPLY);

    request->mode = modes[roll(w, PM_COUNT(modes))];
    add_some(w, request, request->mode == PM_APPLY_MODE_MERGE ? w->operator->n / 4 + 1 : 1);
    send_apply(w, request);
}

static void prune(struct world *w)
{
    struct request *request = begin(w, PM_MSG_APPLY);

    request->mode = PM_APPLY_MODE_MERGE;
    request->prune = true;
    for (size_t i = 0; i < w->operator->n; i++)
        if (chance(w, 85))
            request->wards[request->n++] = &w->operator->wards[i];
    send_apply(w, request);
}

void orders_apply_all(struct world *w)
{
    struct request *request = begin(w, PM_MSG_APPLY);

    for (size_t i = 0; i < w->operator->n; i++)
        request->wards[request->n++] = &w->operator->wards[i];
    send_apply(w, request);
}

void orders_give(struct world *w)
{
    uint64_t what = roll(w, 100);

    if (what < 70)
        order(w);
    else if (what < 97)
        apply(w);
    else
        prune(w);
}
