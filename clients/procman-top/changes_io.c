/* Changes of what there is: a file, or YAML from an editor, becomes specs, and those are given to
 * the sheriff twice: first only to be judged, and after a yes to be done. What he is asked the
 * second time is what he was asked the first time; nothing is read anew in between.
 *
 * Specs to be edited are written to a file that only the user can read, for they have values of
 * environment variables; it goes when the draft goes. */
#include "session_inside.h"

#include <procman/config.h>
#include <procman/spec.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM   "procman-top"
#define SUFFIX    ".yaml" /* editors colour it so */

enum purpose { TO_APPLY, TO_WRITE, TO_MOVE };

struct changes {
    struct session *session;
    enum purpose purpose;
    uint64_t serial;               /* of the newest ask; answers to others come too late */
    struct pm_apply request;       /* borrows from all below */
    struct pm_config config;
    struct pm_frame exported;      /* what is edited or moved, as it is now */
    struct pm_frame plan;          /* the app borrows it */
    char *source, *host;
    char *path;                    /* of the file for the editor; NULL: there is none */
};

static const char template[] =
    "# A new process. Save and leave the editor to see what the sheriff makes of it;\n"
    "# an empty file drops it. All keys: procman.yaml(5).\n"
    "processes:\n"
    "  - name: \n"
    "    # group: \n"
    "    # host: \n"
    "    command: \n"
    "    # restart: {auto: on-failure}\n";

static void drop_config(struct changes *changes)
{
    pm_config_fini(&changes->config);
    changes->config = (struct pm_config){ 0 };
}

static void forget(struct changes *changes)
{
    changes->serial++;
    if (changes->path != NULL)
        (void)unlink(changes->path);
    pm_free(&changes->path);
    pm_free(&changes->source);
    pm_free(&changes->host);
    drop_config(changes);
    pm_frame_fini(&changes->exported);
    pm_frame_fini(&changes->plan);
    changes->request = (struct pm_apply){ 0 };
}

struct changes *changes_new(struct session *session)
{
    struct changes *changes = pm_alloc(sizeof *changes);

    changes->session = session;
    return changes;
}

void changes_close(struct changes **where)
{
    if (*where == NULL)
        return;
    forget(*where);
    free(*where);
    *where = NULL;
}

/* ---- asking the sheriff ---------------------------------------------------------------------- */

static void ask(struct changes *changes, bool plan_only)
{
    struct pending pending = { .kind = PM_MSG_PLAN, .asker = ASKER_CHANGES,
                               .id = ++changes->serial };
    enum pm_err err;

    changes->request.plan_only = plan_only;
    err = session_send(changes->session, PM_MSG_APPLY, &changes->request, &pending);
    if (err != PM_OK)
        changes_lost(changes, pending.id, err);
}

void changes_lost(struct changes *changes, uint64_t serial, enum pm_err err)
{
    PM_CLEANUP(pm_free) char *why = pm_printf("no answer from the sheriff: %s",
                                              pm_err_sentence(err));

    if (serial == changes->serial)
        draft_fault(changes->session->app, why);
}

/* ---- a file ---------------------------------------------------------------------------------- */

/* A leading ~ is the home directory, as in a shell. */
static char *expand(const char *path)
{
    const char *home = getenv("HOME");

    if (path[0] == '~' && (path[1] == '/' || path[1] == '\0') && home != NULL)
        return pm_printf("%s%s", home, path + 1);
    return pm_strdup(path);
}

void session_apply(struct session *session, const char *given)
{
    struct changes *changes = session->changes;
    PM_CLEANUP(pm_free) char *path = expand(given);
    PM_CLEANUP(pm_free) char *errors = NULL;

    forget(changes);
    changes->purpose = TO_APPLY;
    draft_begin(session->app, pm_printf("apply %s", given), false);
    if (pm_config_load(path, &changes->config, &errors) != PM_OK) {
        changes->config = (struct pm_config){ 0 };
        draft_fault(session->app, errors);
        return;
    }
    changes->source = realpath(path, NULL);
    if (changes->source == NULL)
        changes->source = pm_strdup(path);
    changes->request = (struct pm_apply){
        .mode = PM_APPLY_MODE_MERGE, .specs = changes->config.specs,
        .deputies = changes->config.deputies, .scripts = changes->config.scripts,
        .source = changes->source,
    };
    ask(changes, true);
}

