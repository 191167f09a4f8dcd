/* Stories of a deputy's brain, told through a recorder in place of the keeper and the sheriff,
 * with a clock that moves only when told to. Each line of the recorder is one thing said:
 * "spawn 0/1", "kill 0/1 15", "status full 2" … so a test reads as what happened.
 */
#include "brain/brain.h"

#include <criterion/criterion.h>
#include <procman/limits.h>
#include <procman/spec.h>
#include <procman/status.h>

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SESSION 77
#define SHERIFF 500
#define SLOTS   8

static struct {
    struct brain *brain;
    struct pm_mono now;
    char said[16384];              /* all since last cleared, each line ended by '\n' */
    char logged[4096];
    bool sheriff_deaf, undrained, keeper_refuses;
    uint8_t note[SLOTS][PM_LIMIT_NOTE]; /* as a keeper would remember */
    size_t note_n[SLOTS];
    uint64_t run[SLOTS];
    struct pm_status status;       /* the last one; rows in the arena */
    struct pm_arena arena;
    struct pm_beat beat;
    struct pm_buf wish;            /* as its file would hold it */
    uint64_t orders;
} t;

/* ---- the recorder ----------------------------------------------------------------- */

static void say(const char *format, ...) PM_PRINTF(1, 2);
static void say(const char *format, ...)
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

