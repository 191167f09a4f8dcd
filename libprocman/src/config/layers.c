/* What processes begin with: the built-in defaults, changed by `defaults`, changed by each group
 * on the way down. Each of these is itself a spec and is read once, however many processes stand
 * below it; a process is a copy of its nearest ancestor with its own keys on top.
 */
#include "config/loading.h"
#include "config/probes.h"

#include <procman/limits.h>
#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>

static void read_keys(struct pm_loading *load, const struct pm_node *map, struct pm_layer *layer)
{
    const struct pm_node *waits = pm_node_get(map, "depends_on");

    pm_value_read_keys(&load->reading, map, "", PM_IN_DEFAULTS, &layer->spec);
    pm_probes_check(&load->reading, map, PM_IN_DEFAULTS, &layer->spec);
    if (waits != NULL)
        layer->waits = waits;
    layer->bytes = pm_encoded_size(&pm_spec_desc, &layer->spec);
}

static void read_defaults(struct pm_loading *load)
{
    const struct pm_node *first = NULL;

    pm_spec_init(&load->base.spec);
    load->reading.subject = "defaults";
    for (size_t i = 0; i < load->pages_n; i++) {
        const struct pm_node *node = pm_loading_part(load, load->pages[i], "defaults", PM_NODE_MAP);
        if (node != NULL && first != NULL)
            pm_report_twice(load->reading.report, node->key_place, first->key_place, "key",
                            "defaults");
        else if (node != NULL)
            read_keys(load, first = node, &load->base);
    }
}

const struct pm_layer *pm_layer_of(const struct pm_loading *load, const char *path)
{
    for (size_t n = strlen(path); n > 0;) {
        size_t low = 0, high = load->layers_n;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            int order = strncmp(load->layers[middle].path, path, n);
            if (order == 0 && load->layers[middle].path[n] == '\0')
                return &load->layers[middle];
            if (order < 0)
                low = middle + 1;
            else
                high = middle;
        }
        while (n > 0 && path[--n] != '/')
            ;
    }
    return &load->base;
}

static int by_path(const void *left, const void *right)
{
    const struct pm_node *a = *(const struct pm_node *const *)left;
    const struct pm_node *b = *(const struct pm_node *const *)right;
    int order = strcmp(a->key, b->key);

    return order != 0 ? order : (a->key_place > b->key_place) - (a->key_place < b->key_place);
}

static void read_group(struct pm_loading *load, const struct pm_node *node)
{
    struct pm_reading *reading = &load->reading;
    char path[PM_QUOTE_SIZE];
    const char *fault = *node->key != '\0' ? pm_group_fault(node->key)
                                           : "a group that has defaults has a name";

    if (fault != NULL)
        pm_report_add(reading->report, node->key_place, "group '%s': %s",
                      pm_quote(node->key, path), fault);
    char *subject = pm_printf("group '%s'", pm_quote(node->key, path));
    reading->subject = subject;
    struct pm_layer layer = *pm_layer_of(load, node->key);
    layer.path = node->key;
    if (node->kind == PM_NODE_MAP)
        read_keys(load, node, &layer);
    else
        pm_report_add(reading->report, node->place, "%s is %s; expected a map, {} for none",
                      subject, pm_node_word(node));
    free(subject);
    load->layers[load->layers_n++] = layer;
}

/* Of all pages; NULL when there are none, or too many. */
static const struct pm_node **find_groups(struct pm_loading *load, size_t *out_n)
{
    const struct pm_node **all = NULL;
    size_t n = 0;

    for (size_t i = 0; i < load->pages_n; i++) {
        const struct pm_node *map = pm_loading_part(load, load->pages[i], "groups", PM_NODE_MAP);
        if (map == NULL || map->n == 0)
            continue;
        if (n + map->n > PM_LIMIT_PROCESSES) {
            pm_report_add(load->reading.report, map->place, "more than %d groups",
                          PM_LIMIT_PROCESSES);
            break;
        }
        all = pm_resize(all, n + map->n, sizeof(*all));
        for (const struct pm_node *node = map->first; node != NULL; node = node->next)
            all[n++] = node;
    }
    *out_n = n;
    return all;
}

void pm_layers_read(struct pm_loading *load)
{
    size_t n = 0;

    read_defaults(load);
    const struct pm_node **groups = find_groups(load, &n);
    if (n == 0)
        return;
    load->layers = pm_alloc(n * sizeof(*load->layers));
    qsort(groups, n, sizeof(*groups), by_path);
    for (size_t i = 0; i < n; i++) {
        bool again = i > 0 && strcmp(groups[i - 1]->key, groups[i]->key) == 0;
        const struct pm_source *source = pm_report_at(load->reading.report, groups[i]->place);
        if (!again)
            read_group(load, groups[i]);
        else if (source != pm_report_at(load->reading.report, groups[i - 1]->place))
            pm_report_twice(load->reading.report, groups[i]->key_place, groups[i - 1]->key_place,
                            "group", groups[i]->key); /* in one file the reader has said so */
    }
    free(groups);
}
