/* The recorder behind the stories of the brain. */
#include "brain_stage.h"

#include <procman/marks.h>
#include <procman/probe.h>

#include <stdarg.h>
#include <stdlib.h>

struct brain_stage t;


/* ---- the recorder ----------------------------------------------------------------- */

PM_PRINTF(1, 2) static void say(const char *format, ...)
{
    size_t n = strlen(t.said);
    va_list values;

    va_start(values, format);
    vsnprintf(t.said + n, sizeof t.said - n, format, values);
    va_end(values);
    strncat(t.said, "\n", sizeof t.said - strlen(t.said) - 1);
}

static void remember(uint64_t slot, const struct pm_blob *note)
{
    cr_assert_leq(note->n, PM_LIMIT_NOTE);
    if (note->n > 0)
        memcpy(t.note[slot], note->at, note->n);
    t.note_n[slot] = note->n;
}

static void remember_variables(const struct pm_var_list *env)
{
    t.variables[0] = '\0';
    for (size_t i = 0; i < env->n; i++) {
        strncat(t.variables, env->at[i].name, sizeof t.variables - strlen(t.variables) - 1);
        strncat(t.variables, " ", sizeof t.variables - strlen(t.variables) - 1);
        if (strcmp(env->at[i].name, PM_MARK_NAME) == 0)
            snprintf(t.name_told, sizeof t.name_told, "%s", env->at[i].value);
    }
}

static bool to_keeper(void *self, enum pm_msg kind, const void *msg)
{
    (void)self;
    if (kind == PM_MSG_SPAWN) {
        const struct pm_spawn *spawn = msg;
        if (t.keeper_refuses)
            return false;
        say("spawn %d/%d %s", (int)spawn->slot, (int)spawn->run, spawn->argv.at[0]);
        remember_variables(&spawn->env);
        remember(spawn->slot, &spawn->note);
        cr_assert_gt(spawn->run, t.run[spawn->slot], "a run number is used once");
        t.run[spawn->slot] = spawn->run;
    } else if (kind == PM_MSG_NOTE) {
        const struct pm_note *note = msg;
        if (note->note.n == 0) {
            say("free %d", (int)note->slot);
            t.run[note->slot] = 0;
        }
        remember(note->slot, &note->note);
    } else if (kind == PM_MSG_KILL) {
        const struct pm_kill *order = msg;
        say("kill %d/%d %d", (int)order->slot, (int)order->run, (int)order->signal);
    } else if (kind == PM_MSG_SEEN) {
        const struct pm_seen *seen = msg;
        say("seen %d/%d", (int)seen->slot, (int)seen->run);
    } else if (kind == PM_MSG_DRAINED) {
        const struct pm_drained *drained = msg;
        say("drained %d/%d", (int)drained->slot, (int)drained->run);
    } else if (kind == PM_MSG_UPGRADE) {
        say("upgrade %d", (int)((const struct pm_upgrade *)msg)->request);
    } else if (kind == PM_MSG_AWAKE) {
        say("awake %d", (int)((const struct pm_awake *)msg)->asked_ms);
    } else if (kind == PM_MSG_FINISHED) {
        say("finished%s", ((const struct pm_finished *)msg)->leave_running ? " leaving" : "");
    }
    return true;
}

static bool to_sheriff(void *self, enum pm_msg kind, const void *msg)
{
    (void)self;
    if (t.sheriff_deaf)
        return false;
    if (kind == PM_MSG_STATUS) {
        pm_arena_fini(&t.arena);
        cr_assert_eq(pm_copy(&pm_status_desc, msg, &t.arena, &t.status), PM_OK);
        say("status%s %d", t.status.full ? " full" : "", (int)t.status.procs.n);
    } else if (kind == PM_MSG_ENDINGS) {
        pm_arena_fini(&t.told);
        cr_assert_eq(pm_copy(&pm_endings_desc, msg, &t.told, &t.endings), PM_OK);
        if (t.hear_endings)
            say("endings %d", (int)t.endings.past.n);
    } else if (kind == PM_MSG_BEAT) {
        t.beat = *(const struct pm_beat *)msg;
    } else if (kind == PM_MSG_HOLDING) {
        say("holding %d %d", (int)((const struct pm_holding *)msg)->specs.n,
            (int)((const struct pm_holding *)msg)->wants.n);
    } else if (kind == PM_MSG_DONE) {
        const struct pm_done *done = msg;
        say("done %d %s", (int)done->request, done->error);
    } else if (kind == PM_MSG_BYTES) {
        say("bytes %s", ((const struct pm_bytes *)msg)->error);
    } else {
        say("%s", pm_msg_desc(kind)->name);
    }
    return true;
}

static void reconnect(void *self)
{
    (void)self;
    say("reconnect");
}

static void keep_wish(void *self, const struct pm_wish *wish)
{
    (void)self;
    t.wish.n = 0;
    if (wish != NULL)
        cr_assert_eq(pm_encode(&pm_wish_desc, wish, &t.wish), PM_OK);
    t.kept++;
}

