/* `deputies`: names, or maps with a name, or the URLs of the original ProcMan.
 *
 * There a deputy listened and the sheriff called it, so its file had to say where. Here the
 * deputy calls, and all that is left of http://k9.lan:8000 is whom to expect: k9.lan.
 */
#include "config/deputies.h"

#include <procman/limits.h>
#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>

struct deputy { const char *name; const struct pm_node *node; bool url; size_t nth; };

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

static bool is_own(const char *name)
{
    return strcmp(name, "localhost") == 0 || strcmp(name, "127.0.0.1") == 0 ||
           strcmp(name, "::1") == 0;
}

/* The scalar that holds the name, in either form; NULL when reported. */
static const struct pm_node *name_node(struct pm_reading *reading, const struct pm_node *item)
{
    const struct pm_node *name = item;

    if (item->kind == PM_NODE_MAP) {
        reading->subject = "a deputy";
        for (const struct pm_node *node = item->first; node != NULL; node = node->next)
            if (pm_key_find(node->key, PM_IN_DEPUTY) == NULL)
                pm_value_unknown(reading, node, "", PM_IN_DEPUTY);
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
        *out = (struct deputy){ .name = name, .node = node, .url = host != NULL };
    return fault == NULL && !is_own(name);
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

void pm_deputies_read(struct pm_reading *reading, const struct pm_node *list, struct pm_strs *out)
{
    size_t n = 0;

    if (list == NULL || list->n == 0)
        return;
    const char **names = pm_arena_get(reading->arena, list->n * sizeof(*names));
    if (list->n > PM_LIMIT_DEPUTIES || names == NULL) {
        pm_report_add(reading->report, list->place, "more than %d deputies", PM_LIMIT_DEPUTIES);
        return;
    }
    struct deputy *deputies = pm_alloc(list->n * sizeof(*deputies));
    for (const struct pm_node *item = list->first; item != NULL; item = item->next) {
        if (!read_deputy(reading, item, &deputies[n]))
            continue;
        deputies[n].nth = n;
        n++;
    }
    n = n > 0 ? unique(reading->report, deputies, n) : 0;
    for (size_t i = 0; i < n; i++)
        names[i] = deputies[i].name;
    *out = (struct pm_strs){ .at = names, .n = n };
    free(deputies);
}
