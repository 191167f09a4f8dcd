#include "sheriff_stage.h"

#include "sheriffd/cron.h"

#include <criterion/criterion.h>
#include <procman/limits.h>
#include <procman/spec.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif
#include <stdlib.h>
#include <string.h>

/* ---- the sheriff's way out -------------------------------------------------------- */

static void stage_hear(struct stage *stage, enum stage_to to, uint64_t peer,
                       enum pm_msg kind, const void *msg)
{
    struct said *said = &stage->said[stage->n_said++];

    cr_assert(stage->n_said < STAGE_SAID);
    *said = (struct said){ .to = to, .peer = peer, .kind = kind };
    said->msg = pm_alloc(pm_msg_desc(kind)->size);
    cr_assert(pm_copy(pm_msg_desc(kind), msg, &said->arena, said->msg) == PM_OK);
}

static bool stage_to_deputy(void *self, uint64_t peer, enum pm_msg kind, const void *msg)
{
    if (!((struct stage *)self)->deaf)
        stage_hear(self, TO_DEPUTY, peer, kind, msg);
    return !((struct stage *)self)->deaf;
}

static enum pm_err stage_to_client(void *self, uint64_t peer, enum pm_msg kind, const void *msg)
{
    size_t most = ((struct stage *)self)->client_most;

    if (pm_encoded_size(pm_msg_desc(kind), msg) > (most > 0 ? most : PM_LIMIT_FRAME))
        return PM_LIMIT;
    stage_hear(self, TO_CLIENT, peer, kind, msg);
    return PM_OK;
}

static void stage_publish(void *self, const char *topic, enum pm_msg kind, const void *msg)
{
    cr_assert_str_eq(topic, kind == PM_MSG_DELTA ? "view" : "event");
    stage_hear(self, TO_STREAM, 0, kind, msg);
}

static void stage_store(void *self, struct batch *batch)
{
    struct stage *stage = self;

    cr_assert(stage->n_batches < PM_COUNT(stage->batches));
    stage->batches[stage->n_batches++] = batch;
}

static void stage_ask_history(void *self, struct history *history)
{
    ((struct stage *)self)->asked = history;
}

static uint64_t stage_random(void *self)
{
    return ++((struct stage *)self)->random;
}

static void stage_log(void *self, enum pm_log_level level, const char *text)
{
    (void)level;
    (void)text;
    ((struct stage *)self)->logged++;
}

static void stage_finish(void *self)
{
    ((struct stage *)self)->finished = true;
}

/* Berlin has its clocks of 2023, the beginning of the stage's time; nowhere is nowhere, until it
 * is installed. */
static bool stage_read_zone(void *self, const char *name, int64_t from_s, int64_t until_s,
                            struct zone *out)
{
    const struct stage *stage = self;

    if (strcmp(name, "nowhere") == 0 && !stage->installed)
        return false;
    *out = (struct zone){ .changes = pm_alloc(sizeof(struct zone_change)), .n = 1,
                          .until_s = until_s };
    out->changes[0] = (struct zone_change){
        .at_s = from_s, .ahead_s = strcmp(name, "Europe/Berlin") == 0 ? 3600 : 0 };
    return true;
}

static const struct sheriff_port stage_port = {
    .to_deputy = stage_to_deputy, .to_client = stage_to_client, .publish = stage_publish,
    .store = stage_store, .ask_history = stage_ask_history, .random = stage_random,
    .read_zone = stage_read_zone, .log = stage_log, .finish = stage_finish,
};

/* ---- what was said ---------------------------------------------------------------- */

static const void *stage_last(const struct stage *stage, enum pm_msg kind)
{
    for (size_t i = stage->n_said; i-- > 0;)
        if (stage->said[i].kind == kind)
            return stage->said[i].msg;
    return NULL;
}

const void *heard(const struct stage *stage, enum pm_msg kind)
{
    const void *msg = stage_last(stage, kind);

    cr_assert(msg != NULL, "nobody heard a %s", pm_msg_desc(kind)->name);
    return msg;
}

size_t said_count(const struct stage *stage, enum pm_msg kind)
{
    size_t n = 0;

    for (size_t i = 0; i < stage->n_said; i++)
        n += stage->said[i].kind == kind;
    return n;
}

void forget_said(struct stage *stage)
{
    for (size_t i = 0; i < stage->n_said; i++) {
        pm_arena_fini(&stage->said[i].arena);
        free(stage->said[i].msg);
    }
    stage->n_said = 0;
}