static bool to_keeper(void *self, enum pm_msg kind, const void *msg)
{
    (void)self;
    if (kind == PM_MSG_SPAWN) {
        const struct pm_spawn *spawn = msg;
        if (t.keeper_refuses)
            return false;
        say("spawn %d/%d %s", (int)spawn->slot, (int)spawn->run, spawn->argv.at[0]);
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
    cr_assert_eq(pm_encode(&pm_wish_desc, wish, &t.wish), PM_OK);
    say("kept");
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

static void collect(void *self, struct output_file *output)
{
    (void)self;
    say("collect %s", (const char *)output);
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

static bool drained(void *self, struct output_file *output)
{
    (void)self;
    (void)output;
    return !t.undrained;
}

static void drop(void *self, struct output_file *output)
{
    (void)self;
    free(output);
}

static const struct brain_port port = { to_keeper, to_sheriff, reconnect, keep_wish, resolve,
                                        chance, note_log, file, collect, follow, read_output,
                                        drained, drop };

/* ---- given, when, then ------------------------------------------------------------ */

/* What was said since the last look. */
#define then_said(expected) \
    do { \
        cr_assert_str_eq(t.said, expected, "said:\n%sexpected:\n%s", t.said, expected); \
        t.said[0] = '\0'; \
    } while (0)

static void turn(void)
{
    brain_turn(t.brain, t.now);
}

static void quiet(void)
{
    turn();
    t.said[0] = '\0';
}

/* Time passes as it would: turn by turn, whenever the brain asked to be called. */
static void when_time_passes(int64_t ms)
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

static void open_brain(void)
{
    struct brain_setup setup = { "rover", "rover.lan", "boot", &port, NULL };

    brain_open(&setup, t.now, &t.brain);
}

static void given_ready(void)
{
    struct pm_ready ready = { .version = PM_PROTOCOL_VERSION, .slots = SLOTS, .epoch = 9,
                              .brains = 1 };

    brain_on_keeper(t.brain, PM_MSG_READY, &ready, t.now);
}

static void given_welcome_from(uint64_t sheriff)
{
    struct pm_welcome welcome = { .version = PM_PROTOCOL_VERSION, .session = SESSION,
                                  .sheriff_id = sheriff };

    brain_on_link(t.brain, true, t.now);
    turn();
    brain_on_sheriff(t.brain, PM_MSG_WELCOME, &welcome, t.now);
    turn();
}

static void given_deputy(void)
{
    open_brain();
    given_ready();
    given_welcome_from(SHERIFF);
    quiet();
}

static struct pm_spec a_spec(uint64_t id, const char *name)
{
    struct pm_spec spec;

    pm_spec_init(&spec);
    spec.id = id;
    spec.name = name;
    spec.command = "/bin/true";
    return spec;
}

static void when_specs(uint64_t generation, struct pm_spec *at, size_t n)
{
    struct pm_specs specs = { .session = SESSION, .generation = generation, .specs = { at, n } };

    brain_on_sheriff(t.brain, PM_MSG_SPECS, &specs, t.now);
}

static void when_wants(uint64_t specs_generation, struct pm_want *at, size_t n)
{
    struct pm_wants wants = { .session = SESSION, .generation = ++t.orders,
                              .specs_generation = specs_generation, .wants = { at, n } };

    brain_on_sheriff(t.brain, PM_MSG_WANTS, &wants, t.now);
}

static void when_want(uint64_t id, bool up, uint64_t order)
{
    struct pm_want want = { id, up, order };

    when_wants(1, &want, 1);
    turn();
}

static void when_spawned(uint64_t slot, uint64_t run, int64_t pid)
{
    struct pm_spawned spawned = { .slot = slot, .run = run, .pid = pid };

    brain_on_keeper(t.brain, PM_MSG_SPAWNED, &spawned, t.now);
    turn();
}

static void when_ended(uint64_t slot, uint64_t run, int64_t code, int64_t by_signal)
{
    struct pm_ended ended = { .slot = slot, .run = run, .exit_code = code,
                              .exit_signal = by_signal };

    brain_on_keeper(t.brain, PM_MSG_ENDED, &ended, t.now);
    turn();
}

/* One process `cam`, number 1, running with pid 100 in slot 0. */
static void given_running(struct pm_spec *spec)
{
    given_deputy();
    when_specs(1, spec, 1);
    when_want(1, true, 1);
    when_spawned(0, 1, 100);
    when_time_passes(200);
    t.said[0] = '\0';
}

/* The brain dies; what the keeper remembers comes to the next one. */
static void when_brain_restarts(int64_t pid)
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
    for (size_t slot = 0; slot < SLOTS; slot++) {
        struct pm_held held = { .slot = slot, .run = t.run[slot], .pid = pid,
                                .note = { t.note[slot], t.note_n[slot] } };
        if (t.note_n[slot] > 0)
            brain_on_keeper(t.brain, PM_MSG_HELD, &held, t.now);
    }
    t.said[0] = '\0';
}

static const struct pm_status_row *row(const char *name)
{
    size_t i = 0;

    while (i < t.status.procs.n && strcmp(t.status.procs.at[i].name, name) != 0)
        i++;
    cr_assert_lt(i, t.status.procs.n, "no row of %s in the last status", name);
    return &t.status.procs.at[i];
}

static void setup(void)
{
    memset(&t, 0, sizeof t);
    t.now.ms = 100000;
    pm_arena_init(&t.arena, 0);
}

static void teardown(void)
{
    brain_close(&t.brain);
    pm_arena_fini(&t.arena);
    pm_buf_fini(&t.wish);
}

TestSuite(brain, .init = setup, .fini = teardown);

/* ---- lives ------------------------------------------------------------------------ */

Test(brain, a_wish_becomes_a_life_in_the_same_turn)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_deputy();
    when_specs(1, &spec, 1);
    turn();
    then_said("status 1\n");
    when_want(1, true, 1);
    then_said("spawn 0/1 /bin/true\nstatus 1\n");
    when_spawned(0, 1, 100);
    then_said("collect cam\nstatus 1\n");
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
    cr_assert_eq(row("cam")->pid, 100);
    cr_assert_eq(row("cam")->order, 1);
    cr_assert_eq(row("cam")->spec_hash, pm_spec_hash(&spec));
}

Test(brain, repeating_a_wish_changes_nothing)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_specs(1, &spec, 1);
    when_want(1, true, 1);
    then_said("status 0\n"); /* it only answers the new generation */
}

Test(brain, a_stop_asks_then_kills)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.stop_signal = SIGINT;
    spec.stop_timeout_ms = 3000;
    given_running(&spec);
    when_want(1, false, 2);
    then_said("kill 0/1 2\nstatus 1\n");
    when_time_passes(2999);
    then_said("kept\n");
    when_time_passes(1);
    then_said("kill 0/1 9\nstatus 1\n");
    when_ended(0, 1, 0, SIGKILL);
    then_said("seen 0/1\nstatus 1\n");
    cr_assert_eq(row("cam")->state, PM_STATE_STOPPED);
    cr_assert_eq(row("cam")->pid, 0);
}