/* ---- the editor ------------------------------------------------------------------------------ */

static const struct pm_exported *exported(const struct changes *changes)
{
    return changes->exported.msg;
}

/* An edited process keeps its number, and so it may be given another name, group or host. Of
 * several only the names tell which is which. */
static void keep_identity(struct changes *changes)
{
    const struct pm_exported *old = exported(changes);
    struct pm_spec_list *specs = &changes->config.specs;

    for (size_t i = 0; i < specs->n; i++) {
        struct pm_spec *spec = &specs->at[i];
        spec->origin = PROGRAM;
        for (size_t k = 0; old != NULL && k < old->specs.n && k < old->procs.n; k++) {
            bool same = old->specs.n == 1 && specs->n == 1;
            if (!same && pm_spec_order(spec, &old->specs.at[k]) != 0)
                continue;
            spec->id = old->procs.at[k].id;
            spec->origin = old->specs.at[k].origin;
        }
    }
}

/* Up to a NUL, which no file of ours has; NULL: there is nothing in it. Heap. */
static char *slurp(const char *path, size_t *out_n)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t room = 0;
    ssize_t n = file ? getdelim(&text, &room, '\0', file) : -1;

    if (file != NULL)
        fclose(file);
    if (n <= 0)
        pm_free(&text);
    *out_n = n > 0 ? (size_t)n : 0;
    return text;
}

/* Does it say nothing but comments? */
static bool is_blank(const char *text)
{
    while (*text != '\0') {
        text += strspn(text, " \t\r\n");
        if (*text != '#' && *text != '\0')
            return false;
        text += strcspn(text, "\n");
    }
    return true;
}

static void read_written(struct changes *changes)
{
    struct app *app = changes->session->app;
    size_t n;
    PM_CLEANUP(pm_free) char *text = slurp(changes->path, &n);
    PM_CLEANUP(pm_free) char *errors = NULL;

    if (text == NULL || is_blank(text)) {
        forget(changes);
        draft_drop(app);
        app_say(app, LOOK_FAINT, app->now, "the file is empty: nothing was done");
        return;
    }
    drop_config(changes);
    if (pm_config_parse("what you wrote", text, n, &changes->config, &errors) != PM_OK) {
        changes->config = (struct pm_config){ 0 };
        draft_fault(app, errors);
        return;
    }
    keep_identity(changes);
    changes->request = (struct pm_apply){
        .mode = exported(changes) != NULL ? PM_APPLY_MODE_EDIT : PM_APPLY_MODE_ADD,
        .specs = changes->config.specs, .source = PROGRAM,
    };
    ask(changes, true);
}

static void write_and_read(struct changes *changes)
{
    struct app *app = changes->session->app;

    if (app->port->editor(app->self, changes->path) == 0)
        read_written(changes);
    else
        draft_fault(app, "the editor did not end well: is VISUAL or EDITOR a program "
                         "that is here?");
}

static void open_editor(struct changes *changes, const char *text)
{
    struct app *app = changes->session->app;
    const char *dir = getenv("TMPDIR");
    int fd;
    bool fine;
    FILE *file;

    changes->path = pm_printf("%s/procman-top-XXXXXX" SUFFIX, dir && *dir ? dir : "/tmp");
    fd = mkostemps(changes->path, (int)strlen(SUFFIX), O_CLOEXEC);
    file = fd >= 0 ? fdopen(fd, "w") : NULL;
    fine = file != NULL && fputs(text, file) >= 0;
    if (file != NULL)
        fine = fclose(file) == 0 && fine;
    if (!fine) {
        PM_CLEANUP(pm_free) char *why = pm_printf("%s: %s", changes->path, strerror(errno));
        draft_fault(app, why);
        return;
    }
    write_and_read(changes);
}

/* ---- what is edited or moved must be asked for first ----------------------------------------- */

