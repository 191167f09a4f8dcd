/* Dependencies as they are written. Which processes they mean is for resolve.c to say. */
#include "config/depends.h"
#include "config/reference.h"

#include <procman/limits.h>

static void read_one(struct pm_reading *reading, const struct pm_node *item,
                     struct pm_dependency *out)
{
    static const char *const what = "a dependency";
    const struct pm_key *process = pm_key_find("process", PM_IN_DEPENDENCY);

    *out = (struct pm_dependency){ .host = "", .group = "", .process = "" };
    if (item->kind == PM_NODE_MAP) {
        pm_value_read_keys(reading, item, "", PM_IN_DEPENDENCY, out);
        if (pm_node_get(item, process->name) == NULL)
            pm_report_add(reading->report, item->place, "%s does not say which process it waits "
                          "for; write {process: NAME}", reading->subject);
        return;
    }
    if (!pm_value_shaped(reading, what, item, PM_NODE_SCALAR, "a process such as "
                         "drivers/lidar@robot1, or a map"))
        return;
    const char *fault = pm_reference_fault(item->text);
    out->process = item->text;
    if (fault != NULL)
        pm_value_fault(reading, what, item, fault);
}

void pm_depends_read(struct pm_reading *reading, const struct pm_node *list,
                     struct pm_dependency_list *out)
{
    struct pm_dependency *all = pm_arena_get(reading->arena, (list->n + 1) * sizeof(*all));
    const char *subject = reading->subject;
    size_t n = 0;

    if (list->n > PM_LIMIT_DEPENDENCIES || all == NULL) {
        pm_report_add(reading->report, list->place, "more than %d dependencies",
                      PM_LIMIT_DEPENDENCIES);
        return;
    }
    for (const struct pm_node *item = list->first; item != NULL; item = item->next) {
        char *own = pm_printf("a dependency%s%s", subject != NULL ? " of " : "",
                              subject != NULL ? subject : "");
        reading->subject = item->kind == PM_NODE_MAP ? own : subject;
        read_one(reading, item, &all[n++]);
        pm_free(&own);
    }
    reading->subject = subject;
    *out = (struct pm_dependency_list){ .at = all, .n = n };
}

bool pm_depends_alone(struct pm_arena *arena, struct pm_spec *spec)
{
    for (size_t i = 0; i < spec->depends_on.n; i++) {
        struct pm_dependency *other = &spec->depends_on.at[i];
        struct pm_reference reference;
        if (!pm_reference_split(arena, other->process, &reference))
            return false;
        other->process = reference.name;
        other->group = reference.group != NULL ? reference.group : spec->group;
        other->host = reference.host != NULL ? reference.host : spec->host;
    }
    return true;
}