Test(brain, a_restart_is_a_stop_and_a_new_life)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_want(1, true, 2);
    then_said("kill 0/1 15\nstatus 1\n");
    when_ended(0, 1, 0, SIGTERM);
    then_said("spawn 0/2 /bin/true\nseen 0/1\nstatus 1\n");
    when_spawned(0, 2, 101);
    cr_assert_eq(row("cam")->run, 2);
    cr_assert_eq(row("cam")->order, 2);
}

Test(brain, the_keeper_holds_the_pipes_until_the_last_byte_is_in_the_file)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    t.undrained = true;
    when_ended(0, 1, 0, 0);
    then_said("status 1\n");
    t.undrained = false;
    brain_on_drained(t.brain, "", "cam");
    then_said("seen 0/1\n");
    brain_on_drained(t.brain, "", "cam");
    then_said("");
}

Test(brain, a_crash_without_delay_is_answered_at_once)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.auto_restart = PM_AUTO_RESTART_ALWAYS;
    spec.restart_delay_ms = 0;
    given_running(&spec);
    struct pm_ended ended = { .slot = 0, .run = 1, .exit_signal = SIGKILL };
    brain_on_keeper(t.brain, PM_MSG_ENDED, &ended, t.now);
    then_said("spawn 0/2 /bin/true\nseen 0/1\n"); /* before the turn even ends */
}

Test(brain, a_crash_loop_waits_longer_each_time)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.auto_restart = PM_AUTO_RESTART_ON_FAILURE;
    spec.restart_delay_ms = 10;
    spec.restart_factor = 2;
    spec.restart_max_delay_ms = 1000;
    spec.restart_jitter = 0;
    given_running(&spec);
    when_ended(0, 1, 3, 0);
    then_said("seen 0/1\nstatus 1\n");
    cr_assert_eq(row("cam")->state, PM_STATE_BACKOFF);
    cr_assert_eq(row("cam")->next_try_ms, 10);
    cr_assert_eq(row("cam")->exit_code, 3);
    cr_assert(strstr(t.logged, "cam: backoff, run 1: exit code 3") != NULL, "%s", t.logged);
    when_time_passes(10);
    then_said("spawn 0/2 /bin/true\nstatus 1\n");
    when_spawned(0, 2, 101);
    when_ended(0, 2, 3, 0);
    cr_assert_eq(row("cam")->next_try_ms, 20);
    cr_assert_eq(row("cam")->restarts, 1);
}

Test(brain, a_failed_spawn_says_its_stage)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.working_dir = "/nope";
    given_deputy();
    when_specs(1, &spec, 1);
    when_want(1, true, 1);
    struct pm_spawned failed = { .slot = 0, .run = 1, .stage = PM_STAGE_DIRECTORY, .error = 2 };
    brain_on_keeper(t.brain, PM_MSG_SPAWNED, &failed, t.now);
    turn();
    cr_assert_eq(row("cam")->state, PM_STATE_FAILED);
    cr_assert(strstr(row("cam")->reason, "/nope") != NULL, "%s", row("cam")->reason);
}

Test(brain, an_unknown_user_fails_the_process_by_name)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.run_as_user = "kirk";
    given_deputy();
    when_specs(1, &spec, 1);
    when_want(1, true, 1);
    cr_assert_eq(row("cam")->state, PM_STATE_FAILED);
    cr_assert(strncmp(row("cam")->reason, "unknown user 'kirk';", 20) == 0, "%s",
              row("cam")->reason);
    then_said("status 1\n");
}

Test(brain, a_command_too_long_for_the_keeper_fails)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_deputy();
    when_specs(1, &spec, 1);
    t.keeper_refuses = true;
    when_want(1, true, 1);
    cr_assert_eq(row("cam")->state, PM_STATE_FAILED);
    cr_assert(strstr(row("cam")->reason, "too long") != NULL, "%s", row("cam")->reason);
}

