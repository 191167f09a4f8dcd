/* add, edit, export: single processes without a file, and the way back to one. */
#include "out.h"
#include "verbs.h"

#include <errno.h>
#include <procman/spec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "KEY=VALUE" of each --set into the spec; strings go to the arena. */
static enum pm_err set_keys(struct ctl *ctl, struct pm_spec *spec, struct pm_arena *arena)
{
    for (size_t i = 0; i < ctl->set.set.n; ++i) {
        const char *pair = ctl->set.set.at[i], *equals = strchr(pair, '=');
        char *key PM_CLEANUP(pm_free) = NULL, *why PM_CLEANUP(pm_free) = NULL;

        if (!equals || equals == pair)
            return ctl_misuse(ctl, "--set %s is not KEY=VALUE", pair);
        key = pm_printf("%.*s", (int)(equals - pair), pair);
        if (pm_config_set(spec, key, equals + 1, arena, &why) != PM_OK)
            return ctl_misuse(ctl, "--set %s: %s", pair, why);
    }
    return PM_OK;
}

/* ---- add ---- */

/* NAME may be a whole label, group/name@host; options say the same in other words. */
static enum pm_err split_label(struct ctl *ctl, char *label, struct pm_spec *spec)
{
    char *at = strchr(label, '@'), *slash;

    if (at)
        *at = '\0';
    slash = strrchr(label, '/');
    if (slash)
        *slash = '\0';
    if ((at && ctl->set.host) || (slash && ctl->set.group))
        return ctl_misuse(ctl, "%s says its %s already", ctl->words.at[0],
                          at && ctl->set.host ? "host" : "group");
    spec->name = slash ? slash + 1 : label;
    spec->group = slash ? label : ctl->set.group ? ctl->set.group : "";
    spec->host = at ? at + 1 : ctl->set.host ? ctl->set.host : "";
    return PM_OK;
}

static enum pm_err make_spec(struct ctl *ctl, char *label, struct pm_spec *spec,
                             struct pm_arena *arena)
{
    const char *fault;
    enum pm_err err;

    pm_spec_init(spec);
    err = split_label(ctl, label, spec);
    if (err == PM_OK)
        err = set_keys(ctl, spec, arena);
    if (err != PM_OK)
        return err;
    if (ctl->command.n == 1)
        spec->command = ctl->command.at[0];
    else if (ctl->command.n > 1)
        spec->exec = ctl->command;
    spec->origin = "procmanctl add";
    fault = pm_spec_fault(spec);
    return fault ? ctl_misuse(ctl, "%s: %s", ctl->words.at[0], fault) : PM_OK;
}

enum pm_err verb_add(struct ctl *ctl)
{
    char *label PM_CLEANUP(pm_free) = pm_strdup(ctl->words.at[0]);
    struct pm_apply request = { .mode = PM_APPLY_MODE_ADD, .source = "procmanctl add" };
    struct pm_arena arena;
    struct pm_spec spec;
    enum pm_err err;

    if (ctl->command.n == 0 && ctl->set.set.n == 0)
        return ctl_misuse(ctl, "add needs a command after \"--\"");
    pm_arena_init(&arena, 0);
    err = make_spec(ctl, label, &spec, &arena);
    if (err == PM_OK)
        err = ctl_open(ctl);
    request.specs = (struct pm_spec_list){ .at = &spec, .n = 1 };
    if (err == PM_OK)
        err = apply_specs(ctl, &request, true);
    pm_arena_fini(&arena);
    return err;
}

/* ---- edit ---- */

static enum pm_err ask_specs(struct ctl *ctl, struct pm_frame *out)
{
    struct pm_export request = { .select = ctl->words };
    enum pm_err err = ctl_open(ctl);

    return err == PM_OK ? ctl_call(ctl, PM_MSG_EXPORT, &request, PM_MSG_EXPORTED, out) : err;
}

enum pm_err verb_edit(struct ctl *ctl)
{
    struct pm_apply request = { .mode = PM_APPLY_MODE_EDIT, .plan_only = ctl->set.plan,
                                .source = "procmanctl edit" };
    struct pm_frame frame = { 0 };
    struct pm_arena arena;
    enum pm_err err;

    if (ctl->set.set.n == 0)
        return edit_in_editor(ctl);
    err = ask_specs(ctl, &frame);
    if (err != PM_OK)
        return err;
    pm_arena_init(&arena, 0);
    request.specs = ((const struct pm_exported *)frame.msg)->specs;
    for (size_t i = 0; i < request.specs.n && err == PM_OK; ++i)
        err = set_keys(ctl, &request.specs.at[i], &arena);
    if (err == PM_OK)
        err = apply_specs(ctl, &request, true);
    pm_arena_fini(&arena);
    pm_frame_fini(&frame);
    return err;
}

/* ---- export ---- */

/* The file is there whole or not at all, and only for its owner: it has environment values. */
enum pm_err write_file(const char *path, const char *text)
{
    char *fresh PM_CLEANUP(pm_free) = pm_printf("%s.XXXXXX", path);
    int fd = mkstemp(fresh);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    bool fine = file && fputs(text, file) >= 0;

    if (file)
        fine = fclose(file) == 0 && fine;
    if (fine && rename(fresh, path) == 0)
        return PM_OK;
    complain("%s cannot be written: %s", path, strerror(errno));
    if (fd >= 0)
        unlink(fresh);
    return PM_IO;
}

/* NULL: standard output. */
static const char *path_of(const struct ctl *ctl)
{
    return ctl->words.n > 0 && strcmp(ctl->words.at[0], "-") != 0 ? ctl->words.at[0] : NULL;
}

static bool wants_json(const struct ctl *ctl, const char *path)
{
    const char *dot = path ? strrchr(path, '.') : NULL;

    return ctl->set.json || (dot && strcmp(dot, ".json") == 0);
}

enum pm_err verb_export(struct ctl *ctl)
{
    const char *path = path_of(ctl);
    struct pm_export request = { 0 };
    struct pm_frame frame = { 0 };
    char *text PM_CLEANUP(pm_free) = NULL;
    const struct pm_exported *exported;
    enum pm_err err = ctl_open(ctl);

    if (ctl->words.n > 1)
        request.select = (struct pm_strs){ .at = ctl->words.at + 1, .n = ctl->words.n - 1 };
    if (err == PM_OK)
        err = ctl_call(ctl, PM_MSG_EXPORT, &request, PM_MSG_EXPORTED, &frame);
    if (err == PM_OK && !pm_client_may_command(ctl->client)) {
        complain("you may only look, so the values of environment variables are kept from you, "
                 "and a file without them would be wrong; see \"procmanctl show\"");
        pm_frame_fini(&frame);
        err = PM_FORBIDDEN;
    }
    if (err != PM_OK)
        return err;
    exported = frame.msg;
    err = pm_config_write_all(&exported->specs, &exported->scripts, wants_json(ctl, path), &text);
    if (err != PM_OK)
        complain("the configuration cannot be written: %s", pm_err_sentence(err));
    else if (path)
        err = write_file(path, text);
    else
        out_text(text);
    pm_frame_fini(&frame);
    return err;
}
