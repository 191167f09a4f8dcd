/* What `ready` and `health` come to.
 *
 * A probe is inherited key by key: `defaults` may say how long everything may take to be ready,
 * a group which port, a process another port. So only when all is read can be told whether
 * there is a probe at all, and only then do its defaults fall into place: a process without a
 * probe carries none of it, and is the same as before there were probes.
 */
#include "config/probes.h"
#include "config/scalar.h"
#include "core/spec_fault.h"

#include <stdlib.h>
#include <string.h>

static uint64_t fallback_of(const char *name)
{
    const struct pm_key *key = pm_key_find(name, PM_IN_PROCESS);
    struct pm_node node = { .kind = PM_NODE_SCALAR, .plain = true, .text = key->fallback };
    uint64_t value = 0;

    pm_assert(pm_scalar_read(key->value, &node, &value) == NULL);
    return value;
}

static void settle(uint64_t *member, bool counts, const char *name)
{
    if (!counts)
        *member = 0;
    else if (*member == 0)
        *member = fallback_of(name);
}

void pm_probes_settle(struct pm_spec *spec)
{
    struct pm_probe *ready = &spec->ready, *health = &spec->health;
    bool waits = ready->kind != PM_PROBE_KIND_NONE && ready->kind != PM_PROBE_KIND_AFTER;
    bool looks = health->kind != PM_PROBE_KIND_NONE;

    settle(&ready->timeout_ms, waits, "ready.timeout");
    settle(&ready->interval_ms, pm_probe_repeats(ready->kind), "ready.interval");
    settle(&health->interval_ms, looks, "health.interval");
    settle(&health->timeout_ms, looks, "health.timeout");
    settle(&health->failures, looks, "health.failures");
}

/* ---- what does not go together ---- */

/* The keys of the map that say what is looked at: how many, and the last one. */
static size_t targets_in(const struct pm_node *map, const char *section,
                         const struct pm_node **last)
{
    size_t n = 0;

    for (const struct pm_node *node = map->first; node != NULL; node = node->next) {
        char *name = pm_printf("%s.%s", section, node->key);
        const struct pm_key *key = pm_key_find(name, PM_IN_PROCESS);
        if (key != NULL && pm_key_probe(key) != PM_PROBE_KIND_NONE) {
            n++;
            *last = node;
        }
        free(name);
    }
    return n;
}

static void report_alone(struct pm_reading *reading, const struct pm_node *node,
                         const char *section)
{
    pm_report_add(reading->report, node->key_place, "%s.%s of %s means nothing: %s does not say "
                  "what is looked at; write %s", section, node->key, reading->subject, section,
                  strcmp(section, "ready") == 0 ? "log, tcp, http, exec, notify or after"
                                                : "tcp, http or exec");
}

/* Is there something in it that is heeded only when there is a probe? */
static const struct pm_node *needs_probe(const struct pm_node *map)
{
    for (const struct pm_node *node = map->first; node != NULL; node = node->next)
        if (strcmp(node->key, "timeout") == 0 || strcmp(node->key, "interval") == 0 ||
            strcmp(node->key, "failures") == 0)
            return node;
    return NULL;
}

static void check(struct pm_reading *reading, const struct pm_node *map, const char *section,
                  const struct pm_probe *probe, bool whole)
{
    const struct pm_node *part = pm_node_get(map, section), *last = NULL, *lonely;

    if (part == NULL || part->kind != PM_NODE_MAP)
        return;
    if (targets_in(part, section, &last) > 1)
        pm_report_add(reading->report, last->key_place, "%s of %s says twice what is looked at; "
                      "one of them is enough", section, reading->subject);
    else if (whole && probe->kind == PM_PROBE_KIND_NONE && (lonely = needs_probe(part)) != NULL)
        report_alone(reading, lonely, section);
    else if (whole && !pm_probe_repeats(probe->kind) &&
             (lonely = pm_node_get(part, "interval")) != NULL)
        pm_report_add(reading->report, lonely->key_place, "%s.interval of %s means nothing: only "
                      "tcp, http and exec are looked at again and again", section,
                      reading->subject);
}

void pm_probes_check(struct pm_reading *reading, const struct pm_node *map, unsigned where,
                     const struct pm_spec *spec)
{
    bool whole = where == PM_IN_PROCESS;

    check(reading, map, "ready", &spec->ready, whole);
    check(reading, map, "health", &spec->health, whole);
}
