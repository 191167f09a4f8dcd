/* From items of a list to the processes they mean: one for each host, one for each instance.
 *
 * A pattern of hosts is held against the deputies that the file itself names, and so the same
 * file always means the same processes, whoever reads it.
 */
#include "config/loading.h"
#include "config/reference.h"
#include "core/glob.h"

#include <procman/limits.h>
#include <procman/spec.h>
#include <procman/suggest.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct expansion {
    struct pm_loading *load;
    struct pm_item *items; size_t n, cap;
    struct pm_strs known;         /* hosts a pattern may mean, sorted, each once */
};

/* ---- hosts ---- */

static int by_alias(const void *left, const void *right)
{
    return strcmp(left, ((const struct pm_alias *)right)->alias);
}

const char *pm_host_named(const struct pm_loading *load, const char *host)
{
    const struct pm_alias *found = load->aliases_n == 0 ? NULL
        : bsearch(host, load->aliases, load->aliases_n, sizeof(*load->aliases), by_alias);

    return found != NULL ? found->name : host;
}

const char *pm_host_meant(const struct pm_loading *load, const char *host)
{
    const char *name = pm_host_named(load, host);

    for (size_t i = 0; i < load->maps_n && *name != '\0'; i++)
        if (pm_glob_match(load->maps[i].from, name, strlen(name)))
            return pm_host_is_own(load->maps[i].to) ? "" : load->maps[i].to;
    return name;
}

