/* procman-top: the fleet on one screen.
 *
 * One loop: keys and the sheriff's news go into the app, the app draws into a canvas, the canvas
 * is shown, at most ten times a second and only when something has changed.
 */
#include "ansi.h"
#include "paths.h"
#include "session.h"
#include "settings.h"
#include "term.h"

#include <procman/options.h>

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAME_MS  100   /* between two pictures that only news have changed */
#define SECOND_MS 1000

struct top { /* all of it */
    struct app *app;
    struct session *session;
    struct canvas canvas;
    struct pm_mono drawn, second;
    bool dirty, urgent;
};

/* ---- what the app wishes --------------------------------------------------------------------- */

static void port_order(void *self, enum pm_verb verb, int64_t signal, const char **select, size_t n)
{
    session_order(((struct top *)self)->session, verb, signal, select, n);
}

static void port_follow(void *self, const uint64_t *ids, size_t n, enum since since)
{
    session_follow(((struct top *)self)->session, ids, n, since);
}

static void port_earlier(void *self)
{
    session_earlier(((struct top *)self)->session);
}

static void port_details(void *self, const struct pm_proc *proc)
{
    session_details(((struct top *)self)->session, proc);
}

static void port_events(void *self)
{
    session_events(((struct top *)self)->session);
}

static void port_specs(void *self)
{
    session_specs(((struct top *)self)->session);
}

/* The lines as they are shown, without colours. false: errno says why. */
static bool write_lines(const struct scroll *scroll, int fd)
{
    FILE *file = fdopen(fd, "w");
    bool good = file != NULL;

    for (size_t i = 0; good && i < scroll_count(scroll); i++) {
        const struct line *line = scroll_at(scroll, i);
        PM_CLEANUP(pm_free) char *plain = ansi_plain(line->text, line->n);
        good = fprintf(file, "%s\n", plain) >= 0;
    }
    if (file != NULL && fclose(file) != 0)
        good = false;
    return good;
}

static void port_save(void *self, const char *path)
{
    struct top *top = self;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 || !write_lines(top->app->scroll, fd))
        app_say(top->app, LOOK_BAD, pm_mono_now(), "%s: %s", path, strerror(errno));
    else
        app_say(top->app, LOOK_GOOD, pm_mono_now(), "%zu lines saved to %s",
                scroll_count(top->app->scroll), path);
}

static void port_page(void *self)
{
    struct top *top = self;
    char path[] = "/tmp/procman-top-XXXXXX";
    const char *pager = getenv("PAGER");
    const char *argv[] = { pager && *pager ? pager : "less", path, NULL };
    int fd = mkostemp(path, O_CLOEXEC);

    if (fd < 0 || !write_lines(top->app->scroll, fd))
        app_say(top->app, LOOK_BAD, pm_mono_now(), "%s: %s", path, strerror(errno));
    else if (term_run(argv) != 0)
        app_say(top->app, LOOK_BAD, pm_mono_now(), "%s did not end well: is PAGER a program?",
                argv[0]);
    if (fd >= 0)
        (void)unlink(path);
}

static void port_scripts(void *self)
{
    session_scripts(((struct top *)self)->session);
}

static void port_run(void *self, const char *script)
{
    session_run(((struct top *)self)->session, script);
}

static void port_abort(void *self)
{
    session_abort(((struct top *)self)->session);
}

static void port_apply(void *self, const char *path)
{
    session_apply(((struct top *)self)->session, path);
}

static void port_write(void *self, const struct pm_proc **procs, size_t n)
{
    session_write(((struct top *)self)->session, procs, n);
}

static void port_move(void *self, const struct pm_proc **procs, size_t n, const char *host)
{
    session_move(((struct top *)self)->session, procs, n, host);
}

static void port_write_again(void *self)
{
    session_write_again(((struct top *)self)->session);
}

static void port_go_on(void *self)
{
    session_go_on(((struct top *)self)->session);
}

static void port_drop(void *self)
{
    session_drop(((struct top *)self)->session);
}

/* VISUAL and EDITOR may have arguments, so sh reads them, as git(1) does it. */
static int port_editor(void *self, const char *path)
{
    const char *visual = getenv("VISUAL"), *editor = getenv("EDITOR");
    const char *wanted = visual && *visual ? visual : editor && *editor ? editor : "vi";
    PM_CLEANUP(pm_free) char *command = pm_printf("%s \"$1\"", wanted);
    const char *argv[] = { "/bin/sh", "-c", command, wanted, path, NULL };

    (void)self;
    return term_run(argv);
}

static void port_paths(void *self, struct complete *into)
{
    (void)self;
    paths_offer(into);
}

static void port_mouse(void *self, bool on)
{
    (void)self;
    term_mouse(on);
}

static void port_redraw(void *self)
{
    (void)self;
    term_redraw();
}

static const struct app_port port = {
    .order = port_order, .follow = port_follow, .earlier = port_earlier,
    .details = port_details, .events = port_events, .specs = port_specs,
    .scripts = port_scripts, .run = port_run, .abort = port_abort,
    .apply_file = port_apply, .write = port_write, .move = port_move,
    .write_again = port_write_again, .go_on = port_go_on, .drop = port_drop,
    .editor = port_editor, .paths = port_paths, .save = port_save, .page = port_page,
    .mouse = port_mouse, .redraw = port_redraw,
};

/* ---- the loop -------------------------------------------------------------------------------- */