Test(brain, a_full_table_fails_the_newcomer_only)
{
    struct pm_spec specs[SLOTS + 1];
    struct pm_want wants[SLOTS + 1];
    char names[SLOTS + 1][8];

    for (size_t i = 0; i <= SLOTS; i++) {
        snprintf(names[i], sizeof names[i], "p%zu", i);
        specs[i] = a_spec(i + 1, names[i]);
        wants[i] = (struct pm_want){ i + 1, true, 1 };
    }
    given_deputy();
    when_specs(1, specs, SLOTS + 1);
    when_wants(1, wants, SLOTS + 1);
    turn();
    cr_assert_eq(row("p8")->state, PM_STATE_FAILED);
    cr_assert(strstr(row("p8")->reason, "table of 8 processes is full") != NULL, "%s",
              row("p8")->reason);
    for (size_t i = 0; i < SLOTS; i++)
        cr_assert_eq(row(names[i])->state, PM_STATE_STARTING);
}

Test(brain, a_removed_process_is_stopped_then_forgotten)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_specs(2, NULL, 0);
    turn();
    then_said("kill 0/1 15\nstatus 1\n");
    when_ended(0, 1, 0, SIGTERM);
    then_said("free 0\nseen 0/1\nstatus full 0\n");
    cr_assert_eq(brain_count(t.brain), 0);
}

Test(brain, a_process_that_returns_while_being_removed_lives_on_as_wished)
{
    struct pm_spec spec = a_spec(1, "cam"), again = a_spec(2, "cam");

    given_running(&spec);
    when_specs(2, NULL, 0);
    when_specs(3, &again, 1);
    struct pm_want want = { 2, true, 1 };
    when_wants(3, &want, 1);
    quiet();
    when_ended(0, 1, 0, SIGTERM);
    then_said("spawn 0/2 /bin/true\nseen 0/1\nstatus 1\n");
    cr_assert_eq(row("cam")->id, 2);
}

Test(brain, a_changed_spec_counts_from_the_next_life_on)
{
    struct pm_spec spec = a_spec(1, "cam"), changed = a_spec(1, "cam");

    given_running(&spec);
    changed.command = "/bin/false";
    when_specs(2, &changed, 1);
    turn();
    then_said("status 0\n");
    struct pm_want want = { 1, true, 2 };
    when_wants(2, &want, 1);
    when_ended(0, 1, 0, SIGTERM);
    then_said("kill 0/1 15\nspawn 0/2 /bin/false\nseen 0/1\nstatus 1\n");
    cr_assert_eq(row("cam")->spec_hash, pm_spec_hash(&changed));
}

Test(brain, wants_wait_for_their_specs)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_want want = { 1, true, 1 };

    given_deputy();
    when_wants(1, &want, 1);
    turn();
    then_said("");
    when_specs(1, &spec, 1);
    turn();
    then_said("spawn 0/1 /bin/true\nstatus 1\n");
}

Test(brain, senseless_specs_leave_everything_as_it_was)
{
    struct pm_spec spec = a_spec(1, "cam"), twice[2] = { a_spec(1, "x"), a_spec(2, "x") };

    given_running(&spec);
    when_specs(2, twice, 2);
    turn();
    then_said("");
    cr_assert(strstr(t.logged, "twice") != NULL, "%s", t.logged);
}

/* ---- the brain's own death -------------------------------------------------------- */

static void ready_again(void)
{
    struct pm_ready ready = { .version = PM_PROTOCOL_VERSION, .slots = SLOTS, .epoch = 9,
                              .brains = 2, .held = 1 };

    brain_on_keeper(t.brain, PM_MSG_READY, &ready, t.now);
    turn();
}

Test(brain, a_new_brain_goes_on_with_what_runs)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_brain_restarts(100);
    ready_again();
    then_said("hello\n");
    given_welcome_from(SHERIFF);
    then_said("hello\nstatus full 1\n");
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
    cr_assert_eq(row("cam")->pid, 100);
    cr_assert_eq(row("cam")->run, 1);
    cr_assert_eq(row("cam")->order, 1);
}

