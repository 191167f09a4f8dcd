/* Many files, one configuration: `include` means that what stands there might stand here.
 *
 * So nothing depends on the order of files, and what may be said once in a file may be said once
 * in all of them. Files are read breadth first; a file is known by device and inode, whatever it
 * is called, so that a circle is found at its first step, and all files together are bounded as
 * one is.
 */
#include "config/pages.h"

#include <procman/limits.h>

#include <stdlib.h>

struct pm_page {
    char *name, *text;            /* heap; the first page's are the caller's */
    size_t from;                  /* the page that includes it; of the first: itself */
    size_t place;                 /* and where */
    uint64_t device, inode;
    const struct pm_node *root;   /* NULL: nothing that can be read */
};

/* Into a tree, whose top is a map. */
static const struct pm_node *read_text(struct pm_pages *pages, struct pm_loading *load,
                                       struct pm_source source)
{
    struct pm_tree tree = { .arena = load->reading.arena, .report = load->reading.report,
                            .source = source, .nodes = &pages->nodes };

    if (!pm_tree_read(&tree))
        return NULL;
    if (tree.root == NULL || pm_node_null(tree.root))
        pm_tree_fault(&tree, 0, "the file is empty; its least content is processes: []");
    else if (tree.root->kind != PM_NODE_MAP)
        pm_report_add(tree.report, tree.root->place, "the file is %s; expected a map with the key "
                      "'processes'", pm_node_word(tree.root));
    else
        return tree.root;
    return NULL;
}

/* ---- include ---- */

/* "a.yaml → b.yaml → a.yaml", heap. */
static char *circle(const struct pm_pages *pages, size_t from, size_t to)
{
    char *text = pm_strdup(pages->at[to].name);

    for (size_t nth = from;; nth = pages->at[nth].from) {
        char *longer = pm_printf("%s → %s", pages->at[nth].name, text);
        free(text);
        text = longer;
        if (nth == to)
            return text;
    }
}

/* Is it a file that was read already? Reported. */
static bool is_known(struct pm_pages *pages, struct pm_report *report, size_t from, size_t place,
                     const struct pm_file *file)
{
    size_t nth = 0;

    while (nth < pages->n && (pages->at[nth].device != file->device ||
                              pages->at[nth].inode != file->inode))
        nth++;
    if (nth == pages->n || file->inode == 0)
        return false;
    size_t above = from;
    while (above != nth && above != pages->at[above].from)
        above = pages->at[above].from;
    if (above != nth) {
        pm_report_twice(report, place, pages->at[nth].place, "include of", pages->at[nth].name);
        return true;
    }
    char *path = circle(pages, from, nth);
    pm_report_add(report, place, "a file cannot include itself: %s", path);
    free(path);
    return true;
}

static void include_file(struct pm_pages *pages, const struct pm_compile *what,
                         struct pm_loading *load, size_t from, const struct pm_node *node,
                         const char *path)
{
    struct pm_report *report = load->reading.report;
    struct pm_file file = { 0 };
    const char *fault = what->files->read(path, &file);
    char quoted[PM_QUOTE_SIZE];

    if (fault != NULL) {
        pm_report_add(report, node->place, "include '%s' cannot be read: %s",
                      pm_quote(path, quoted), fault);
    } else if (pages->bytes + file.n > PM_LIMIT_CONFIG_FILE || pages->n >= PM_LIMIT_CONFIG_FILES) {
        pm_report_add(report, node->place, "all files together have more than %d bytes, or are "
                      "more than %d", PM_LIMIT_CONFIG_FILE, PM_LIMIT_CONFIG_FILES);
    } else if (!is_known(pages, report, from, node->place, &file)) {
        struct pm_page *page = &pages->at[pages->n++];
        *page = (struct pm_page){ .name = pm_strdup(path), .text = file.text, .from = from,
                                  .place = node->place, .device = file.device,
                                  .inode = file.inode };
        pages->bytes += file.n;
        page->root = read_text(pages, load, pm_report_source(report, page->name, file.text,
                                                             file.n));
        return;
    }
    free(file.text);
}

static void include_pattern(struct pm_pages *pages, const struct pm_compile *what,
                            struct pm_loading *load, size_t from, const struct pm_node *node)
{
    char **paths = NULL, quoted[PM_QUOTE_SIZE];
    size_t n = 0;

    if (!pm_value_shaped(&load->reading, "include", node, PM_NODE_SCALAR,
                         "a file or a pattern such as conf.d/*.yaml"))
        return;
    const char *fault = what->files != NULL
                            ? what->files->find(pages->at[from].name, node->text, &paths, &n)
                            : "only a file can include files";
    if (fault != NULL)
        pm_report_add(load->reading.report, node->place, "include '%s': %s",
                      pm_quote(node->text, quoted), fault);
    for (size_t i = 0; i < n; i++) {
        include_file(pages, what, load, from, node, paths[i]);
        free(paths[i]);
    }
    free(paths);
}

static void include_all(struct pm_pages *pages, const struct pm_compile *what,
                        struct pm_loading *load, size_t from)
{
    const struct pm_node *list = NULL;

    load->reading.subject = NULL;
    if (pages->at[from].root != NULL)
        list = pm_loading_part(load, pages->at[from].root, "include", PM_NODE_LIST);
    for (const struct pm_node *node = list != NULL ? list->first : NULL; node; node = node->next)
        include_pattern(pages, what, load, from, node);
}

void pm_pages_read(struct pm_pages *pages, const struct pm_compile *what, struct pm_loading *load)
{
    struct pm_report *report = load->reading.report;

    pages->at = pm_alloc(PM_LIMIT_CONFIG_FILES * sizeof(*pages->at));
    pages->at[0] = (struct pm_page){ .name = (char *)(uintptr_t)what->name,
                                     .device = what->file.device, .inode = what->file.inode };
    pages->n = 1;
    pages->bytes = report->sources[0].n;
    pages->at[0].root = read_text(pages, load, report->sources[0]);
    for (size_t i = 0; i < pages->n; i++)
        include_all(pages, what, load, i);
    load->pages = pm_alloc(pages->n * sizeof(*load->pages));
    for (size_t i = 0; i < pages->n; i++)
        if (pages->at[i].root != NULL)
            load->pages[load->pages_n++] = pages->at[i].root;
}

void pm_pages_fini(struct pm_pages *pages)
{
    for (size_t i = 1; i < pages->n; i++) {
        free(pages->at[i].name);
        free(pages->at[i].text);
    }
    free(pages->at);
    *pages = (struct pm_pages){ 0 };
}
