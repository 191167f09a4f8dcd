/* Policies follow from a ward's number and never change, so that a final state can be judged:
 * what is wanted and always to be restarted has to live in the end, whatever happened.
 */
#include "sim/ward.h"

#include "sim/site.h"

#include <procman/spec.h>

#include <stdio.h>
#include <stdlib.h>

void request_free(struct request *request)
{
    free(request->wards);
    free(request->drafts);
    free(request->gone);
    free(request);
}

bool request_speaks_of(const struct request *request, const struct ward *ward)
{
    bool of_file = request->kind == PM_MSG_APPLY && request->mode == PM_APPLY_MODE_MERGE;

    for (size_t i = 0; i < request->n; i++)
        if (request->wards[i] == ward ||
            (of_file && request->wards[i]->number == ward->number))
            return true;
    return request->prune;
}

void ward_label(const struct ward *ward, char *text, size_t size)
{
    pm_spec_label(ward->group, ward->name, ward->site->name, text, size);
}

bool ward_is_attended(const struct ward *ward)
{
    return ward->number % WARD_POLICIES == WARD_ATTENDED;
}

struct pm_spec ward_spec(const struct ward *ward, const struct draft *draft)
{
    static const enum pm_auto_restart restart[WARD_POLICIES] = {
        [WARD_ALWAYS] = PM_AUTO_RESTART_ALWAYS, [WARD_ON_FAILURE] = PM_AUTO_RESTART_ON_FAILURE,
        [WARD_NEVER] = PM_AUTO_RESTART_NO, [WARD_FEW] = PM_AUTO_RESTART_ALWAYS,
        [WARD_ATTENDED] = PM_AUTO_RESTART_ALWAYS,
    };
    unsigned policy = ward->number % WARD_POLICIES;
    struct pm_spec spec;

    pm_spec_init(&spec);
    spec.group = ward->group;
    spec.name = ward->name;
    spec.host = ward->site->name;
    spec.command = draft->command;
    spec.autostart = draft->autostart;
    spec.auto_restart = restart[policy];
    spec.restart_delay_ms = 100;
    spec.restart_max_delay_ms = 1500;
    spec.restart_factor = 2;
    spec.restart_max_failures = policy == WARD_FEW ? 3 : 0;
    spec.sheriff_loss_ms = policy == WARD_ATTENDED ? ATTENDED_MS : 0;
    spec.stop_timeout_ms = 300 + 200 * (ward->number % 5);
    return spec;
}

static void obey_order(struct ward *ward, const struct request *request)
{
    ward->held_unknown = false;
    switch (request->verb) {
    case PM_VERB_START:
        ward->up = true;
        ward->held = false;
        break;
    case PM_VERB_STOP:
        ward->up = false;
        ward->held = true;
        break;
    case PM_VERB_RESTART:
        ward->up = true;
        ward->held = false;
        ward->anew_ms = request->sent_ms;
        ward->any_version = false;
        break;
    case PM_VERB_REMOVE:
        ward->exists = ward->up = false;
        break;
    default:
        break;
    }
}

static void obey_draft(struct ward *ward, const struct request *request,
                       const struct draft *draft)
{
    bool merge = request->mode == PM_APPLY_MODE_MERGE;
    bool same = ward->exists && draft->version == ward->version
                && draft->autostart == ward->autostart;

    if (draft->from != NULL) {
        ward->exists = true;
        ward->sure = draft->from_sure;
        ward->held = draft->held;
        ward->held_unknown = false;
        ward->up = draft->up || (draft->autostart && !draft->held);
    } else if (!ward->exists) {
        ward->exists = true;
        ward->held = !merge;
        ward->held_unknown = false;
        ward->up = merge && draft->autostart;
    } else if (!same && merge && !ward->up && ward->held_unknown) {
        ward->sure = false;
    } else if (!same && merge && !ward->up && !ward->held) {
        ward->up = draft->autostart;
    }
    if (draft->version != ward->version)
        ward->any_version = draft->live;
    ward->version = draft->version;
    ward->autostart = draft->autostart;
}

void ward_obey(struct world *w, struct ward *ward, const struct request *request, size_t at)
{
    char label[PM_LABEL_SIZE];

    if (request->kind == PM_MSG_ORDER)
        obey_order(ward, request);
    else if (at < request->n)
        obey_draft(ward, request, &request->drafts[at]);
    else if (request->prune || request->gone[ward - w->operator->wards])
        ward->exists = ward->up = false;
    else
        return; /* of the same name as one that the file names, and none of the file's */
    ward_label(ward, label, sizeof label);
    tell(w, "promised: %s %s, %s, version %u", label, ward->exists ? "exists" : "is no more",
         ward->up ? "up" : "down", ward->version);
}
