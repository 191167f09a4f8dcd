/* edit without --set: the processes as a file, in the user's editor.
 *
 * What the user wrote is never lost: as long as it has an error it is offered again, with the error
 * at its top, and whoever gives up finds it where he is told. It is read together with all other
 * processes, because what it says may depend on them; they come from a file beside it. That has no
 * more of them than this takes, or a large fleet would be too much for one configuration.
 */
#include "out.h"
#include "verbs.h"

#include <errno.h>
#include <procman/config.h>
#include <procman/spec.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define EDITED "processes.yaml"
#define OTHERS "others.yaml"
#define WHOLE  "all.yaml"     /* includes both */

struct edit {
    struct ctl *ctl;
    char *dir;                 /* for its owner alone: files have environment values */
    struct pm_frame chosen, all;
    char *text;                /* of the file, when it was offered last */
    bool kept;                 /* what the user wrote is still needed */
};

static const struct pm_spec_list *specs_in(const struct pm_frame *frame)
{
    return &((const struct pm_exported *)frame->msg)->specs;
}

static char *path_to(const struct edit *edit, const char *name)
{
    return pm_printf("%s/%s", edit->dir, name);
}

/* ---- files ---- */

static enum pm_err put(const struct edit *edit, const char *name, const char *text)
{
    char *path PM_CLEANUP(pm_free) = path_to(edit, name);

    return write_file(path, text);
}

/* Heap; NULL: it cannot be read, told. */
static char *get(const struct edit *edit)
{
    char *path PM_CLEANUP(pm_free) = path_to(edit, EDITED);
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t cap = 0;

    if (file && getdelim(&text, &cap, '\0', file) < 0 && !ferror(file)) {
        free(text);
        text = pm_strdup("");
    }
    if (!file || ferror(file))
        complain("%s cannot be read: %s", path, strerror(errno));
    if (file)
        fclose(file);
    return text;
}

static void drop(const struct edit *edit, const char *name)
{
    char *path PM_CLEANUP(pm_free) = path_to(edit, name);

    unlink(path);
}

static void clean_up(const struct edit *edit)
{
    drop(edit, OTHERS);
    drop(edit, WHOLE);
    if (edit->kept) {
        complain("nothing was changed; what you wrote is in %s/" EDITED, edit->dir);
        return;
    }
    drop(edit, EDITED);
    rmdir(edit->dir);
}

/* ---- what is edited ---- */

static bool is_chosen(const struct edit *edit, uint64_t id)
{
    const struct pm_spec_list *chosen = specs_in(&edit->chosen);

    for (size_t i = 0; i < chosen->n; ++i)
        if (chosen->at[i].id == id)
            return true;
    return false;
}

static enum pm_err ask(struct edit *edit)
{
    struct pm_export chosen = { .select = edit->ctl->words }, all = { 0 };
    enum pm_err err = ctl_open(edit->ctl);

    if (err == PM_OK)
        err = ctl_call(edit->ctl, PM_MSG_EXPORT, &chosen, PM_MSG_EXPORTED, &edit->chosen);
    if (err == PM_OK)
        err = ctl_call(edit->ctl, PM_MSG_EXPORT, &all, PM_MSG_EXPORTED, &edit->all);
    if (err == PM_OK && !pm_client_may_command(edit->ctl->client)) {
        complain("you may only look, so you cannot change processes");
        err = PM_FORBIDDEN;
    }
    return err;
}

/* What others may depend on, without what it runs. */
static struct pm_spec outline(const struct pm_spec *spec)
{
    struct pm_spec bare = *spec;

    bare.command = "true";
    bare.exec = (struct pm_strs){ 0 };
    bare.env = (struct pm_var_list){ 0 };
    bare.labels = (struct pm_var_list){ 0 };
    return bare;
}

static enum pm_err write_all(struct edit *edit)
{
    const struct pm_spec_list *all = specs_in(&edit->all), *chosen = specs_in(&edit->chosen);
    struct pm_spec *others = pm_resize(NULL, all->n + 1, sizeof(*others));
    char *text PM_CLEANUP(pm_free) = NULL;
    size_t n = 0;

    for (size_t i = 0; i < all->n; ++i)
        if (!is_chosen(edit, all->at[i].id))
            others[n++] = outline(&all->at[i]);
    enum pm_err err = pm_config_write(others, n, false, &text);

    if (err == PM_OK)
        err = pm_config_write(chosen->at, chosen->n, false, &edit->text);
    if (err == PM_OK)
        err = put(edit, OTHERS, text);
    if (err == PM_OK)
        err = put(edit, WHOLE, "include: [" EDITED ", " OTHERS "]\n");
    if (err == PM_OK)
        err = put(edit, EDITED, edit->text);
    free(others);
    return err;
}

/* ---- the editor ---- */

static enum pm_err run_editor(const struct edit *edit)
{
    const char *editor = getenv("VISUAL");
    char *path PM_CLEANUP(pm_free) = path_to(edit, EDITED);
    char *command PM_CLEANUP(pm_free) = NULL;
    int status = 0;

    struct sigaction ignore = { .sa_handler = SIG_IGN }, on_interrupt, on_quit;

    if (!editor || !*editor)
        editor = getenv("EDITOR");
    if (!editor || !*editor)
        editor = "vi";
    /* It may have arguments, as everywhere; and the shell outlives what interrupts it. */
    command = pm_printf("trap : INT QUIT; %s \"$1\"", editor);
    sigaction(SIGINT, &ignore, &on_interrupt); /* what is typed in the editor is for the editor */
    sigaction(SIGQUIT, &ignore, &on_quit);
    pid_t pid = fork();