static void hear_keys(struct top *top, struct pm_mono now)
{
    struct term_event event;

    while (!top->app->quit && term_next(&event)) {
        top->dirty = top->urgent = true;
        if (event.key == KEY_MOUSE_EVENT && event.wheel != 0)
            app_wheel(top->app, event.row, event.wheel);
        else if (event.key == KEY_MOUSE_EVENT)
            app_click(top->app, event.row, event.col, event.twice, now);
        else if (event.key == KEY_CTRL_A + 2) /* Ctrl-C: raw mode gives it as a key */
            top->app->quit = true;
        else if (event.key != KEY_RESIZED)
            app_key(top->app, event.key, now);
    }
}

static void draw(struct top *top, struct pm_mono now)
{
    int rows, cols;

    term_size(&rows, &cols);
    canvas_resize(&top->canvas, rows, cols);
    app_draw(top->app, &top->canvas, now);
    term_show(&top->canvas);
    top->drawn = now;
    top->dirty = top->urgent = false;
}

static int wait_ms(const struct top *top, struct pm_mono now)
{
    int64_t left = SECOND_MS - pm_mono_since(top->second, now);
    int64_t frame = FRAME_MS - pm_mono_since(top->drawn, now);

    if ((top->dirty || top->app->follow_late) && frame < left)
        left = frame;
    return left > 0 ? (int)left : 0;
}

static void turn(struct top *top)
{
    struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 }, { session_fd(top->session), POLLIN, 0 } };
    struct pm_mono now = pm_mono_now();

    (void)poll(fds, PM_COUNT(fds), wait_ms(top, now));
    now = pm_mono_now();
    top->app->wall = pm_wall_now();
    if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
        top->app->quit = true; /* the terminal is gone */
    hear_keys(top, now);
    app_turn(top->app, now);
    if (session_pump(top->session, now) && !top->app->frozen)
        top->dirty = true;
    if (pm_mono_since(top->second, now) >= SECOND_MS) {
        top->second = now;
        session_second(top->session);
        top->dirty |= !top->app->frozen;
    }
    if (top->urgent || (top->dirty && pm_mono_since(top->drawn, now) >= FRAME_MS))
        draw(top, now);
}

/* ---- beginning and end ----------------------------------------------------------------------- */

struct settings { const char *run_dir, *theme; bool read_only, watch, print_keys, ascii; };

static const struct pm_option options[] = {
    { "run-dir", 0, "DIR", "the sheriff's run directory", PM_INTO(struct settings, run_dir) },
    { "read-only", 0, NULL, "turn every key off that changes something",
      PM_INTO(struct settings, read_only) },
    { "watch", 0, NULL, "use the socket for looking only", PM_INTO(struct settings, watch) },
    { "theme", 0, "NAME", "default, light, mono, nord or high-contrast",
      PM_INTO(struct settings, theme) },
    { "ascii", 0, NULL, "draw with ASCII alone", PM_INTO(struct settings, ascii) },
    { "print-keys", 0, NULL, "print the keys as a file that can be changed, and end",
      PM_INTO(struct settings, print_keys) },
    { 0 },
};

static const struct pm_program program = {
    .name = "procman-top", .synopsis = "[OPTIONS]", .about = "the fleet on one screen",
    .options = options,
};

static int fail(char *why, int status)
{
    fprintf(stderr, "procman-top: %s\n", why);
    free(why);
    return status;
}

static char *prepare(struct app *app, const struct settings *given)
{
    const struct theme *theme = given->theme ? theme_find(given->theme) : NULL;

    settings_load(app);
    app->read_only = given->read_only;
    if (given->theme != NULL && theme == NULL)
        return pm_printf("there is no theme \"%s\"; see procman-top --help", given->theme);
    if (theme != NULL)
        app->theme = (size_t)(theme - themes);
    return settings_load_keys(app);
}

static int run(struct top *top, const struct settings *given)
{
    char *why = term_open(top->app->mouse);

    if (why != NULL)
        return fail(why, 1);
    if (given->theme == NULL && term_is_mono())
        top->app->theme = (size_t)(theme_find("mono") - themes);
    canvas_init(&top->canvas, &themes[top->app->theme], given->ascii || term_is_ascii());
    top->app->wall = pm_wall_now();
    session_serve(top->session, top->app);
    top->dirty = top->urgent = true;
    while (!top->app->quit)
        turn(top);
    term_close();
    settings_save(top->app);
    canvas_fini(&top->canvas);
    return 0;
}

int main(int argc, char **argv)
{
    struct settings given = { 0 };
    struct pm_args args = { 0 };
    struct top top = { 0 };
    enum pm_err err;
    char *why;
    int status;

    setlocale(LC_ALL, "");
    pm_options_main(&program, argc, argv, &given, 0, &args);
    top.app = app_new(&port, &top);
    why = prepare(top.app, &given);
    if (why != NULL) {
        status = fail(why, 2);
    } else if (given.print_keys) {
        PM_CLEANUP(pm_free) char *keys = keymap_print(&top.app->keymap);
        status = fputs(keys, stdout) < 0 ? 1 : 0;
    } else if ((err = session_open(given.run_dir, given.watch, &top.session, &why)) != PM_OK) {
        status = fail(why, pm_err_exit(err));
    } else {
        status = run(&top, &given);
        session_close(&top.session);
    }
    app_close(&top.app);
    free(args.words.at);
    return status;
}
