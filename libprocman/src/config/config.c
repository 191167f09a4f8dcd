/* From the tree of values to specs.
 *
 * What a process begins with is itself a spec: the built-in defaults, changed by `defaults`,
 * changed by each group on the way down. So each of these is read once, however many processes
 * stand below it, and a process is a copy of its nearest ancestor with its own keys on top.
 *
 * Reading goes on after an error: everything that is wrong is reported, and only a file
 * without errors gives a configuration.
 */
#include <procman/config.h>

#include "core/codepoint.h"
#include "config/deputies.h"

#include <procman/limits.h>
#include <procman/spec.h>
#include <procman/text.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct layer { const char *path; struct pm_spec spec; };   /* what a group's processes begin with */
struct item { struct pm_spec spec; size_t place; };        /* a process and where it stands */

struct loading {
    struct pm_reading reading;
    const struct pm_node *root;
    struct pm_spec base;                  /* built in, and `defaults` */
    struct layer *layers; size_t layers_n; /* sorted by path, so parents come before children */
    struct item *items; size_t items_n;
    struct pm_strs deputies;
};

/* The part of the file of that name; NULL when it is not there or not of that kind. */
static const struct pm_node *part(struct loading *load, const char *name, enum pm_node_kind kind)
{
    const struct pm_node *node = pm_node_get(load->root, name);

    if (node == NULL || node->kind == kind)
        return node;
    pm_report_add(load->reading.report, node->place, "'%s' is %s; expected %s", name,
                  pm_node_word(node), kind == PM_NODE_MAP ? "a map, {} for none"
                                                          : "a list, [] for none");
    return NULL;
}

/* ---- defaults and groups ---- */

static void read_defaults(struct loading *load)
{
    const struct pm_node *node = part(load, "defaults", PM_NODE_MAP);

    pm_spec_init(&load->base);
    load->reading.subject = "defaults";
    if (node != NULL)
        pm_value_read_keys(&load->reading, node, "", PM_IN_DEFAULTS, &load->base);
}

/* What a process or group of that path begins with: its own layer or the nearest above. */
static const struct pm_spec *layer_of(const struct loading *load, const char *path)
{
    for (size_t n = strlen(path); n > 0;) {
        size_t low = 0, high = load->layers_n;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            int order = strncmp(load->layers[middle].path, path, n);
            if (order == 0 && load->layers[middle].path[n] == '\0')
                return &load->layers[middle].spec;
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

    return strcmp(a->key, b->key);
}

static void read_group(struct loading *load, const struct pm_node *node)
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
    struct pm_spec spec = *layer_of(load, node->key);
    if (node->kind == PM_NODE_MAP)
        pm_value_read_keys(reading, node, "", PM_IN_DEFAULTS, &spec);
    else
        pm_report_add(reading->report, node->place, "%s is %s; expected a map, {} for none",
                      subject, pm_node_word(node));
    free(subject);
    load->layers[load->layers_n++] = (struct layer){ .path = node->key, .spec = spec };
}

static void read_groups(struct loading *load)
{
    const struct pm_node *map = part(load, "groups", PM_NODE_MAP);
    size_t n = 0;

    if (map == NULL || map->n == 0)
        return;
    if (map->n > PM_LIMIT_PROCESSES) {
        pm_report_add(load->reading.report, map->place, "more than %d groups", PM_LIMIT_PROCESSES);
        return;
    }
    const struct pm_node **sorted = pm_alloc(map->n * sizeof(struct pm_node *));
    load->layers = pm_alloc(map->n * sizeof(*load->layers));
    for (const struct pm_node *node = map->first; node != NULL; node = node->next)
        sorted[n++] = node;
    qsort(sorted, n, sizeof(*sorted), by_path);
    for (size_t i = 0; i < n; i++)
        read_group(load, sorted[i]);
    free(sorted);
}

/* ---- processes ---- */

static void check_program(struct loading *load, const struct pm_node *map)
{
    const struct pm_node *command = pm_node_get(map, "command"), *exec = pm_node_get(map, "exec");
    struct pm_report *report = load->reading.report;
    const char *subject = load->reading.subject;

    if (command == NULL && exec == NULL)
        pm_report_add(report, map->place, "%s has neither command nor exec", subject);
    else if (command != NULL && exec != NULL)
        pm_report_add(report, command->key_place > exec->key_place ? command->key_place
                                                                   : exec->key_place,
                      "%s has both command and exec; one of them says what to run", subject);
}

