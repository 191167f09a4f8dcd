/* procman.yaml(5) and the table of keys say the same: each key that is served has its entry, in
 * the order of the table, with its default and what a change of it costs; what nothing heeds yet
 * is hidden between `.ig NOT_YET` and `..`. */
#include "config/keys.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE (1 << 17)

/* The page as people see it: without what is hidden. */
static char *given_page(void)
{
    char *page = pm_alloc(PAGE), line[512];
    FILE *file = fopen(SOURCE_DIR "/clients/procman.yaml.5", "r");
    bool hidden = false;
    size_t n = 0;

    cr_assert_not_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        hidden = hidden || strcmp(line, ".ig NOT_YET\n") == 0;
        if (!hidden && n + strlen(line) < PAGE)
            n += strlen(strcpy(page + n, line));
        hidden = hidden && strcmp(line, "..\n") != 0;
    }
    fclose(file);
    return page;
}

/* What the page calls it: keys of a dependency have its name before theirs. */
static char *title_of(const struct pm_key *key)
{
    const char *above = (key->where & PM_IN_DEPENDENCY) != 0 ? "depends_on." : "";

    return pm_printf(".It Ic %s%s\n", above, key->name);
}

static bool is_served(const struct pm_key *key)
{
    const struct pm_key *list = pm_key_find("depends_on", PM_IN_PROCESS);
    const struct pm_key *scripts = pm_key_find("scripts", PM_IN_FILE);

    if ((key->where & PM_IN_DEPENDENCY) != 0 && (list->where & PM_NOT_YET) != 0)
        return false;
    if ((key->where & PM_IN_STEP) != 0 && (scripts->where & PM_NOT_YET) != 0)
        return false;
    return (key->where & PM_NOT_YET) == 0;
}

/* The text of an entry, up to the next one, heap. */
static char *entry_at(const char *at)
{
    const char *next = strstr(at + 1, "\n.It "), *end = strstr(at + 1, "\n.El");

    if (next == NULL || (end != NULL && end < next))
        next = end;
    return pm_printf("%.*s\n", next != NULL ? (int)(next - at) : (int)strlen(at), at);
}

static void then_said(const struct pm_key *key, const char *entry)
{
    char *fallback = key->fallback != NULL ? pm_printf(".Li %s ", key->fallback) : NULL;
    bool has_default = strstr(entry, "Default") != NULL;
    bool costs = strstr(entry, ".Em restart\n") != NULL;

    if (fallback != NULL && strcmp(key->name, "working_dir") != 0) /* that one is a path */
        cr_expect(has_default && strstr(entry, fallback) != NULL, "default of %s is %s:\n%s",
                  key->name, key->fallback, entry);
    if ((key->where & PM_IN_PROCESS) != 0)
        cr_expect_eq(costs, key->effect == PM_EFFECT_RESTART, "%s: does a change cost a restart?",
                     key->name);
    free(fallback);
}

Test(manual, has_every_key_that_is_served_and_no_other)
{
    char *page = given_page();
    const char *last = page;

    for (size_t i = 0; i < pm_keys_n; i++) {
        const struct pm_key *key = &pm_keys[i];
        char *title = title_of(key), *at = strstr(last, title);
        if (!is_served(key)) {
            cr_expect_null(strstr(page, title), "nothing heeds %s yet: hide it", key->name);
        } else if (at == NULL) {
            cr_expect(at != NULL, "%s is not there, or not in its place%s", key->name,
                      strstr(page, title) != NULL ? "" : "; is it still hidden?");
        } else {
            char *entry = entry_at(at);
            then_said(key, entry);
            free(entry);
            last = at;
        }
        free(title);
    }
    free(page);
}