static bool is_pattern(const char *text)
{
    return strpbrk(text, "*?[\\") != NULL;
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void add_known(struct pm_strs *known, size_t *cap, const char *host)
{
    if (known->n == *cap) {
        *cap = *cap * 2 + 16;
        known->at = pm_resize(known->at, *cap, sizeof(*known->at));
    }
    known->at[known->n++] = host;
}

/* Who is in `deputies`, and who is named as a host anywhere. */
static void find_known(struct expansion *all)
{
    const struct pm_loading *load = all->load;
    struct pm_strs *known = &all->known;
    size_t cap = 0, n = 0;

    for (size_t i = 0; i < load->deputies.n; i++)
        add_known(known, &cap, load->deputies.at[i]);
    for (size_t i = 0; i < load->items_n; i++) {
        const struct pm_node *list = load->items[i].hosts;
        if (list == NULL && *load->items[i].spec.host != '\0')
            add_known(known, &cap, pm_host_named(load, load->items[i].spec.host));
        for (const struct pm_node *node = list != NULL ? list->first : NULL; node != NULL;
             node = node->next)
            if (node->kind == PM_NODE_SCALAR && !is_pattern(node->text) &&
                !pm_host_is_own(node->text))
                add_known(known, &cap, pm_host_named(load, node->text));
    }
    if (known->n > 0)
        qsort(known->at, known->n, sizeof(*known->at), by_text);
    for (size_t i = 0; i < known->n; i++)
        if (n == 0 || strcmp(known->at[n - 1], known->at[i]) != 0)
            known->at[n++] = known->at[i];
    known->n = n;
}

static bool is_in(const struct pm_strs *hosts, const char *host)
{
    for (size_t i = 0; i < hosts->n; i++)
        if (strcmp(hosts->at[i], host) == 0)
            return true;
    return false;
}

/* The hosts that one word of a list means, added to those of the words before. */
static void add_hosts(struct expansion *all, const struct pm_node *node, struct pm_strs *hosts)
{
    struct pm_reading *reading = &all->load->reading;
    bool pattern = node->kind == PM_NODE_SCALAR && is_pattern(node->text), found = false;

    if (!pm_value_shaped(reading, "hosts", node, PM_NODE_SCALAR, "the name of a deputy"))
        return;
    const char *fault = pattern ? pm_glob_fault(node->text)
                        : pm_host_is_own(node->text) ? NULL : pm_name_fault(node->text);
    if (fault != NULL) {
        pm_value_fault(reading, "hosts", node, fault);
        return;
    }
    if (!pattern) {
        const char *host = pm_host_is_own(node->text) ? ""
                                                      : pm_host_meant(all->load, node->text);
        if (!is_in(hosts, host))
            hosts->at[hosts->n++] = host;
        return;
    }
    for (size_t i = 0; i < all->known.n; i++) {
        const char *host = all->known.at[i];
        if (!pm_glob_match(node->text, host, strlen(host)))
            continue;
        found = true;
        host = pm_host_meant(all->load, host);
        if (!is_in(hosts, host))
            hosts->at[hosts->n++] = host;
    }
    if (!found)
        pm_value_fault(reading, "hosts", node, "none of the deputies in this file is called so; "
                       "name them under 'deputies'");
}

/* ---- instances ---- */

static void report_too_many(const struct pm_loading *load, const struct pm_item *item)
{
    pm_report_add(load->reading.report, item->place, "with this there are more than %d processes",
                  PM_LIMIT_PROCESSES);
}

static bool add(struct expansion *all, const struct pm_item *item)
{
    if (all->n >= PM_LIMIT_PROCESSES) {
        report_too_many(all->load, item);
        return false;
    }
    if (all->n == all->cap) {
        all->cap = all->cap * 2 + 64 < PM_LIMIT_PROCESSES ? all->cap * 2 + 64 : PM_LIMIT_PROCESSES;
        all->items = pm_resize(all->items, all->cap, sizeof(*all->items));
    }
    all->items[all->n++] = *item;
    return true;
}

/* The number behind the ':' of a name that is already one of several; -1: it has none. */
static int64_t number_in(const char *name)
{
    const char *colon = strrchr(name, ':');
    size_t n = colon != NULL ? strspn(colon + 1, "0123456789") : 0;

    if (n == 0 || n > 4 || colon[1 + n] != '\0' || colon == name || (colon[1] == '0' && n > 1))
        return -1;
    return strtol(colon + 1, NULL, 10);
}

static bool add_instances(struct expansion *all, const struct pm_item *item)
{
    struct pm_loading *load = all->load;
    struct pm_item one = *item;
    int64_t number = number_in(item->spec.name);

    if (item->spec.instances <= 1)
        return add(all, item);
    if (number >= 0) {
        one.spec.instance = (uint64_t)number;
        if (one.spec.instance >= one.spec.instances)
            pm_report_add(load->reading.report, item->place, "process '%s' is called as one that "
                          "is not among its %" PRIu64 " instances, which are counted from 0",
                          item->spec.name, item->spec.instances);
        return add(all, &one);
    }
    for (uint64_t i = 0; i < item->spec.instances; i++) {
        char *name = pm_printf("%s:%" PRIu64, item->spec.name, i);
        one.spec.instance = i;
        one.spec.name = pm_arena_str(load->reading.arena, name, strlen(name));
        bool longer = strlen(name) > PM_LIMIT_NAME;
        free(name);
        if (one.spec.name == NULL) {
            pm_loading_no_memory(load, item->place);
            return false;
        }
        if (longer) {
            pm_report_add(load->reading.report, item->place, "process '%s' has too long a name "
                          "for %" PRIu64 " instances", item->spec.name, item->spec.instances);
            return true;
        }
        if (!add(all, &one))
            return false;
    }
    return true;
}

static bool add_everywhere(struct expansion *all, const struct pm_item *item)
{
    const struct pm_node *list = item->hosts;
    struct pm_item one = *item;
    struct pm_strs hosts = { 0 };
    bool more = true;

    if (list == NULL || list->kind != PM_NODE_LIST) {
        one.spec.host = pm_host_meant(all->load, item->spec.host);
        return add_instances(all, &one);
    }
    char *subject = pm_printf("process '%s'", item->spec.name);
    all->load->reading.subject = subject;
    hosts.at = pm_resize(NULL, all->known.n + list->n + 1, sizeof(*hosts.at));
    if (list->n == 0)
        pm_report_add(all->load->reading.report, list->place, "hosts of %s needs at least one "
                      "deputy", subject);
    for (const struct pm_node *node = list->first; node != NULL; node = node->next)
        add_hosts(all, node, &hosts);
    for (size_t i = 0; i < hosts.n && more; i++) {
        one.spec.host = hosts.at[i];
        more = add_instances(all, &one);
    }
    all->load->reading.subject = NULL;
    free(hosts.at);
    free(subject);
    return more;
}

/* A few lines can ask for millions; that is seen before anything is made. False: reported. */
static bool are_few(const struct pm_loading *load)
{
    uint64_t least = 0;

    for (size_t i = 0; i < load->items_n; i++) {
        const struct pm_spec *spec = &load->items[i].spec;
        least += spec->instances > 1 && number_in(spec->name) < 0 ? spec->instances : 1;
        if (least > PM_LIMIT_PROCESSES) {
            report_too_many(load, &load->items[i]);
            return false;
        }
    }
    return true;
}

/* ---- all of them ---- */

static int by_identity(const void *left, const void *right)
{
    const struct pm_item *a = left, *b = right;
    int order = pm_spec_order(&a->spec, &b->spec);

    return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

static void report_doubles(struct pm_loading *load)
{
    char label[PM_LABEL_SIZE];
    size_t first = 0;

    for (size_t i = 1; i < load->items_n; i++) {
        const struct pm_spec *spec = &load->items[i].spec;
        if (pm_spec_order(&load->items[first].spec, spec) != 0) {
            first = i;
            continue;
        }
        if (*spec->name == '\0')
            continue; /* that it has no name is said already */
        pm_spec_label(spec->group, spec->name, spec->host, label, sizeof(label));
        pm_report_twice(load->reading.report, load->items[i].place, load->items[first].place,
                        "process", label);
    }
}

/* The deputies that are expected when hosts mean others. */
static void map_deputies(struct pm_loading *load)
{
    struct pm_strs *names = &load->deputies;
    size_t kept = 0;

    for (size_t i = 0; load->maps_n > 0 && i < names->n; i++) {
        struct pm_strs before = { .at = names->at, .n = kept };
        const char *host = pm_host_meant(load, names->at[i]);
        if (*host != '\0' && !is_in(&before, host))
            names->at[kept++] = host;
    }
    if (load->maps_n > 0)
        names->n = kept;
}

void pm_processes_expand(struct pm_loading *load)
{
    struct expansion all = { .load = load };
    bool more = are_few(load);

    if (!more)
        return;
    find_known(&all);
    for (size_t i = 0; i < load->items_n && more; i++)
        more = add_everywhere(&all, &load->items[i]);
    map_deputies(load);
    free(all.known.at);
    free(load->items);
    load->items = all.items;
    load->items_n = all.n;
    if (load->items_n > 0)
        qsort(load->items, load->items_n, sizeof(*load->items), by_identity);
    report_doubles(load);
}