static char *subject_of(const struct pm_node *map, size_t nth)
{
    const struct pm_node *name = map->kind == PM_NODE_MAP ? pm_node_get(map, "name") : NULL;
    char text[PM_QUOTE_SIZE];

    if (name == NULL || name->kind != PM_NODE_SCALAR)
        return pm_printf("process %zu", nth);
    return pm_printf("process '%s'", pm_quote(name->text, text));
}

static const char *origin_of(struct loading *load, size_t place)
{
    struct pm_report *report = load->reading.report;
    char *origin = pm_printf("%s:%zu", report->name, pm_report_line(report, place));
    const char *kept = pm_arena_str(load->reading.arena, origin, strlen(origin));

    free(origin);
    if (kept == NULL)
        pm_report_add(report, place, "the file says too much: there is no memory for it");
    return kept;
}

static void read_process(struct loading *load, const struct pm_node *map)
{
    struct pm_reading *reading = &load->reading;
    const struct pm_node *group = pm_node_get(map, "group");
    const char *path = group != NULL && group->kind == PM_NODE_SCALAR ? group->text : "";
    struct item *item = &load->items[load->items_n++];
    size_t before = reading->report->count + reading->report->more;

    item->spec = *layer_of(load, path);
    item->place = map->place;
    pm_value_read_keys(reading, map, "", PM_IN_PROCESS, &item->spec);
    if (pm_node_get(map, "name") == NULL)
        pm_report_add(reading->report, map->place, "%s has no name", reading->subject);
    check_program(load, map);
    item->spec.origin = origin_of(load, map->place);
    /* What no single key can see, such as a first pause longer than the longest. */
    bool good = reading->report->count + reading->report->more == before;
    const char *fault = good ? pm_spec_fault(&item->spec) : NULL;
    if (fault != NULL)
        pm_report_add(reading->report, map->place, "%s: %s", reading->subject, fault);
}

