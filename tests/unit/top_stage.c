#include "top_stage.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pm_proc procs[] = {
    { .id = 1, .name = "left", .group = "cameras", .host = "r1", .state = PM_STATE_RUNNING,
      .pid = 4711, .uptime_ms = 8000000, .cpu_pct = 23.1, .rss_bytes = 190840832,
      .reason = "ordered up", .ordered_by = "alice" },
    { .id = 2, .name = "right [x]", .group = "cameras", .host = "r2", .state = PM_STATE_FAILED,
      .reason = "exit code 7; not to be restarted", .restarts = 5, .ordered_by = "" },
    { .id = 3, .name = "core", .group = "", .host = "r1", .state = PM_STATE_LOST,
      .reason = "its deputy is lost", .ordered_by = "" },
};
struct pm_deputy deputies[] = {
    { .name = "r1", .state = PM_LINK_UP, .machine = { .cpu_pct = 31, .mem_used_bytes = 22,
      .mem_total_bytes = 100 }, .procs = 2, .procs_up = 1, .version = "0.1.0", .address = "local" },
    { .name = "r2", .state = PM_LINK_LOST, .age_ms = 12000, .procs = 1, .version = "0.1.0",
      .address = "local" },
};

struct app *app;
struct canvas canvas;
struct pm_mono now;
char heard[1000];

static void hear(const char *format, ...) PM_PRINTF(1, 2);
static void hear(const char *format, ...)
{
    size_t n = strlen(heard);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(heard + n, sizeof heard - n, format, arguments);
    va_end(arguments);
}

static void on_order(void *self, enum pm_verb verb, int64_t signal, const char **select, size_t n)
{
    (void)self;
    hear("%s", pm_word(&pm_verb_words, (int)verb));
    if (signal != 0)
        hear(" %d", (int)signal);
    for (size_t i = 0; i < n; i++)
        hear(" %s", select[i]);
    hear(";");
}

static void on_follow(void *self, const uint64_t *ids, size_t n, enum since since)
{
    (void)self;
    hear("follow");
    for (size_t i = 0; i < n; i++)
        hear(" %d", (int)ids[i]);
    if (since != SINCE_TAIL)
        hear(" since %d", (int)since);
    hear(";");
}

static void on_earlier(void *self) { (void)self; hear("earlier;"); }
static void on_details(void *self, const struct pm_proc *proc)
{
    (void)self;
    hear("details %s;", proc->name);
}
static void on_events(void *self) { (void)self; hear("events;"); }
static void on_specs(void *self) { (void)self; hear("specs;"); }
static void on_save(void *self, const char *path) { (void)self; hear("save %s;", path); }
static void on_page(void *self) { (void)self; hear("pager;"); }
static void on_mouse(void *self, bool on) { (void)self; hear("mouse %d;", on); }
static void on_redraw(void *self) { (void)self; hear("redraw;"); }

static void on_scripts(void *self) { (void)self; hear("scripts;"); }
static void on_run(void *self, const char *script) { (void)self; hear("run %s;", script); }
static void on_abort(void *self) { (void)self; hear("abort;"); }
static void on_apply(void *self, const char *path) { (void)self; hear("apply %s;", path); }
static void on_write(void *self, const struct pm_proc **targets, size_t n)
{
    (void)self;
    hear("write");
    for (size_t i = 0; i < n; i++)
        hear(" %s", targets[i]->name);
    hear(";");
}
static void on_move(void *self, const struct pm_proc **targets, size_t n, const char *host)
{
    (void)self;
    hear("move %zu, first %s, to %s;", n, targets[0]->name, host);
}
static void on_write_again(void *self) { (void)self; hear("write again;"); }
static void on_go_on(void *self) { (void)self; hear("go on;"); }
static void on_drop(void *self) { (void)self; hear("drop;"); }
static int on_editor(void *self, const char *path)
{
    (void)self;
    hear("editor %s;", path);
    return 0;
}
static void on_paths(void *self, struct complete *into)
{
    (void)self;
    complete_offer(into, "fleet.yaml");
    complete_offer(into, "fleet-old.yaml");
    complete_offer(into, "other/");
}

static const struct app_port port = {
    .order = on_order, .follow = on_follow, .earlier = on_earlier, .details = on_details,
    .events = on_events, .specs = on_specs, .scripts = on_scripts, .run = on_run,
    .abort = on_abort, .apply_file = on_apply, .write = on_write, .move = on_move,
    .write_again = on_write_again, .go_on = on_go_on, .drop = on_drop, .editor = on_editor,
    .paths = on_paths, .save = on_save, .page = on_page, .mouse = on_mouse,
    .redraw = on_redraw,
};

void given_a_fleet_on_screen(void)
{
    cr_assert_not_null(setlocale(LC_ALL, "C.UTF-8"));
    now.ms = 1000000;
    app = app_new(&port, NULL);
    app->may_command = true;
    app_sheriff(app, true, "");
    app_fleet(app, (struct pm_proc_list){ procs, PM_COUNT(procs) },
              (struct pm_deputy_list){ deputies, PM_COUNT(deputies) });
    canvas_init(&canvas, &themes[0], false);
    canvas_resize(&canvas, 30, 100);
    app_draw(app, &canvas, now);
    *heard = '\0';
}

void then_all_is_closed(void)
{
    app_close(&app);
    canvas_fini(&canvas);
}

void when_typed(const char *keys)
{
    for (; *keys; keys++)
        when_key((uint8_t)*keys);
}

void when_key(uint32_t key)
{
    now.ms += FOLLOW_MS;
    app_key(app, key, now);
}

void then_heard(const char *expected)
{
    cr_assert_str_eq(heard, expected);
    *heard = '\0';
}

bool on_screen(const char *text)
{
    bool found = false;

    app_draw(app, &canvas, now);
    for (int row = 0; row < canvas.rows && !found; row++) {
        char *line = canvas_row(&canvas, row);
        found = strstr(line, text) != NULL;
        free(line);
    }
    return found;
}
