/* check: a configuration file without a sheriff. */
#include "out.h"
#include "verbs.h"

#include <procman/spec.h>
#include <stdlib.h>
#include <string.h>

/* The value of each --map, FROM=TO; what it points to is heap. */
static enum pm_err read_maps(struct ctl *ctl, struct pm_host_map *maps, size_t *out_n)
{
    for (size_t i = 0; i < ctl->set.map.n; ++i) {
        const char *pair = ctl->set.map.at[i], *equals = strchr(pair, '=');

        if (!equals || equals == pair || !equals[1] || pm_name_fault(equals + 1))
            return ctl_misuse(ctl, "--map %s is not HOST=HOST, such as robot1=localhost", pair);
        maps[(*out_n)++] = (struct pm_host_map){
            .from = pm_printf("%.*s", (int)(equals - pair), pair), .to = equals + 1 };
    }
    return PM_OK;
}

/* *errors is the report when the file has errors. */
static enum pm_err load_mapped(struct ctl *ctl, const char *path, struct pm_config *out,
                               char **errors)
{
    struct pm_host_map *maps = pm_resize(NULL, ctl->set.map.n + 1, sizeof(*maps));
    size_t n = 0;
    enum pm_err err = read_maps(ctl, maps, &n);

    if (err == PM_OK)
        err = pm_config_load_mapped(path, maps, n, out, errors);
    for (size_t i = 0; i < n; ++i)
        free((char *)maps[i].from);
    free(maps);
    return err;
}

enum pm_err load_config(struct ctl *ctl, const char *path, struct pm_config *out)
{
    char *errors PM_CLEANUP(pm_free) = NULL;
    enum pm_err err = load_mapped(ctl, path, out, &errors);

    if (err == PM_BAD_CONFIG && errors)
        complain_text(errors);
    else if (err != PM_OK && err != PM_USAGE)
        complain("%s: %s", path, pm_err_sentence(err));
    return err;
}

/* What a file holds, and what is wrong with it. */
struct verdict {
    const char *file;
    bool fine;
    uint64_t processes, groups, hosts;
    const char *errors;
};

static const struct pm_field verdict_fields[] = {
    { "file", PM_KIND_STR, offsetof(struct verdict, file), NULL, NULL, "its name" },
    { "fine", PM_KIND_BOOL, offsetof(struct verdict, fine), NULL, NULL, "it has no error" },
    { "processes", PM_KIND_U64, offsetof(struct verdict, processes), NULL, NULL, "defined" },
    { "groups", PM_KIND_U64, offsetof(struct verdict, groups), NULL, NULL, "with processes" },
    { "hosts", PM_KIND_U64, offsetof(struct verdict, hosts), NULL, NULL, "with processes" },
    { "errors", PM_KIND_STR, offsetof(struct verdict, errors), NULL, NULL, "the report" },
};
static const struct pm_desc verdict_desc = {
    .name = "verdict", .size = sizeof(struct verdict), .fields = verdict_fields,
    .n = PM_COUNT(verdict_fields),
};

static int order_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static uint64_t count_different(const char **texts, size_t n)
{
    uint64_t different = n > 0;

    qsort(texts, n, sizeof(*texts), order_texts);
    for (size_t i = 1; i < n; ++i)
        different += strcmp(texts[i - 1], texts[i]) != 0;
    return different;
}

static void count(const struct pm_config *config, struct verdict *out)
{
    size_t n = config->specs.n;
    const char **texts = pm_resize(NULL, n + 1, sizeof(*texts));
    size_t grouped = 0;

    for (size_t i = 0; i < n; ++i)
        if (*config->specs.at[i].group)
            texts[grouped++] = config->specs.at[i].group;
    out->groups = count_different(texts, grouped);
    for (size_t i = 0; i < n; ++i)
        texts[i] = config->specs.at[i].host;
    out->hosts = count_different(texts, n);
    out->processes = n;
    free(texts);
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void print_summary(const struct verdict *verdict)
{
    out_line("%s: %llu process%s in %llu group%s on %llu host%s: fine", verdict->file,
             (unsigned long long)verdict->processes, verdict->processes == 1 ? "" : "es",
             (unsigned long long)verdict->groups, plural(verdict->groups),
             (unsigned long long)verdict->hosts, plural(verdict->hosts));
}

enum pm_err verb_check(struct ctl *ctl)
{
    struct verdict verdict = { .file = ctl->words.at[0], .errors = "" };
    struct pm_config config = { 0 };
    char *errors PM_CLEANUP(pm_free) = NULL;
    enum pm_err err;

    if (!ctl->set.json) {
        err = load_config(ctl, verdict.file, &config);
    } else {
        err = load_mapped(ctl, verdict.file, &config, &errors);
        verdict.errors = errors ? errors : "";
    }
    verdict.fine = err == PM_OK;
    if (err == PM_OK)
        count(&config, &verdict);
    if (ctl->set.json) {
        enum pm_err printed = out_json("files", &verdict_desc, &verdict, 1);

        err = err == PM_OK ? printed : err;
    } else if (err == PM_OK) {
        print_summary(&verdict);
    }
    if (verdict.fine)
        pm_config_fini(&config);
    return err;
}