static int by_identity(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    int order = pm_spec_order(&a->spec, &b->spec);

    return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

static void report_doubles(struct loading *load)
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

static void read_processes(struct loading *load)
{
    const struct pm_node *list = part(load, "processes", PM_NODE_LIST);
    struct pm_report *report = load->reading.report;
    size_t nth = 0;

    if (pm_node_get(load->root, "processes") == NULL)
        pm_report_add(report, load->root->place, "the key 'processes' is missing; write "
                      "processes: [] for none");
    if (list == NULL || list->n == 0)
        return;
    if (list->n > PM_LIMIT_PROCESSES) {
        pm_report_add(report, list->place, "more than %d processes", PM_LIMIT_PROCESSES);
        return;
    }
    load->items = pm_alloc(list->n * sizeof(*load->items));
    for (const struct pm_node *node = list->first; node != NULL; node = node->next) {
        char *subject = subject_of(node, ++nth);
        load->reading.subject = subject;
        if (node->kind == PM_NODE_MAP)
            read_process(load, node);
        else
            pm_report_add(report, node->place, "%s is %s; expected a map such as "
                          "{name: cam, command: camd}", subject, pm_node_word(node));
        free(subject);
    }
    if (load->items_n > 0)
        qsort(load->items, load->items_n, sizeof(*load->items), by_identity);
    report_doubles(load);
}

/* ---- the whole file ---- */

static void check_top(struct loading *load)
{
    load->reading.subject = "the file";
    for (const struct pm_node *node = load->root->first; node != NULL; node = node->next)
        if (pm_key_find(node->key, PM_IN_FILE) == NULL)
            pm_value_unknown(&load->reading, node, "", PM_IN_FILE);
}

static void read_file(struct loading *load)
{
    const struct pm_node *root = load->root;
    struct pm_report *report = load->reading.report;

    if (root == NULL || pm_node_null(root)) {
        pm_report_add(report, 0, "the file is empty; its least content is processes: []");
    } else if (root->kind != PM_NODE_MAP) {
        pm_report_add(report, root->place, "the file is %s; expected a map with the key "
                      "'processes'", pm_node_word(root));
    } else {
        check_top(load);
        pm_deputies_read(&load->reading, part(load, "deputies", PM_NODE_LIST), &load->deputies);
        read_defaults(load);
        read_groups(load);
        read_processes(load);
    }
}

/* Here all processes share the defaults; whoever takes the specs needs a copy for each. So one
 * large `env` of the defaults could become any number of gigabytes. */
static bool is_too_much(struct loading *load)
{
    struct pm_report *report = load->reading.report;
    char most[PM_TEXT_SIZE];
    size_t bytes = 0;

    for (size_t i = 0; i < load->items_n && bytes <= PM_LIMIT_CONFIG_SPECS; i++)
        bytes += pm_encoded_size(&pm_spec_desc, &load->items[i].spec);
    if (bytes <= PM_LIMIT_CONFIG_SPECS)
        return false;
    pm_report_add(report, load->root->place, "the processes have more than %s in all, each with "
                  "its own copy of the defaults; put large values of env into files",
                  pm_text_size(PM_LIMIT_CONFIG_SPECS, most));
    return true;
}

/* Move what was read into the caller's hands. */
static void hand_over(struct loading *load, struct pm_config *out)
{
    struct pm_arena *arena = load->reading.arena;
    struct pm_spec *specs = pm_arena_get(arena, (load->items_n + 1) * sizeof(*specs));

    if (is_too_much(load))
        return;
    if (specs == NULL) {
        pm_report_add(load->reading.report, 0, "the file says too much: there is no memory for it");
        return;
    }
    for (size_t i = 0; i < load->items_n; i++)
        specs[i] = load->items[i].spec;
    *out = (struct pm_config){ .specs = { .at = specs, .n = load->items_n },
                               .deputies = load->deputies, .arena = *arena };
}

/* What neither reader shall meet. False: reported. */
static bool is_text(struct pm_report *report)
{
    const char *nul = memchr(report->text, '\0', report->n);
    size_t fault = pm_code_fault(report->text, report->n);

    if (nul != NULL && (size_t)(nul - report->text) <= fault)
        pm_report_add(report, (size_t)(nul - report->text), "the file is not text: here is a NUL");
    else if (fault < report->n)
        pm_report_add(report, fault, "the file is not UTF-8: here is the byte 0x%02x",
                      (unsigned char)report->text[fault]);
    return report->count == 0;
}

static bool is_json(const char *name)
{
    size_t n = strlen(name);

    return n >= 5 && strcasecmp(name + n - 5, ".json") == 0;
}

static void parse(struct loading *load, struct pm_tree *tree, struct pm_config *out)
{
    struct pm_report *report = tree->report;
    bool json = is_json(report->name);

    if (report->n > PM_LIMIT_CONFIG_FILE) {
        report->n = 0;
        pm_report_add(report, 0, "the file has more than %d bytes", PM_LIMIT_CONFIG_FILE);
    } else if (is_text(report) && (json ? pm_tree_read_json(tree) : pm_tree_read_yaml(tree))) {
        load->root = tree->root;
        read_file(load);
        if (report->count == 0)
            hand_over(load, out);
    }
}

enum pm_err pm_config_parse(const char *name, const char *text, size_t n,
                            struct pm_config *out, char **errors)
{
    static const char mark[] = "\xef\xbb\xbf"; /* some editors put it before UTF-8 */
    struct pm_arena arena;
    struct pm_report report;
    struct pm_tree tree = { .arena = &arena, .report = &report };
    struct loading load = { .reading = { .arena = &arena, .report = &report } };

    size_t skip = n >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    pm_arena_init(&arena, PM_LIMIT_CONFIG_MEMORY);
    pm_report_init(&report, name, text + skip, n - skip);
    *errors = NULL;
    parse(&load, &tree, out);
    enum pm_err err = report.count == 0 ? PM_OK : PM_BAD_CONFIG;
    if (err != PM_OK) {
        *errors = pm_report_text(&report);
        pm_arena_fini(&arena);
    }
    pm_report_fini(&report);
    free(load.layers);
    free(load.items);
    return err;
}

void pm_config_fini(struct pm_config *config)
{
    pm_arena_fini(&config->arena);
    *config = (struct pm_config){ 0 };
}