Test(brain, a_new_brain_restarts_by_the_kept_spec_what_died_meanwhile)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.auto_restart = PM_AUTO_RESTART_ON_FAILURE;
    spec.restart_delay_ms = 0;
    given_running(&spec);
    when_brain_restarts(0);
    when_ended(0, 1, 7, 0); /* the keeper repeats it */
    then_said("");          /* nothing is decided before it said all */
    ready_again();
    then_said("spawn 0/2 /bin/true\nseen 0/1\nhello\n");
}

Test(brain, a_new_brain_remembers_what_is_not_alive)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.auto_restart = PM_AUTO_RESTART_ALWAYS;
    spec.restart_delay_ms = 5000;
    spec.restart_max_delay_ms = 5000;
    spec.restart_jitter = 0;
    given_running(&spec);
    when_ended(0, 1, 7, 0);
    when_time_passes(2000);
    when_brain_restarts(0);
    ready_again();
    then_said("hello\n");
    t.sheriff_deaf = true;
    when_time_passes(2999);
    then_said("");
    when_time_passes(1);
    then_said("spawn 0/2 /bin/true\n");
}

Test(brain, a_stop_under_way_survives_the_brain)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_want(1, false, 2);
    when_time_passes(4000);
    when_brain_restarts(100);
    ready_again();
    t.sheriff_deaf = true;
    t.said[0] = '\0';
    when_time_passes(6000);
    then_said("kill 0/1 9\n");
}

Test(brain, an_unrecorded_spawn_is_taken_up_with_its_pid)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_deputy();
    when_specs(1, &spec, 1);
    when_want(1, true, 1); /* and the brain dies before it hears the pid */
    when_brain_restarts(100);
    ready_again();
    given_welcome_from(SHERIFF);
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
    cr_assert_eq(row("cam")->pid, 100);
}

Test(brain, a_slot_nobody_understands_is_left_alone)
{
    struct pm_held held = { .slot = 0, .run = 4, .pid = 55, .note = { (const uint8_t *)"?", 1 } };
    struct pm_spec spec = a_spec(1, "cam");

    open_brain();
    brain_on_keeper(t.brain, PM_MSG_HELD, &held, t.now);
    given_ready();
    given_welcome_from(SHERIFF);
    quiet();
    when_specs(1, &spec, 1);
    when_want(1, true, 1);
    then_said("spawn 1/1 /bin/true\nstatus 1\n"); /* not in slot 0 */
    when_ended(0, 4, 0, 0);
    then_said("seen 0/4\nfree 0\n");
}

Test(brain, a_deputy_that_begins_lets_its_sheriff_speak_first)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_time_passes(200);
    t.note_n[0] = 0; /* the machine was begun anew: nothing runs, the wish is known */
    t.run[0] = 0;
    when_brain_restarts(0);
    given_ready();
    t.sheriff_deaf = true;
    when_time_passes(1999);
    then_said("");
    when_time_passes(1);
    then_said("spawn 0/1 /bin/true\n");
}

/* ---- the sheriff ------------------------------------------------------------------ */

Test(brain, a_strange_sheriff_is_told_what_we_hold_and_restarts_nothing)
{
    struct pm_spec spec = a_spec(1, "cam"), theirs = a_spec(41, "cam");

    given_running(&spec);
    given_welcome_from(SHERIFF + 1);
    then_said("hello\nholding 1 1\nstatus full 1\n");
    when_specs(1, &theirs, 1);
    when_want(41, true, 900); /* another way of counting */
    then_said("status 1\n");
    cr_assert_eq(row("cam")->id, 41);
    cr_assert_eq(row("cam")->order, 900);
    cr_assert_eq(row("cam")->run, 1);
}

Test(brain, a_strange_sheriff_can_stop_it_whatever_his_numbers)
{
    struct pm_spec spec = a_spec(1, "cam"), theirs = a_spec(41, "cam");

    given_running(&spec);
    when_want(1, true, 50);
    when_ended(0, 1, 0, SIGTERM);
    given_welcome_from(SHERIFF + 1);
    when_specs(1, &theirs, 1);
    t.said[0] = '\0';
    when_want(41, false, 3);
    then_said("kill 0/2 15\nstatus 1\n");
}

