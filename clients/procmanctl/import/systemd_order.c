/* After=, Requires= and their kin, among the units that are imported together.
 *
 * In systemd who is needed and who comes first are two questions; here who waits also needs. So
 * After= makes a dependency, and whether its failure matters is what Requires= and its kin say. A
 * need without an order is a dependency on having been started. What the other unit must have come
 * to is what its Type= says: a notifying one ready, a oneshot ended, any other one started.
 */
#include "systemd.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum relation { AFTER = 1, NEEDS = 2, BOUND = 4, PART = 8, WANTS = 16 };

static const struct { const char *name; unsigned relation; } names[] = {
    { "After", AFTER }, { "Requires", NEEDS | BOUND }, { "Requisite", NEEDS | BOUND },
    { "BindsTo", NEEDS | BOUND }, { "PartOf", PART }, { "Wants", WANTS },
};

struct relative { const char *name; unsigned relation; struct setting at; };
struct relatives { struct relative *at; size_t n, cap; };

static unsigned relation_of(const char *name)
{
    for (size_t i = 0; i < PM_COUNT(names); i++)
        if (strcasecmp(names[i].name, name) == 0)
            return names[i].relation;
    return 0;
}

static void add(struct relatives *relatives, const char *name, unsigned relation,
                const struct setting *at)
{
    for (size_t i = 0; i < relatives->n; i++) {
        if (strcmp(relatives->at[i].name, name) == 0) {
            relatives->at[i].relation |= relation;
            return;
        }
    }
    if (relatives->n == relatives->cap) {
        relatives->cap = relatives->cap > 0 ? relatives->cap * 2 : 16;
        relatives->at = pm_resize(relatives->at, relatives->cap, sizeof(*relatives->at));
    }
    relatives->at[relatives->n++] = (struct relative){ name, relation, *at };
}

static void gather(struct import *im, const struct unit *unit, const char *subject,
                   struct relatives *out)
{
    for (size_t i = 0; i < unit->ini.n; i++) {
        const struct ini_line *line = &unit->ini.at[i];
        unsigned relation = line->name != NULL ? relation_of(line->name) : 0;
        if (relation == 0 || strcasecmp(line->section, "Unit") != 0)
            continue;
        struct setting at = ini_setting(unit->source, line, subject);
        for (const char *word = line->value; *(word += strspn(word, " \t\n")) != '\0';
             word += strcspn(word, " \t\n")) {
            const char *name = import_str(im, word, strcspn(word, " \t\n"));
            at.value = name;
            add(out, name, relation, &at);
        }
    }
}

static const struct unit *find(const struct import *im, const char *name)
{
    for (size_t i = 0; i < im->units_n; i++)
        if (strcmp(im->units[i]->name, name) == 0)
            return im->units[i];
    return NULL;
}

static const char *type_of(const struct unit *unit)
{
    const char *type = "simple";

    for (size_t i = 0; i < unit->ini.n; i++)
        if (unit->ini.at[i].name != NULL && strcasecmp(unit->ini.at[i].name, "Type") == 0)
            type = unit->ini.at[i].value;
    return type;
}

static const char *when_of(const struct unit *unit, unsigned relation)
{
    const char *type = type_of(unit);

    if ((relation & AFTER) == 0)
        return "started";
    if (strcmp(type, "oneshot") == 0)
        return "exited";
    return strncmp(type, "notify", strlen("notify")) == 0 ? "ready" : "started";
}

/* A target or a unit that is not here: there is nothing to wait for. */
static void leave(struct import *im, const struct relative *relative)
{
    const char *dot = strrchr(relative->name, '.');

    import_left(im, &relative->at, "%s", dot != NULL && strcmp(dot, ".service") != 0
                ? "only services are imported; what it stands for must be there before deputyd is"
                : "it is not among the files that are imported; import its file too, or see that "
                  "it runs");
}

void systemd_order(struct import *im, struct process *process, const struct unit *unit)
{
    struct relatives relatives = { 0 };

    gather(im, unit, process->at.subject, &relatives);
    for (size_t i = 0; i < relatives.n; i++) {
        const struct relative *relative = &relatives.at[i];
        const struct unit *other = find(im, relative->name);
        struct text terms = { 0 };
        if (other == NULL || other == unit) {
            leave(im, relative);
            continue;
        }
        text_print(&terms, "when: %s", when_of(other, relative->relation));
        if ((relative->relation & NEEDS) == 0)
            text_str(&terms, ", on_failure: ignore");
        if ((relative->relation & (BOUND | PART)) != 0)
            text_str(&terms, ", restart_with: true, stop_with: true");
        import_depend(im, process, &relative->at, relative->name,
                      import_str(im, terms.at, terms.n));
        free(terms.at);
    }
    free(relatives.at);
}

bool systemd_is_wanted(const struct import *im, const struct unit *unit)
{
    for (size_t i = 0; i < im->units_n; i++) {
        const struct ini *ini = &im->units[i]->ini;
        for (size_t j = 0; j < ini->n; j++) {
            if (ini->at[j].name == NULL ||
                (relation_of(ini->at[j].name) & (NEEDS | WANTS)) == 0)
                continue;
            size_t n = strlen(unit->name);
            for (const char *at = ini->at[j].value; *(at += strspn(at, " \t\n")) != '\0';
                 at += strcspn(at, " \t\n"))
                if (strcspn(at, " \t\n") == n && strncmp(at, unit->name, n) == 0)
                    return true;
        }
    }
    return false;
}