bool event_was(const struct stage *stage, const char *what, const char *part)
{
    for (size_t i = 0; i < stage->n_said; i++) {
        const struct pm_happened *happened = stage->said[i].msg;

        if (stage->said[i].kind == PM_MSG_HAPPENED && strcmp(happened->event.what, what) == 0 &&
            strstr(happened->event.text, part) != NULL)
            return true;
    }
    return false;
}

/* ---- life and time ---------------------------------------------------------------- */

void stage_begin(struct stage *stage, const struct image *image, bool lone_ranger)
{
    static const struct image empty = { .sheriff_id = 4711 };
    struct sheriff_setup setup = { .name = "hq", .lone_ranger = lone_ranger,
                                   .image = image != NULL ? image : &empty, .port = &stage_port,
                                   .self = stage };

    *stage = (struct stage){ .now = { .mono = { 1000000 }, .wall = { 1700000000000 } } };
    sheriff_open(&setup, stage->now, &stage->sheriff);
}

void stage_end(struct stage *stage)
{
    sheriff_close(&stage->sheriff);
    forget_said(stage);
    for (size_t i = 0; i < stage->n_batches; i++)
        batch_close(&stage->batches[i]);
    history_close(&stage->asked);
#ifdef __SANITIZE_ADDRESS__ /* Criterion's workers would end without looking for leaks */
    cr_assert_eq(__lsan_do_recoverable_leak_check(), 0);
#endif
}

int64_t turn(struct stage *stage)
{
    return sheriff_turn(stage->sheriff, stage->now);
}

/* The store answers what it has, and what comes of that, until nothing is left. */
void answer_store(struct stage *stage, enum pm_err err, const char *text)
{
    turn(stage);
    while (stage->n_batches > 0) {
        struct batch *batch = stage->batches[0];

        memmove(&stage->batches[0], &stage->batches[1],
                --stage->n_batches * sizeof stage->batches[0]);
        stage->stored += batch->wishes && err == PM_OK;
        sheriff_on_stored(stage->sheriff, batch->number, err, text, stage->now);
        batch_close(&batch);
        turn(stage);
    }
}

void settle(struct stage *stage)
{
    answer_store(stage, PM_OK, "");
}

void pass(struct stage *stage, int64_t ms)
{
    stage->now.mono.ms += ms;
    stage->now.wall.ms += ms;
    settle(stage);
}

/* ---- deputies --------------------------------------------------------------------- */

void deputy_says(struct stage *stage, const struct fake_deputy *deputy,
                 enum pm_msg kind, const void *msg)
{
    sheriff_on_deputy(stage->sheriff, deputy->peer, "10.0.0.9", kind, msg, stage->now);
}

void deputy_hello(struct stage *stage, struct fake_deputy *deputy, const char *name,
                  uint64_t epoch, uint64_t sheriff_id)
{
    struct pm_hello hello = { .version = PM_PROTOCOL_VERSION, .name = name, .hostname = name,
                              .software = "0.1", .epoch = epoch, .sheriff_id = sheriff_id,
                              .boot_id = "boot" };
    size_t before = stage->n_said;

    deputy_says(stage, deputy, PM_MSG_HELLO, &hello);
    for (size_t i = before; i < stage->n_said; i++)
        if (stage->said[i].kind == PM_MSG_WELCOME)
            deputy->session = ((const struct pm_welcome *)stage->said[i].msg)->session;
    deputy->seq = 0;
    turn(stage);
}

struct pm_status_row row(const char *name, enum pm_state state, uint64_t order)
{
    return (struct pm_status_row){ .group = "", .name = name, .state = state, .order = order,
                                   .run = 1, .pid = state == PM_STATE_RUNNING ? 4321 : 0,
                                   .reason = "because" };
}

void deputy_status(struct stage *stage, struct fake_deputy *deputy, bool full,
                   struct pm_status_row *rows, size_t n)
{
    struct pm_status status = { .session = deputy->session, .seq = ++deputy->seq, .full = full,
                                .procs = { .at = rows, .n = n } };

    deputy_says(stage, deputy, PM_MSG_STATUS, &status);
    settle(stage);
}

void deputy_reports(struct stage *stage, struct fake_deputy *deputy,
                    struct pm_status_row one)
{
    deputy_status(stage, deputy, false, &one, 1);
}

