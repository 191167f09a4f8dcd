/* From the trees of values to specs.
 *
 * Reading goes on after an error: everything that is wrong is reported, and only files without
 * errors give a configuration. First each thing is read for itself (layers.c, processes.c), then
 * what depends on all of it: which hosts a pattern means, which process a name.
 */
#include "config/compile.h"
#include "config/loading.h"
#include "config/pages.h"

#include <procman/limits.h>
#include <procman/text.h>

#include <stdlib.h>
#include <string.h>

/* ---- what the parts share ---- */

const struct pm_node *pm_loading_part(struct pm_loading *load, const struct pm_node *page,
                                      const char *name, enum pm_node_kind kind)
{
    const struct pm_node *node = pm_node_get(page, name);
    const struct pm_key *key = pm_key_find(name, PM_IN_FILE);

    if (node == NULL || (!load->reading.early && (key->where & PM_NOT_YET) != 0))
        return NULL; /* that it is not served yet is said once, by check_top */
    if (node->kind == kind)
        return node;
    pm_report_add(load->reading.report, node->place, "'%s' is %s; expected %s", name,
                  pm_node_word(node), kind == PM_NODE_MAP ? "a map, {} for none"
                                                          : "a list, [] for none");
    return NULL;
}

void pm_loading_no_memory(struct pm_loading *load, size_t place)
{
    pm_report_add(load->reading.report, place, "the file says too much: there is no memory for it");
}

/* Here all processes share the defaults; whoever takes the specs needs a copy for each. So one
 * large `env` of the defaults could become any number of gigabytes. */
void pm_loading_too_much(struct pm_loading *load, size_t place)
{
    char most[PM_TEXT_SIZE];

    pm_report_add(load->reading.report, place, "the processes have more than %s in all, each with "
                  "its own copy of the defaults; put large values of env into files",
                  pm_text_size(PM_LIMIT_CONFIG_SPECS, most));
}

const char *pm_loading_origin(struct pm_loading *load, size_t place)
{
    struct pm_report *report = load->reading.report;
    char *origin = pm_printf("%s:%zu", pm_report_at(report, place)->name,
                             pm_report_line(report, place));
    const char *kept = pm_arena_str(load->reading.arena, origin, strlen(origin));

    free(origin);
    if (kept == NULL)
        pm_loading_no_memory(load, place);
    return kept;
}

/* ---- all of it ---- */

static void check_top(struct pm_loading *load, const struct pm_node *page)
{
    load->reading.subject = "the file";
    for (const struct pm_node *node = page->first; node != NULL; node = node->next) {
        const struct pm_key *key = pm_key_find(node->key, PM_IN_FILE);
        if (key == NULL)
            pm_value_unknown(&load->reading, node, "", PM_IN_FILE);
        else
            (void)!pm_value_served(&load->reading, key, node);
    }
}

static void read_pages(struct pm_loading *load)
{
    for (size_t i = 0; i < load->pages_n; i++)
        check_top(load, load->pages[i]);
    pm_deputies_read(load);
    pm_layers_read(load);
    pm_processes_read(load);
    pm_processes_expand(load);
    pm_dependencies_resolve(load);
    pm_scripts_read(load);
}

static bool is_too_much(struct pm_loading *load)
{
    size_t bytes = 0;

    for (size_t i = 0; i < load->items_n && bytes <= PM_LIMIT_CONFIG_SPECS; i++)
        bytes += pm_encoded_size(&pm_spec_desc, &load->items[i].spec);
    if (bytes <= PM_LIMIT_CONFIG_SPECS)
        return false;
    pm_loading_too_much(load, load->pages[0]->place);
    return true;
}

/* Move what was read into the caller's hands. */
static void hand_over(struct pm_loading *load, struct pm_config *out)
{
    struct pm_arena *arena = load->reading.arena;
    struct pm_spec *specs = pm_arena_get(arena, (load->items_n + 1) * sizeof(*specs));

    if (is_too_much(load))
        return;
    if (specs == NULL) {
        pm_loading_no_memory(load, 0);
        return;
    }
    for (size_t i = 0; i < load->items_n; i++)
        specs[i] = load->items[i].spec;
    *out = (struct pm_config){ .specs = { .at = specs, .n = load->items_n },
                               .deputies = load->deputies, .scripts = load->scripts,
                               .arena = *arena };
}

enum pm_err pm_config_compile(const struct pm_compile *what, struct pm_config *out, char **errors)
{
    const struct pm_file *file = &what->file;
    struct pm_arena arena;
    struct pm_report report;
    struct pm_pages pages = { 0 };
    struct pm_loading load = { .reading = { .arena = &arena, .report = &report,
                                            .early = what->early },
                               .maps = what->maps, .maps_n = what->maps_n };

    size_t skip = pm_tree_mark(file->text, file->n);
    pm_arena_init(&arena, PM_LIMIT_CONFIG_MEMORY);
    pm_report_init(&report, what->name, file->text + skip, file->n - skip);
    *errors = NULL;
    pm_pages_read(&pages, what, &load);
    if (load.pages_n == pages.n && load.pages_n > 0)
        read_pages(&load);
    if (report.count == 0)
        hand_over(&load, out);
    enum pm_err err = report.count == 0 ? PM_OK : PM_BAD_CONFIG;
    if (err != PM_OK) {
        *errors = pm_report_text(&report);
        pm_arena_fini(&arena);
    }
    pm_report_fini(&report);
    pm_pages_fini(&pages);
    free(load.pages);
    free(load.layers);
    free(load.items);
    free(load.aliases);
    return err;
}

enum pm_err pm_config_parse(const char *name, const char *text, size_t n,
                            struct pm_config *out, char **errors)
{
    struct pm_compile what = { .name = name, .file = { .n = n } };

    what.file.text = (char *)(uintptr_t)text; /* borrowed, and only read */
    return pm_config_compile(&what, out, errors);
}

void pm_config_fini(struct pm_config *config)
{
    pm_arena_fini(&config->arena);
    *config = (struct pm_config){ 0 };
}
