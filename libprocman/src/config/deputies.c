/* `deputies`: names, or maps with a name, or the URLs of the original ProcMan.
 *
 * There a deputy listened and the sheriff called it, so its file had to say where. Here the
 * deputy calls, and all that is left of http://k9.lan:8000 is whom to expect: k9.lan.
 */
#include "config/loading.h"
#include "config/reference.h"

#include <procman/limits.h>
#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>

struct deputy {
    const char *name;
    const struct pm_node *item, *node;  /* in the list; what holds the name */
    bool url;
    size_t nth;
};

/* The host of SCHEME://[USER@]HOST[:PORT][/PATH]; NULL: it is no URL. Length to *out_n. */
static const char *host_in(const char *text, size_t *out_n)
{
    const char *host = strstr(text, "://");

    if (host == NULL || host == text)
        return NULL;
    host += 3;
    size_t n = strcspn(host, "/?#");
    const char *user = memchr(host, '@', n);
    if (user != NULL) {
        n -= (size_t)(user + 1 - host);
        host = user + 1;
    }
    if (*host == '[') {
        const char *close = memchr(host, ']', n);
        *out_n = close != NULL ? (size_t)(close - host) - 1 : 0;
        return host + 1;
    }
    const char *port = memchr(host, ':', n);
    *out_n = port != NULL ? (size_t)(port - host) : n;
    return host;
}

/* The scalar that holds the name, in either form; NULL when reported. */
static const struct pm_node *name_node(struct pm_reading *reading, const struct pm_node *item)
{
    const struct pm_node *name = item;

    if (item->kind == PM_NODE_MAP) {
        reading->subject = "a deputy";
        for (const struct pm_node *node = item->first; node != NULL; node = node->next) {
            const struct pm_key *key = pm_key_find(node->key, PM_IN_DEPUTY);
            if (key == NULL)
                pm_value_unknown(reading, node, "", PM_IN_DEPUTY);
            else
                (void)!pm_value_served(reading, key, node);
        }
        name = pm_node_get(item, "name");
    }
    if (name != NULL && name->kind == PM_NODE_SCALAR && !pm_node_null(name))
        return name;
    pm_report_add(reading->report, name != NULL ? name->place : item->place,
                  "a deputy has a name: write robot1 or {name: robot1}");
    return NULL;
}

static bool read_deputy(struct pm_reading *reading, const struct pm_node *item,
                        struct deputy *out)
{
    const struct pm_node *node = name_node(reading, item);
    char quoted[PM_QUOTE_SIZE];
    size_t n = 0;

    if (node == NULL)
        return false;
    const char *host = host_in(node->text, &n);
    const char *name = host != NULL ? pm_arena_str(reading->arena, host, n) : node->text;
    const char *fault = name != NULL ? pm_name_fault(name) : "there is no memory for it";
    if (fault != NULL)
        pm_report_add(reading->report, node->place, "deputy '%s': %s",
                      pm_quote(node->text, quoted), fault);
    else
        *out = (struct deputy){ .name = name, .item = item, .node = node, .url = host != NULL };
    return fault == NULL;
}

static int by_name(const void *left, const void *right)
{
    const struct deputy *a = left, *b = right;
    int order = strcmp(a->name, b->name);

    return order != 0 ? order : (a->nth > b->nth) - (a->nth < b->nth);
}

static int by_nth(const void *left, const void *right)
{
    const struct deputy *a = left, *b = right;

    return (a->nth > b->nth) - (a->nth < b->nth);
}

/* Sorts, drops repetitions and sorts back. The same host twice in URLs is two ports of it. */
static size_t unique(struct pm_report *report, struct deputy *deputies, size_t n)
{
    size_t kept = 0;

    qsort(deputies, n, sizeof(*deputies), by_name);
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || strcmp(deputies[kept - 1].name, deputies[i].name) != 0)
            deputies[kept++] = deputies[i];
        else if (!deputies[i].url)
            pm_report_twice(report, deputies[i].node->place, deputies[kept - 1].node->place,
                            "deputy", deputies[i].name);
    }
    qsort(deputies, kept, sizeof(*deputies), by_nth);
    return kept;
}