    if (pid == 0) {
        sigaction(SIGINT, &on_interrupt, NULL);
        sigaction(SIGQUIT, &on_quit, NULL);
        execl("/bin/sh", "sh", "-c", command, "sh", path, (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    sigaction(SIGINT, &on_interrupt, NULL);
    sigaction(SIGQUIT, &on_quit, NULL);
    if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return PM_OK;
    complain("the editor \"%s\" failed; name another one in $EDITOR", editor);
    return PM_FAILED;
}

/* ---- what was written ---- */

static bool comes_from(const struct pm_spec *spec, const char *path)
{
    size_t n = strlen(path);

    return strncmp(spec->origin, path, n) == 0 && spec->origin[n] == ':';
}

/* The one that has that name, or the only one there is: it may have a new name. */
static const struct pm_spec *before(const struct edit *edit, const struct pm_spec *spec)
{
    const struct pm_spec_list *chosen = specs_in(&edit->chosen);

    for (size_t i = 0; i < chosen->n; ++i)
        if (pm_spec_order(&chosen->at[i], spec) == 0)
            return &chosen->at[i];
    return chosen->n == 1 ? &chosen->at[0] : NULL;
}

static char *take(const struct edit *edit, const struct pm_config *config, struct pm_spec *out)
{
    char *path PM_CLEANUP(pm_free) = path_to(edit, EDITED);
    size_t n = 0, most = specs_in(&edit->chosen)->n;
    char label[PM_LABEL_SIZE];

    for (size_t i = 0; i < config->specs.n; ++i) {
        struct pm_spec spec = config->specs.at[i];
        const struct pm_spec *old = comes_from(&spec, path) ? before(edit, &spec) : NULL;

        if (!comes_from(&spec, path))
            continue;
        if (!old || n == most)
            return pm_printf("%s was not there; \"procmanctl add\" defines a new one",
                             pm_spec_label(spec.group, spec.name, spec.host, label,
                                           sizeof(label)));
        spec.id = old->id;
        spec.origin = old->origin;
        spec.source = old->source;
        out[n++] = spec;
    }
    return n == most ? NULL : pm_strdup("a process is missing; \"procmanctl remove\" removes one");
}

/* OK | what is wrong with it is *why | what was told already, *why is NULL */
static enum pm_err apply_text(struct edit *edit, char **why)
{
    char *path PM_CLEANUP(pm_free) = path_to(edit, WHOLE);
    size_t n = specs_in(&edit->chosen)->n;
    struct pm_config config = { 0 };
    enum pm_err err = pm_config_load(path, &config, why);

    if (err != PM_OK)
        return err;
    struct pm_spec *specs = pm_resize(NULL, n + 1, sizeof(*specs));
    struct pm_apply request = { .mode = PM_APPLY_MODE_EDIT, .plan_only = edit->ctl->set.plan,
                                .specs = { .at = specs, .n = n }, .source = "procmanctl edit" };

    *why = take(edit, &config, specs);
    if (*why)
        err = PM_BAD_CONFIG;
    else
        err = apply_or_say(edit->ctl, &request, true, why);
    free(specs);
    pm_config_fini(&config);
    return err;
}

/* Comments of an earlier try go, those of this one come. */
static enum pm_err offer_again(struct edit *edit, const char *text, const char *why)
{
    char *fresh = pm_strdup("");

    while (strncmp(text, "#! ", 3) == 0)
        text += strcspn(text, "\n") + (text[strcspn(text, "\n")] == '\n');
    while (*why) {
        size_t n = strcspn(why, "\n");
        char *longer = pm_printf("%s#! %.*s\n", fresh, (int)n, why);

        free(fresh);
        fresh = longer;
        why += n + (why[n] == '\n');
    }
    free(edit->text);
    edit->text = pm_printf("%s%s", fresh, text);
    free(fresh);
    return put(edit, EDITED, edit->text);
}

static enum pm_err edit_until_good(struct edit *edit)
{
    enum pm_err last = PM_OK;

    for (;;) {
        char *why PM_CLEANUP(pm_free) = NULL, *text PM_CLEANUP(pm_free) = NULL;
        enum pm_err err = run_editor(edit);

        text = get(edit);
        edit->kept |= !text || strcmp(text, edit->text) != 0;
        if (err != PM_OK || !text)
            return PM_FAILED;
        if (strcmp(text, edit->text) == 0) {
            if (last == PM_OK)
                out_line("nothing to do: the file was not changed");
            return last;
        }
        err = apply_text(edit, &why);
        edit->kept = err != PM_OK;
        if (err == PM_OK || !why)
            return err;
        complain_text(why);
        last = err;
        if (offer_again(edit, text, why) != PM_OK)
            return err;
    }
}

enum pm_err edit_in_editor(struct ctl *ctl)
{
    const char *tmp = getenv("TMPDIR");
    struct edit edit = { .ctl = ctl };
    enum pm_err err = ask(&edit);

    edit.dir = pm_printf("%s/procman-edit-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (err == PM_OK && !mkdtemp(edit.dir)) {
        complain("%s cannot be made: %s", edit.dir, strerror(errno));
        err = PM_IO;
    } else if (err == PM_OK) {
        err = write_all(&edit);
        if (err == PM_OK)
            err = edit_until_good(&edit);
        clean_up(&edit);
    }
    free(edit.dir);
    free(edit.text);
    pm_frame_fini(&edit.chosen);
    pm_frame_fini(&edit.all);
    return err;
}