/* Hello, and a full status of these rows. */
struct fake_deputy given_deputy(struct stage *stage, const char *name,
                                uint64_t peer, struct pm_status_row *rows, size_t n)
{
    struct fake_deputy deputy = { .peer = peer };

    deputy_hello(stage, &deputy, name, STAGE_EPOCH, 4711);
    deputy_status(stage, &deputy, true, rows, n);
    return deputy;
}

/* ---- clients ---------------------------------------------------------------------- */

const struct sheriff_client operator = { .peer = 5, .may_change = true, .user = "ann",
                                                .pid = 42 };
const struct sheriff_client observer = { .peer = 6, .user = "bob", .pid = 43 };

void client_asks(struct stage *stage, const struct sheriff_client *client,
                 enum pm_msg kind, const void *msg)
{
    sheriff_on_client(stage->sheriff, client, kind, msg, stage->now);
}

void client_orders(struct stage *stage, enum pm_verb verb, const char *word)
{
    struct pm_order order = { .request = ++stage->request, .version = PM_PROTOCOL_VERSION,
                              .verb = verb, .select = { .at = &word, .n = 1 }, .wait = true,
                              .client = "test" };

    client_asks(stage, &operator, PM_MSG_ORDER, &order);
}

struct pm_spec spec(const char *name, const char *host, const char *command)
{
    struct pm_spec made;

    pm_spec_init(&made);
    made.name = name;
    made.host = host;
    made.command = command;
    made.autostart = true;
    return made;
}

void client_applies(struct stage *stage, enum pm_apply_mode mode, bool prune,
                    struct pm_spec *specs, size_t n)
{
    struct pm_apply apply = { .request = ++stage->request, .version = PM_PROTOCOL_VERSION,
                              .mode = mode, .prune = prune, .specs = { .at = specs, .n = n },
                              .client = "test", .source = "test.yaml" };

    client_asks(stage, &operator, PM_MSG_APPLY, &apply);
    settle(stage);
}

/* Processes of these names on k9, wanted up unless they have no autostart. */
void given_processes(struct stage *stage, const char *const *names, size_t n)
{
    struct pm_spec specs[8];

    cr_assert(n <= PM_COUNT(specs));
    for (size_t i = 0; i < n; i++)
        specs[i] = spec(names[i], "k9", "sleep 1");
    client_applies(stage, PM_APPLY_MODE_MERGE, false, specs, n);
}

const struct pm_proc *seen_by_client(struct stage *stage, const char *name)
{
    struct pm_ask ask = { .request = ++stage->request, .version = PM_PROTOCOL_VERSION };
    const struct pm_snapshot *snapshot;
    const struct pm_proc *found = NULL; /* of two, the one that is to stay */

    client_asks(stage, &observer, PM_MSG_ASK, &ask);
    snapshot = heard(stage, PM_MSG_SNAPSHOT);
    for (size_t i = 0; i < snapshot->procs.n; i++)
        if (strcmp(snapshot->procs.at[i].name, name) == 0 && (found == NULL || found->removing))
            found = &snapshot->procs.at[i];
    return found;
}

const struct pm_want *want_for(const struct stage *stage, const char *name)
{
    const struct pm_specs *specs = heard(stage, PM_MSG_SPECS);
    const struct pm_wants *wants = heard(stage, PM_MSG_WANTS);

    for (size_t i = 0; i < specs->specs.n; i++)
        for (size_t k = 0; k < wants->wants.n; k++)
            if (strcmp(specs->specs.at[i].name, name) == 0 &&
                wants->wants.at[k].id == specs->specs.at[i].id)
                return &wants->wants.at[k];
    return NULL;
}

const struct pm_reply *last_reply(const struct stage *stage)
{
    return heard(stage, PM_MSG_REPLY);
}

const struct pm_outcome *only_outcome(const struct stage *stage)
{
    const struct pm_outcomes *outcomes = heard(stage, PM_MSG_OUTCOMES);

    cr_assert_eq(outcomes->outcomes.n, 1);
    return &outcomes->outcomes.at[0];
}

struct fake_deputy given_running_cam(struct stage *stage)
{
    static const char *const cam[] = { "cam" };
    struct fake_deputy k9;

    given_processes(stage, cam, 1);
    k9 = given_deputy(stage, "k9", 1, NULL, 0);
    deputy_reports(stage, &k9, row("cam", PM_STATE_RUNNING, want_for(stage, "cam")->order));
    return k9;
}
