/* The list of processes, as it is written: one item of the list, one spec. */
#include "config/loading.h"
#include "config/probes.h"

#include <procman/limits.h>
#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>

/* Two keys that say one thing in two ways; the error stands at the second. */
static void refuse_both(struct pm_loading *load, const struct pm_node *map, const char *one,
                        const char *other, const char *what)
{
    const struct pm_node *first = pm_node_get(map, one), *second = pm_node_get(map, other);

    if (first != NULL && second != NULL)
        pm_report_add(load->reading.report, first->key_place > second->key_place
                                                ? first->key_place : second->key_place,
                      "%s has both %s and %s; one of them says %s", load->reading.subject, one,
                      other, what);
}

static void check_pairs(struct pm_loading *load, const struct pm_node *map)
{
    if (pm_node_get(map, "command") == NULL && pm_node_get(map, "exec") == NULL)
        pm_report_add(load->reading.report, map->place, "%s has neither command nor exec",
                      load->reading.subject);
    refuse_both(load, map, "command", "exec", "what to run");
    refuse_both(load, map, "host", "hosts", "where it runs");
    refuse_both(load, map, "schedule", "every", "when it is started");
}

static char *subject_of(const struct pm_node *map, size_t nth)
{
    const struct pm_node *name = map->kind == PM_NODE_MAP ? pm_node_get(map, "name") : NULL;
    char text[PM_QUOTE_SIZE];

    if (name == NULL || name->kind != PM_NODE_SCALAR)
        return pm_printf("process %zu", nth);
    return pm_printf("process '%s'", pm_quote(name->text, text));
}

/* What no single key can see, such as a first pause longer than the longest. Others it waits
 * for are not known yet, nor how many of it there will be. */
static void check_whole(struct pm_loading *load, const struct pm_layer *layer,
                        const struct pm_item *item)
{
    struct pm_spec alone = item->spec;

    alone.depends_on.n = 0;
    alone.instances = 0;
    if (alone.env.at == layer->spec.env.at)
        alone.env.n = 0; /* the same for thousands, and judged where it was read */
    const char *fault = pm_spec_fault(&alone);
    if (fault != NULL)
        pm_report_add(load->reading.report, item->place, "%s: %s", load->reading.subject, fault);
}

static void read_process(struct pm_loading *load, const struct pm_node *map)
{
    struct pm_reading *reading = &load->reading;
    const struct pm_node *group = pm_node_get(map, "group"), *waits = NULL;
    const char *path = group != NULL && group->kind == PM_NODE_SCALAR ? group->text : "";
    const struct pm_layer *layer = pm_layer_of(load, path);
    struct pm_item *item = &load->items[load->items_n++];
    size_t before = reading->report->count + reading->report->more;

    load->bytes += layer->bytes;
    *item = (struct pm_item){ .spec = layer->spec, .place = map->place, .waits = layer->waits,
                              .hosts = pm_node_get(map, "hosts") };
    pm_value_read_keys(reading, map, "", PM_IN_PROCESS, &item->spec);
    waits = pm_node_get(map, "depends_on");
    if (waits != NULL) {
        item->waits = waits;
        item->own_waits = true;
    }
    if (pm_node_get(map, "name") == NULL)
        pm_report_add(reading->report, map->place, "%s has no name", reading->subject);
    check_pairs(load, map);
    pm_probes_check(reading, map, PM_IN_PROCESS, &item->spec);
    pm_probes_settle(&item->spec);
    item->spec.origin = pm_loading_origin(load, map->place);
    if (reading->report->count + reading->report->more == before)
        check_whole(load, layer, item);
}

static void read_item(struct pm_loading *load, const struct pm_node *node, size_t nth)
{
    char *subject = subject_of(node, nth);

    load->reading.subject = subject;
    if (node->kind == PM_NODE_MAP)
        read_process(load, node);
    else
        pm_report_add(load->reading.report, node->place, "%s is %s; expected a map such as "
                      "{name: cam, command: camd}", subject, pm_node_word(node));
    load->reading.subject = NULL;
    free(subject);
}

void pm_processes_read(struct pm_loading *load)
{
    struct pm_report *report = load->reading.report;
    bool said = false;

    for (size_t i = 0; i < load->pages_n; i++) {
        const struct pm_node *list = pm_loading_part(load, load->pages[i], "processes",
                                                     PM_NODE_LIST);
        size_t nth = 0;
        said = said || pm_node_get(load->pages[i], "processes") != NULL;
        if (list == NULL || list->n == 0)
            continue;
        if (load->items_n + list->n > PM_LIMIT_PROCESSES) {
            pm_report_add(report, list->place, "more than %d processes", PM_LIMIT_PROCESSES);
            return;
        }
        load->items = pm_resize(load->items, load->items_n + list->n, sizeof(*load->items));
        for (const struct pm_node *node = list->first;
             node != NULL && load->bytes <= PM_LIMIT_CONFIG_SPECS; node = node->next)
            read_item(load, node, ++nth);
    }
    if (load->bytes > PM_LIMIT_CONFIG_SPECS)
        pm_loading_too_much(load, load->pages[0]->place);
    if (!said)
        pm_report_add(report, load->pages[0]->place, "the key 'processes' is missing; write "
                      "processes: [] for none");
}