Test(brain, a_silent_sheriff_costs_a_connection_and_no_process)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_time_passes(9800);
    then_said("reconnect\nhello\n");
    brain_on_link(t.brain, true, t.now);
    turn();
    then_said("hello\n");
}

Test(brain, a_refusal_is_logged_once_and_asked_again)
{
    struct pm_refused refused = { .error = "exists", .text = "there is another rover" };

    open_brain();
    given_ready();
    turn();
    then_said("hello\n");
    brain_on_sheriff(t.brain, PM_MSG_REFUSED, &refused, t.now);
    cr_assert(strstr(t.logged, "there is another rover") != NULL, "%s", t.logged);
    t.logged[0] = '\0';
    when_time_passes(2000);
    then_said("hello\n");
    brain_on_sheriff(t.brain, PM_MSG_REFUSED, &refused, t.now);
    cr_assert_str_eq(t.logged, "");
}

Test(brain, words_of_another_session_are_dropped)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_specs stale = { .session = SESSION - 1, .generation = 9 };
    struct pm_retire retire = { .session = 0 };

    given_running(&spec);
    brain_on_sheriff(t.brain, PM_MSG_SPECS, &stale, t.now);
    brain_on_sheriff(t.brain, PM_MSG_RETIRE, &retire, t.now);
    turn();
    then_said("");
}

Test(brain, an_unacknowledged_status_is_said_again)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_beat beat = { .session = SESSION };

    given_running(&spec);
    beat.seq = t.status.seq;
    brain_on_sheriff(t.brain, PM_MSG_BEAT, &beat, t.now);
    when_ended(0, 1, 0, 0);
    then_said("seen 0/1\nstatus 1\n");
    brain_on_sheriff(t.brain, PM_MSG_BEAT, &beat, t.now); /* may have crossed it */
    turn();
    then_said("");
    brain_on_sheriff(t.brain, PM_MSG_BEAT, &beat, t.now);
    turn();
    then_said("status 1\n");
    cr_assert_eq(row("cam")->state, PM_STATE_EXITED);
}

Test(brain, beats_carry_what_the_sheriff_can_check)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_time_passes(1000);
    cr_assert_eq(t.beat.session, SESSION);
    cr_assert_eq(t.beat.specs_generation, 1);
    cr_assert_eq(t.beat.generation, t.orders);
    cr_assert_eq(t.beat.digest, pm_status_digest(t.status.procs.at, t.status.procs.n));
}

Test(brain, a_resync_is_answered_with_everything)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_resync resync = { .session = SESSION };

    given_running(&spec);
    brain_on_sheriff(t.brain, PM_MSG_RESYNC, &resync, t.now);
    turn();
    then_said("status full 1\n");
}

Test(brain, what_the_sheriff_could_not_take_is_sent_later)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    t.sheriff_deaf = true;
    when_ended(0, 1, 0, 0);
    then_said("seen 0/1\n");
    t.sheriff_deaf = false;
    when_time_passes(200);
    then_said("status 1\n");
}

Test(brain, a_burst_is_told_in_bundles)
{
    struct pm_spec spec = a_spec(1, "cam");
    uint64_t first;

    given_running(&spec);
    first = t.status.seq;
    for (uint64_t run = 1; run <= 100; run++) { /* a thousand changes a second */
        t.now.ms++;
        when_ended(0, run, 0, 0);
        when_want(1, true, run + 1);
    }
    when_time_passes(100);
    cr_assert_leq(t.status.seq - first, 30);
    cr_assert_eq(row("cam")->run, 101);
}

Test(brain, signals_reach_what_lives_and_are_answered_always)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_signal ask = { .session = SESSION, .request = 5, .id = 1, .signal = SIGHUP };

    given_running(&spec);
    brain_on_sheriff(t.brain, PM_MSG_SIGNAL, &ask, t.now);
    then_said("kill 0/1 1\ndone 5 ok\n");
    ask.id = 2;
    brain_on_sheriff(t.brain, PM_MSG_SIGNAL, &ask, t.now);
    then_said("done 5 not-found\n");
    when_ended(0, 1, 0, 0);
    t.said[0] = '\0';
    ask.id = 1;
    brain_on_sheriff(t.brain, PM_MSG_SIGNAL, &ask, t.now);
    then_said("done 5 not-running\n");
}

