/* A spec is a plain record; what it means beyond that is here: defaults, identity, order,
 * differences. All of it follows the descriptor of the message and the table of keys, so a new
 * key needs no line in this file.
 */
#include <procman/spec.h>

#include <procman/checksum.h>

#include "config/keys.h"
#include "config/values.h"

#include <stdio.h>
#include <string.h>

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

void pm_spec_init(struct pm_spec *spec)
{
    *spec = (struct pm_spec){ .group = "", .name = "", .host = "", .command = "",
                              .working_dir = "", .run_as_user = "", .run_as_group = "",
                              .origin = "", .ready.text = "", .health.text = "", .env_file = "",
                              .schedule = "", .time_zone = "", .source = "",
                              .moved_from = "" };
    for (size_t i = 0; i < pm_keys_n; i++)
        if ((pm_keys[i].where & PM_IN_PROCESS) != 0 && pm_keys[i].fallback != NULL)
            pm_value_fall_back(&pm_keys[i], spec);
}

struct pm_spec pm_spec_normal(const struct pm_spec *spec)
{
    struct pm_spec normal = *spec, plain;
    bool zero_said = normal.success_codes.n == 1 && normal.success_codes.at[0] == 0;

    if (*or_empty(normal.working_dir) != '\0' && !zero_said && normal.output_max_bytes != 0)
        return normal; /* as nearly all are */
    pm_spec_init(&plain);
    if (*or_empty(normal.working_dir) == '\0')
        normal.working_dir = plain.working_dir;
    if (zero_said)
        normal.success_codes = plain.success_codes;
    if (normal.output_max_bytes == 0) { /* of a program that knew nothing of it */
        normal.output_max_bytes = plain.output_max_bytes;
        normal.output_keep = normal.output_keep > 0 ? normal.output_keep : plain.output_keep;
    }
    return normal;
}

uint64_t pm_spec_hash(const struct pm_spec *spec)
{
    struct pm_spec bare = *spec;
    struct pm_buf bytes = { 0 };
    uint64_t hash;

    bare.id = bare.moved_order = 0;
    bare.origin = bare.source = bare.moved_from = "";
    /* Whoever holds a spec has decoded, parsed or sent it: it is within the limits. */
    enum pm_err err = pm_encode(&pm_spec_desc, &bare, &bytes);
    pm_assert(err == PM_OK);
    hash = pm_checksum(PM_CHECKSUM_BASIS, bytes.at, bytes.n);
    pm_buf_fini(&bytes);
    return hash != 0 ? hash : 1;
}

int pm_spec_order(const struct pm_spec *a, const struct pm_spec *b)
{
    int order = strcmp(or_empty(a->group), or_empty(b->group));

    if (order == 0)
        order = strcmp(or_empty(a->name), or_empty(b->name));
    if (order == 0)
        order = strcmp(or_empty(a->host), or_empty(b->host));
    return order;
}

const char *pm_spec_label(const char *group, const char *name, const char *host,
                          char *text, size_t size)
{
    group = or_empty(group);
    host = or_empty(host);
    snprintf(text, size, "%s%s%s%s%s", group, *group != '\0' ? "/" : "", or_empty(name),
             *host != '\0' ? "@" : "", host);
    return text;
}

size_t pm_spec_diff(const struct pm_spec *a, const struct pm_spec *b,
                    const char **keys, size_t most, bool *needs_restart)
{
    size_t n = 0;

    *needs_restart = false;
    for (size_t i = 0; i < pm_keys_n; i++) {
        const struct pm_key *key = &pm_keys[i];
        bool matters = (key->where & PM_IN_PROCESS) != 0 && key->effect != PM_EFFECT_IDENTITY;
        if (!matters || pm_key_same(key, a, b))
            continue;
        if (key->effect == PM_EFFECT_RESTART)
            *needs_restart = true;
        if (n < most)
            keys[n++] = key->name;
    }
    return n;
}
