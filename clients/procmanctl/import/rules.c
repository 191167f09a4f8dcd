#include "rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LONGEST 64 /* bytes of a number that is one */

bool rules_bool(const char *value, bool *out)
{
    static const char *const yes[] = { "true", "yes", "on", "1", "t", "y" };
    static const char *const no[] = { "false", "no", "off", "0", "f", "n" };

    for (size_t i = 0; i < PM_COUNT(yes); i++) {
        *out = strcasecmp(value, yes[i]) == 0;
        if (*out || strcasecmp(value, no[i]) == 0)
            return true;
    }
    return false;
}

bool rules_number(struct import *im, const struct setting *at, long least, long most, long *out)
{
    char *end = NULL;

    errno = 0;
    long number = strtol(at->value, &end, 10);
    bool good = end != at->value && *end == '\0' && errno == 0 && number >= least &&
                number <= most;
    if (good)
        *out = number;
    else
        import_left(im, at, "it is no whole number from %ld to %ld", least, most);
    return good;
}

static void set_unit(struct import *im, struct process *process, const struct setting *at,
                     const char *key, const char *unit)
{
    size_t n = strlen(at->value);

    if (n == 0 || n > LONGEST || at->value[strspn(at->value, "0123456789.")] != '\0')
        import_left(im, at, "it is no number");
    else
        import_set(im, process, at, key, import_print(im, "%s%s", at->value, unit));
}

static void set_bool(struct import *im, struct process *process, const struct setting *at,
                     const char *key)
{
    bool value;

    if (rules_bool(at->value, &value))
        import_set(im, process, at, key, value ? "true" : "false");
    else
        import_left(im, at, "it is neither true nor false");
}

static bool is_for(const struct rule *rule, const char *name)
{
    size_t n = strlen(rule->name);

    if (n > 0 && rule->name[n - 1] == '*')
        return strncasecmp(rule->name, name, n - 1) == 0;
    return strcasecmp(rule->name, name) == 0;
}

static void apply(struct import *im, const struct rule *rule, struct process *process,
                  const struct setting *at)
{
    switch (rule->how) {
    case CARRY_TEXT:
        import_set(im, process, at, rule->to, at->value);
        break;
    case CARRY_SECONDS:
        set_unit(im, process, at, rule->to, "s");
        break;
    case CARRY_MS:
        set_unit(im, process, at, rule->to, "ms");
        break;
    case CARRY_BOOL:
        set_bool(im, process, at, rule->to);
        break;
    case CARRY_PATH:
        import_set(im, process, at, rule->to, source_path(im, at->source, at->value));
        break;
    case CARRY_READ:
        rule->read(im, process, at);
        break;
    case CARRY_LEFT:
        import_left(im, at, "%s", rule->to);
        break;
    case CARRY_NOTHING:
    case CARRY_ELSEWHERE:
        break;
    }
}

static const struct rule *find(const struct rule *rules, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (is_for(&rules[i], name))
            return &rules[i];
    return NULL;
}

void rules_apply(struct import *im, const struct rule *rules, size_t n, const char *tool,
                 struct process *process, const struct setting *at)
{
    const struct rule *rule = find(rules, n, at->name);
    bool scalar = at->node == NULL || at->node->kind == PM_NODE_SCALAR;

    if (rule == NULL)
        import_left(im, at, "the importer does not know it; see whether it is a setting of %s",
                    tool);
    else if (scalar || rule->how >= CARRY_READ)
        apply(im, rule, process, at);
    else
        import_left(im, at, "it is %s here, not one value", pm_node_word(at->node));
}