static void ask_for_specs(struct changes *changes, const struct pm_proc **procs, size_t n)
{
    const char **words = pm_resize(NULL, n, sizeof *words);
    struct pm_export wanted = { .select = { words, n } };
    struct pending pending = { .kind = PM_MSG_EXPORTED, .asker = ASKER_CHANGES,
                               .id = ++changes->serial };
    enum pm_err err;

    for (size_t i = 0; i < n; i++)
        words[i] = app_select(procs[i]);
    err = session_send(changes->session, PM_MSG_EXPORT, &wanted, &pending);
    if (err != PM_OK)
        changes_lost(changes, pending.id, err);
    for (size_t i = 0; i < n; i++)
        free((char *)words[i]);
    free(words);
}

static char *title_of(const char *verb, const struct pm_proc **procs, size_t n)
{
    PM_CLEANUP(pm_free) char *name = n == 1 ? app_name(procs[0])
                                            : pm_printf("%zu processes", n);

    return pm_printf("%s %s", verb, name);
}

void session_write(struct session *session, const struct pm_proc **procs, size_t n)
{
    struct changes *changes = session->changes;

    forget(changes);
    changes->purpose = TO_WRITE;
    draft_begin(session->app, n > 0 ? title_of("edit", procs, n) : pm_strdup("a new process"),
                true);
    if (n > 0)
        ask_for_specs(changes, procs, n);
    else
        open_editor(changes, template);
}

void session_move(struct session *session, const struct pm_proc **procs, size_t n,
                  const char *host)
{
    struct changes *changes = session->changes;
    PM_CLEANUP(pm_free) char *title = title_of("move", procs, n);

    forget(changes);
    changes->purpose = TO_MOVE;
    changes->host = pm_strdup(host);
    draft_begin(session->app, pm_printf("%s to %s", title, host), false);
    ask_for_specs(changes, procs, n);
}

static void move_them(struct changes *changes)
{
    const struct pm_exported *old = exported(changes);

    for (size_t i = 0; i < old->specs.n && i < old->procs.n; i++) {
        old->specs.at[i].id = old->procs.at[i].id;
        old->specs.at[i].host = changes->host;
    }
    changes->request = (struct pm_apply){ .mode = PM_APPLY_MODE_EDIT, .specs = old->specs,
                                          .source = PROGRAM };
    ask(changes, true);
}

static void take_exported(struct changes *changes, struct pm_frame *frame)
{
    PM_CLEANUP(pm_free) char *text = NULL;

    pm_frame_fini(&changes->exported);
    changes->exported = *frame;
    *frame = (struct pm_frame){ 0 };
    if (exported(changes)->specs.n == 0) {
        draft_fault(changes->session->app, "it is no more: it was removed");
    } else if (changes->purpose == TO_MOVE) {
        move_them(changes);
    } else if (pm_config_write(exported(changes)->specs.at, exported(changes)->specs.n, false,
                               &text) == PM_OK) {
        open_editor(changes, text);
    } else {
        draft_fault(changes->session->app, "its specs cannot be written as a file: "
                    "there is no memory for it");
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

static void take_reply(struct changes *changes, const struct pm_reply *reply)
{
    enum pm_err err = pm_err_from_word(reply->error);

    if (err != PM_OK)
        draft_fault(changes->session->app, *reply->text ? reply->text : pm_err_sentence(err));
    else if (!changes->request.plan_only)
        draft_done(changes->session->app);
}

void changes_take(struct changes *changes, uint64_t serial, struct pm_frame *frame)
{
    bool asked = changes->session->app->draft.stage == DRAFT_ASKED;

    if (serial != changes->serial)
        return;
    if (frame->kind == PM_MSG_REPLY) {
        take_reply(changes, frame->msg);
    } else if (frame->kind == PM_MSG_EXPORTED && asked) {
        take_exported(changes, frame);
    } else if (frame->kind == PM_MSG_PLAN && asked) {
        draft_plan(changes->session->app, frame->msg);
        pm_frame_fini(&changes->plan);
        changes->plan = *frame;
        *frame = (struct pm_frame){ 0 };
    }
}

/* ---- what the user says ---------------------------------------------------------------------- */

void session_write_again(struct session *session)
{
    write_and_read(session->changes);
}

void session_go_on(struct session *session)
{
    ask(session->changes, false);
}

void session_drop(struct session *session)
{
    forget(session->changes);
}