/* ---- aliases ---- */

static int by_alias(const void *left, const void *right)
{
    return strcmp(((const struct pm_alias *)left)->alias, ((const struct pm_alias *)right)->alias);
}

/* Other names of one deputy: each is a name, and nobody else's. */
static void read_aliases(struct pm_loading *load, const struct deputy *deputy)
{
    const struct pm_node *item = deputy->item, *list;
    char quoted[PM_QUOTE_SIZE];

    if (item->kind != PM_NODE_MAP || (list = pm_node_get(item, "aliases")) == NULL)
        return;
    load->reading.subject = "a deputy";
    if (!pm_value_shaped(&load->reading, "aliases", list, PM_NODE_LIST, "a list such as [r2.lan]"))
        return;
    load->aliases = pm_resize(load->aliases, load->aliases_n + list->n + 1,
                              sizeof(*load->aliases));
    for (const struct pm_node *node = list->first; node != NULL; node = node->next) {
        if (!pm_value_shaped(&load->reading, "an alias", node, PM_NODE_SCALAR, "a name"))
            continue;
        const char *fault = pm_name_fault(node->text);
        for (size_t i = 0; i < load->aliases_n && fault == NULL; i++)
            if (strcmp(load->aliases[i].alias, node->text) == 0)
                fault = "another deputy is called so, too";
        if (fault == NULL && pm_host_is_own(node->text))
            fault = "that is every machine's own name";
        if (fault != NULL)
            pm_report_add(load->reading.report, node->place, "alias '%s': %s",
                          pm_quote(node->text, quoted), fault);
        else
            load->aliases[load->aliases_n++] = (struct pm_alias){ .alias = node->text,
                                                                  .name = deputy->name };
    }
}

/* ---- all of them ---- */

/* The items of every page's list, those that can be read. NULL: there are none. */
static struct deputy *read_lists(struct pm_loading *load, size_t *out_n)
{
    struct deputy *deputies = NULL;
    size_t n = 0, nth = 0;

    for (size_t i = 0; i < load->pages_n; i++) {
        const struct pm_node *list = pm_loading_part(load, load->pages[i], "deputies",
                                                     PM_NODE_LIST);
        if (list == NULL || list->n == 0)
            continue;
        if (n + list->n > PM_LIMIT_DEPUTIES) {
            pm_report_add(load->reading.report, list->place, "more than %d deputies",
                          PM_LIMIT_DEPUTIES);
            break;
        }
        deputies = pm_resize(deputies, n + list->n, sizeof(*deputies));
        for (const struct pm_node *item = list->first; item != NULL; item = item->next) {
            if (read_deputy(&load->reading, item, &deputies[n]))
                deputies[n++].nth = nth++;
        }
    }
    *out_n = n;
    return deputies;
}

void pm_deputies_read(struct pm_loading *load)
{
    size_t n = 0, kept = 0;
    struct deputy *deputies = read_lists(load, &n);
    const char **names = pm_arena_get(load->reading.arena, (n + 1) * sizeof(*names));

    if (names == NULL)
        pm_loading_no_memory(load, 0);
    if (names == NULL || n == 0) {
        free(deputies);
        return;
    }
    n = unique(load->reading.report, deputies, n);
    for (size_t i = 0; i < n; i++) {
        read_aliases(load, &deputies[i]);
        if (!pm_host_is_own(deputies[i].name))
            names[kept++] = deputies[i].name;
    }
    if (load->aliases_n > 0)
        qsort(load->aliases, load->aliases_n, sizeof(*load->aliases), by_alias);
    load->deputies = (struct pm_strs){ .at = names, .n = kept };
    free(deputies);
}