static void keep_past(void *self, const struct pm_kept_end *at, size_t n, bool anew)
{
    (void)self;
    if (anew)
        t.past.n = 0;
    t.past.at = pm_resize(t.past.at, t.past.n + n + 1, sizeof *t.past.at);
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(pm_copy(&pm_kept_end_desc, &at[i], &t.past.arena, &t.past.at[t.past.n++]),
                     PM_OK);
}

static bool oom_ran(void *self)
{
    (void)self;
    return t.oom_ran;
}

static const char *resolve(void *self, const struct pm_spec *spec, struct pm_arena *arena,
                           struct brain_ids *out, char *text, size_t size)
{
    (void)self;
    (void)arena;
    snprintf(text, size, "unknown user '%s'", spec->run_as_user);
    *out = (struct brain_ids){ .uid = 1000, .gid = 1000 };
    return strcmp(spec->run_as_user, "nobody") == 0 ? NULL : text;
}

static double chance(void *self)
{
    (void)self;
    return 0;
}

static void note_log(void *self, enum pm_log_level level, const char *text)
{
    (void)self;
    (void)level;
    snprintf(t.logged, sizeof t.logged, "%s", text);
}

static struct output_file *file(void *self, const char *group, const char *name)
{
    (void)self;
    (void)group;
    return (struct output_file *)pm_strdup(name); /* a token is all the core sees */
}

static void limits(void *self, struct output_file *output, uint64_t max_bytes, uint64_t keep)
{
    (void)self, (void)output, (void)max_bytes, (void)keep;
}

static void collect(void *self, struct output_file *output, uint64_t run)
{
    (void)self;
    say("collect %s %d", (const char *)output, (int)run);
}

static void follow(void *self, struct output_file *output, uint64_t id, bool on)
{
    (void)self;
    say("%s %s %d", on ? "follow" : "unfollow", (const char *)output, (int)id);
}

static void read_output(void *self, struct output_file *output, const struct pm_read *read)
{
    (void)self;
    say("read %s %d", (const char *)output, (int)read->offset);
}

static void sweep(void *self, uint64_t request, bool kill)
{
    (void)self;
    say("sweep %d%s", (int)request, kill ? " kill" : "");
}

static void last(void *self, struct output_file *output, uint64_t run)
{
    (void)self, (void)output, (void)run;
}

static bool drained(void *self, struct output_file *output, uint64_t run)
{
    (void)self, (void)output, (void)run;
    return !t.undrained;
}

static void drop(void *self, struct output_file *output)
{
    (void)self;
    free(output);
}

static void look(void *self, uint64_t number, const struct pm_probe *probe)
{
    char text[100];

    (void)self;
    say("look %d %s", (int)number, pm_probe_text(probe, text, sizeof text));
}

static void look_away(void *self, uint64_t number)
{
    (void)self;
    say("look away %d", (int)number);
}

static void seek(void *self, struct output_file *output, uint64_t run, const char *pattern)
{
    (void)self;
    say("seek %s %d %s", (const char *)output, (int)run, pattern != NULL ? pattern : "no more");
}

static uint64_t written(void *self, struct output_file *output)
{
    (void)self, (void)output;
    return t.written;
}

static void listen_to(void *self, uint64_t number)
{
    (void)self;
    say("listen %d", (int)number);
}

static const char *heard(void *self, uint64_t number, char *text, size_t size)
{
    (void)self;
    say("heard %d", (int)number);
    if (text != NULL)
        snprintf(text, size, "%s", t.last_line);
    return text;
}

static const struct brain_port port = {
    .to_keeper = to_keeper, .to_sheriff = to_sheriff, .reconnect = reconnect,
    .keep_wish = keep_wish, .keep_past = keep_past, .oom_ran = oom_ran, .resolve = resolve,
    .chance = chance, .log = note_log, .sweep = sweep, .file = file, .limits = limits,
    .collect = collect, .follow = follow, .read = read_output, .last = last, .drained = drained,
    .drop = drop, .look = look, .look_away = look_away, .seek = seek, .written = written,
    .listen = listen_to, .heard = heard,
};

/* ---- given, when, then ------------------------------------------------------------ */


void turn(void)
{
    brain_turn(t.brain, t.now);
}

void quiet(void)
{
    turn();
    t.said[0] = '\0';
}

void when_time_passes(int64_t ms)
{
    int64_t end = t.now.ms + ms;

    for (struct pm_mono next = brain_next(t.brain); next.ms <= end; next = brain_next(t.brain)) {
        cr_assert_geq(next.ms, t.now.ms, "it does not spin");
        t.now.ms = next.ms > t.now.ms ? next.ms : t.now.ms + 1;
        turn();
    }
    t.now.ms = end;
    turn();
}

void open_brain(void)
{
    struct brain_setup setup = { "rover", "rover.lan", "boot", &port, NULL, "/run/notify" };

    brain_open(&setup, t.now, &t.brain);
}

void given_ready(void)
{
    struct pm_ready ready = { .version = PM_PROTOCOL_VERSION, .slots = SLOTS, .epoch = 9,
                              .brains = 1 };

    brain_on_keeper(t.brain, PM_MSG_READY, &ready, t.now);
}

