/* From bytes to the tree of values: what neither reader shall meet is refused here, and the
 * file's name says whose turn it is.
 */
#include "config/tree.h"

#include "core/codepoint.h"

#include <procman/limits.h>

#include <string.h>
#include <strings.h>

static bool is_text(struct pm_tree *tree)
{
    const struct pm_source *source = &tree->source;
    const char *nul = memchr(source->text, '\0', source->n);
    size_t fault = pm_code_fault(source->text, source->n);

    if (nul != NULL && (size_t)(nul - source->text) <= fault)
        pm_tree_fault(tree, (size_t)(nul - source->text), "the file is not text: here is a NUL");
    else if (fault < source->n)
        pm_tree_fault(tree, fault, "the file is not UTF-8: here is the byte 0x%02x",
                      (unsigned char)source->text[fault]);
    else
        return true;
    return false;
}

static bool is_json(const char *name)
{
    size_t n = strlen(name);

    return n >= 5 && strcasecmp(name + n - 5, ".json") == 0;
}

bool pm_tree_read(struct pm_tree *tree)
{
    if (tree->source.n > PM_LIMIT_CONFIG_FILE) {
        pm_tree_fault(tree, 0, "the file has more than %d bytes", PM_LIMIT_CONFIG_FILE);
        return false;
    }
    if (!is_text(tree))
        return false;
    return is_json(tree->source.name) ? pm_tree_read_json(tree) : pm_tree_read_yaml(tree);
}

size_t pm_tree_mark(const char *text, size_t n)
{
    static const char mark[] = "\xef\xbb\xbf";

    return n >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
}

/* The tree's places are counted from behind the mark; who asked has the whole text. */
static void shift(struct pm_node *node, size_t by)
{
    node->place += by;
    node->key_place += by;
    for (struct pm_node *child = node->first; child != NULL; child = child->next)
        shift(child, by);
}

enum pm_err pm_tree_parse(const char *name, const char *text, size_t n, struct pm_arena *arena,
                          const struct pm_node **root, char **errors)
{
    struct pm_report report;
    size_t skip = pm_tree_mark(text, n), nodes = 0;
    struct pm_tree tree = { .arena = arena, .report = &report, .nodes = &nodes };

    pm_report_init(&report, name, text + skip, n - skip);
    tree.source = report.sources[0];
    *errors = NULL;
    bool read = pm_tree_read(&tree) && report.count == 0;
    if (!read)
        *errors = pm_report_text(&report);
    pm_report_fini(&report);
    if (!read)
        return PM_BAD_CONFIG;
    if (skip > 0 && tree.root != NULL)
        shift(tree.root, skip);
    *root = tree.root;
    return PM_OK;
}