Test(brain, following_may_come_before_the_process_and_moves_with_its_number)
{
    struct pm_spec spec = a_spec(1, "cam"), renumbered = a_spec(7, "cam");
    struct pm_read ask = { .session = SESSION, .id = 7, .offset = 3 };

    given_deputy();
    brain_on_follow(t.brain, 7, true);
    when_specs(1, &spec, 1);
    quiet();
    when_specs(2, &renumbered, 1);
    then_said("follow cam 7\n");
    brain_on_sheriff(t.brain, PM_MSG_READ, &ask, t.now);
    then_said("read cam 3\n");
    brain_on_follow(t.brain, 7, false);
    then_said("unfollow cam 7\n");
    ask.id = 99;
    brain_on_sheriff(t.brain, PM_MSG_READ, &ask, t.now);
    then_said("bytes not-found\n");
}

/* ---- the end ---------------------------------------------------------------------- */

static void given_two_running(void)
{
    struct pm_spec specs[2] = { a_spec(1, "base"), a_spec(2, "cam") };
    struct pm_want wants[2] = { { 1, true, 1 }, { 2, true, 1 } };

    given_deputy();
    when_specs(1, specs, 2);
    when_wants(1, wants, 2);
    turn();
    when_spawned(0, 1, 100);
    t.now.ms += 5;
    when_spawned(1, 1, 101);
    when_time_passes(200);
    t.said[0] = '\0';
}

Test(brain, an_end_stops_the_youngest_first_and_leaves_no_notes)
{
    struct pm_stopping stopping = { 0 };

    given_two_running();
    brain_on_keeper(t.brain, PM_MSG_STOPPING, &stopping, t.now);
    then_said("kill 1/1 15\nkill 0/1 15\n");
    turn();
    then_said("status 2\n");
    when_ended(0, 1, 0, SIGTERM);
    when_ended(1, 1, 0, SIGTERM);
    then_said("seen 0/1\nstatus 1\nseen 1/1\nstatus 1\nfree 0\nfree 1\nbye\nfinished\n");
    when_want(1, true, 9);
    then_said("");
}

Test(brain, an_end_can_leave_everything_running)
{
    struct pm_stopping stopping = { .leave_running = true };

    given_two_running();
    brain_on_keeper(t.brain, PM_MSG_STOPPING, &stopping, t.now);
    turn();
    then_said("bye\nfinished leaving\n");
}

Test(brain, a_retired_deputy_stops_all_and_ends)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_retire retire = { .session = SESSION };

    spec.auto_restart = PM_AUTO_RESTART_ALWAYS;
    given_running(&spec);
    brain_on_sheriff(t.brain, PM_MSG_RETIRE, &retire, t.now);
    then_said("kill 0/1 15\n");
    when_ended(0, 1, 0, SIGTERM);
    then_said("seen 0/1\nstatus 1\nfree 0\nbye\nfinished\n");
}

Test(brain, a_new_brain_in_the_middle_of_an_end_goes_on_ending)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_ready ready = { .version = PM_PROTOCOL_VERSION, .slots = SLOTS, .held = 1,
                              .brains = 2, .stopping = true };

    given_running(&spec);
    when_brain_restarts(100);
    brain_on_keeper(t.brain, PM_MSG_READY, &ready, t.now);
    then_said("kill 0/1 15\n");
    when_ended(0, 1, 0, SIGTERM);
    then_said("seen 0/1\nhello\nfree 0\nfinished\n");
}

Test(brain, a_deputy_without_processes_ends_at_once)
{
    struct pm_stopping stopping = { 0 };

    open_brain();
    given_ready();
    t.sheriff_deaf = true;
    brain_on_keeper(t.brain, PM_MSG_STOPPING, &stopping, t.now);
    turn();
    then_said("finished\n");
}