void given_welcome_from(uint64_t sheriff)
{
    struct pm_welcome welcome = { .version = PM_PROTOCOL_VERSION, .session = SESSION,
                                  .sheriff_id = sheriff };

    brain_on_link(t.brain, false, t.now);
    brain_on_link(t.brain, true, t.now);
    turn();
    brain_on_sheriff(t.brain, PM_MSG_WELCOME, &welcome, t.now);
    turn();
}

void given_deputy(void)
{
    open_brain();
    given_ready();
    given_welcome_from(SHERIFF);
    quiet();
}

struct pm_spec a_spec(uint64_t id, const char *name)
{
    struct pm_spec spec;

    pm_spec_init(&spec);
    spec.id = id;
    spec.name = name;
    spec.command = "/bin/true";
    return spec;
}

void when_specs(uint64_t generation, struct pm_spec *at, size_t n)
{
    struct pm_specs specs = { .session = SESSION, .generation = generation, .specs = { at, n } };

    brain_on_sheriff(t.brain, PM_MSG_SPECS, &specs, t.now);
}

void when_wants(uint64_t specs_generation, struct pm_want *at, size_t n)
{
    struct pm_wants wants = { .session = SESSION, .generation = ++t.orders,
                              .specs_generation = specs_generation, .wants = { at, n } };

    brain_on_sheriff(t.brain, PM_MSG_WANTS, &wants, t.now);
}

void when_want(uint64_t id, bool up, uint64_t order)
{
    struct pm_want want = { id, up, order };

    when_wants(1, &want, 1);
    turn();
}

void when_spawned(uint64_t slot, uint64_t run, int64_t pid)
{
    struct pm_spawned spawned = { .slot = slot, .run = run, .pid = pid };

    brain_on_keeper(t.brain, PM_MSG_SPAWNED, &spawned, t.now);
    turn();
}

void when_ended(uint64_t slot, uint64_t run, int64_t code, int64_t by_signal)
{
    struct pm_ended ended = { .slot = slot, .run = run, .exit_code = code,
                              .exit_signal = by_signal };

    brain_on_keeper(t.brain, PM_MSG_ENDED, &ended, t.now);
    turn();
}

void given_running(struct pm_spec *spec)
{
    given_deputy();
    when_specs(1, spec, 1);
    when_want(1, true, 1);
    when_spawned(0, 1, 100);
    when_time_passes(200);
    t.said[0] = '\0';
}

void when_brain_restarts(int64_t pid)
{
    brain_close(&t.brain);
    open_brain();
    if (t.wish.n > 0) {
        struct pm_arena arena;
        struct pm_wish wish;
        pm_arena_init(&arena, 0);
        cr_assert_eq(pm_decode(&pm_wish_desc, t.wish.at, t.wish.n, &arena, &wish, NULL), PM_OK);
        brain_load_wish(t.brain, &wish);
        pm_arena_fini(&arena);
    }
    for (size_t i = 0; i < t.past.n; i++)
        brain_load_past(t.brain, &t.past.at[i]);
    for (size_t slot = 0; slot < SLOTS; slot++) {
        struct pm_held held = { .slot = slot, .run = t.run[slot], .pid = pid,
                                .note = { t.note[slot], t.note_n[slot] } };
        if (t.note_n[slot] > 0)
            brain_on_keeper(t.brain, PM_MSG_HELD, &held, t.now);
    }
    t.said[0] = '\0';
}

const struct pm_status_row *row(const char *name)
{
    size_t i = 0;

    while (i < t.status.procs.n && strcmp(t.status.procs.at[i].name, name) != 0)
        i++;
    cr_assert_lt(i, t.status.procs.n, "no row of %s in the last status", name);
    return &t.status.procs.at[i];
}

void stage_setup(void)
{
    memset(&t, 0, sizeof t);
    t.now.ms = 100000;
    pm_arena_init(&t.arena, 0);
    pm_arena_init(&t.told, 0);
    pm_arena_init(&t.past.arena, 0);
}

void stage_teardown(void)
{
    brain_close(&t.brain);
    pm_arena_fini(&t.arena);
    pm_arena_fini(&t.told);
    pm_arena_fini(&t.past.arena);
    free(t.past.at);
    pm_buf_fini(&t.wish);
}

/* ---- who is looked at ------------------------------------------------------------------- */

struct pm_spec a_spec_ready(enum pm_probe_kind kind, const char *text)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.ready = (struct pm_probe){ .kind = kind, .text = text, .port = 7000,
                                    .timeout_ms = 20000, .interval_ms = 1000 };
    spec.stop_timeout_ms = 1000;
    return spec;
}

void given_starting(struct pm_spec *spec)
{
    given_deputy();
    when_specs(1, spec, 1);
    when_want(1, true, 1);
    t.said[0] = '\0';
    when_spawned(0, 1, 100);
}

void attended(int64_t ms)
{
    struct pm_beat beat = { .session = SESSION };

    for (int64_t step = 1000; ms > 0; ms -= step) {
        step = ms < step ? ms : step;
        when_time_passes(step);
        beat.seq = t.status.seq;
        brain_on_sheriff(t.brain, PM_MSG_BEAT, &beat, t.now);
        turn();
    }
}
