/* Wiring: each handler reads what is there, hands it to the core, and lets it have its turn.
 *
 * The configuration is applied before the first client is heard. A broken file at the start
 * ends the program with the whole report; later it changes nothing and is logged.
 */
#include "sheriffd/program_io.h"

#include "sheriffd/clients_io.h"
#include "sheriffd/lone_ranger_io.h"
#include "sheriffd/store_io.h"
#include "sheriffd/zone_io.h"

#include <procman/config.h>
#include <procman/log.h>
#include <procman/notify.h>
#include <procman/spare.h>

#include <czmq.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define STORE_FILE  "sheriff.db"
#define SPARE_MS    1000 /* between two looks at what memory is free */
#define RANGER_MS   5000 /* a retired deputy may take this long to leave the process table */

struct program {
    const struct program_setup *setup;
    struct sheriff *sheriff;
    struct store *store;
    struct deputies *deputies;
    struct clients *clients;
    zloop_t *loop;
    int timer;        /* of the next turn */
    int signals;      /* signalfd */
    struct pm_spare spare;
    struct pm_mono spared; /* when that was looked at last */
    bool reapply;     /* the configuration is to be applied, when no other change is under way */
    bool finished;
    struct lone_ranger *ranger; /* NULL: none */
};

static struct sheriff_now now(void)
{
    return (struct sheriff_now){ .mono = pm_mono_now(), .wall = pm_wall_now() };
}

/* ---- the core's way out ----------------------------------------------------------- */

static bool to_deputy(void *self, uint64_t peer, enum pm_msg kind, const void *msg)
{
    return deputies_send(((struct program *)self)->deputies, peer, kind, msg);
}

static enum pm_err to_client(void *self, uint64_t peer, enum pm_msg kind, const void *msg)
{
    return clients_send(((struct program *)self)->clients, peer, kind, msg);
}

/* A program that fails at its start has events, but no client who could hear of them. */
static void publish(void *self, const char *topic, enum pm_msg kind, const void *msg)
{
    struct program *p = self;

    if (p->clients != NULL)
        clients_publish(p->clients, topic, kind, msg);
}

static void store(void *self, struct batch *batch)
{
    store_write(((struct program *)self)->store, batch);
}

static void ask_history(void *self, struct history *history)
{
    store_ask(((struct program *)self)->store, history);
}

static uint64_t random_number(void *self)
{
    uint64_t number = 0;

    (void)self;
    while (number == 0)
        pm_assert(getrandom(&number, sizeof number, 0) == (ssize_t)sizeof number);
    return number;
}

static bool read_zone(void *self, const char *name, int64_t from_s, int64_t until_s,
                      struct zone *out)
{
    (void)self;
    return zone_read(name, from_s, until_s, out);
}

static void say(void *self, enum pm_log_level level, const char *text)
{
    (void)self;
    pm_log(level, "%s", text);
}

static void finish(void *self)
{
    ((struct program *)self)->finished = true;
}

static const struct sheriff_port port = {
    .to_deputy = to_deputy, .to_client = to_client, .publish = publish, .store = store,
    .ask_history = ask_history, .random = random_number, .read_zone = read_zone,
    .log = say, .finish = finish,
};

/* ---- the configuration ------------------------------------------------------------ */

/* OK | BAD_CONFIG … *why is the report, heap */
static enum pm_err apply(struct program *p, char **why)
{
    struct pm_config config;
    enum pm_err err = pm_config_load(p->setup->config, &config, why);

    if (err != PM_OK)
        return err;
    err = sheriff_apply_file(p->sheriff, &config, p->setup->config, now(), why);
    pm_config_fini(&config);
    return err;
}

/* A report has many lines, and each is one of the log. */
static void log_report(char *report)
{
    char *rest = NULL;

    for (char *line = strtok_r(report, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        pm_log_error("%s", line);
}

static void apply_again(struct program *p)
{
    char *why PM_CLEANUP(pm_free) = NULL;
    enum pm_err err = apply(p, &why);

    p->reapply = false;
    if (err == PM_OK) {
        pm_log_info("%s is applied", p->setup->config);
        return;
    }
    pm_log_error("%s is not applied, nothing has changed:", p->setup->config);
    log_report(why);
}

/* ---- turns ------------------------------------------------------------------------ */

static int on_timer(zloop_t *loop, int timer, void *arg);

/* There is a turn each second at least: deputies want a beat. */
static void look_at_memory(struct program *p)
{
    struct pm_mono now_mono = pm_mono_now();

    if (pm_mono_since(p->spared, now_mono) < SPARE_MS)
        return;
    p->spared = now_mono;
    pm_spare_look(&p->spare);
}

/* After every handler. Its value is the handler's: -1 ends the loop. */
static int turn(struct program *p)
{
    int64_t next;

    /* The store's answer brings the next turn: nothing is read before it could be applied. */
    if (p->reapply && sheriff_can_change(p->sheriff))
        apply_again(p);
    next = sheriff_turn(p->sheriff, now());
    if (p->finished)
        return -1;
    look_at_memory(p);
    bool ending = sheriff_is_ending(p->sheriff);
    int64_t deputy = ending ? -1 : lone_ranger_turn(p->ranger, pm_mono_now());
    if (deputy >= 0 && deputy < next)
        next = deputy > 0 ? deputy : 1;
    zloop_timer_end(p->loop, p->timer);
    p->timer = zloop_timer(p->loop, (size_t)next, 1, on_timer, p);
    return 0;
}

static int on_timer(zloop_t *loop, int timer, void *arg)
{
    (void)loop;
    (void)timer;
    return turn(arg);
}

static int on_orders(zloop_t *loop, zsock_t *socket, void *arg)
{
    struct program *p = arg;

    (void)loop;
    (void)socket;
    deputies_read_orders(p->deputies, p->sheriff, now());
    return turn(p);
}

static int on_feed(zloop_t *loop, zsock_t *socket, void *arg)
{
    struct program *p = arg;

    (void)loop;
    (void)socket;
    deputies_read_feed(p->deputies, p->sheriff, clients_stream(p->clients));
    return turn(p);
}

static int on_client(zloop_t *loop, zsock_t *socket, void *arg)
{
    struct program *p = arg;

    (void)loop;
    clients_read(p->clients, socket, p->sheriff, now());
    return turn(p);
}

static int on_stream(zloop_t *loop, zsock_t *socket, void *arg)
{
    struct program *p = arg;

    (void)loop;
    (void)socket;
    clients_read_stream(p->clients, p->sheriff, p->deputies);
    return turn(p);
}

static int on_store(zloop_t *loop, zsock_t *socket, void *arg)
{
    struct program *p = arg;
    struct batch *batch;
    struct history *history;

    (void)loop;
    (void)socket;
    while (store_next(p->store, &batch, &history)) {
        if (batch != NULL)
            sheriff_on_stored(p->sheriff, batch->number, batch->err,
                              batch->text != NULL ? batch->text : "", now());
        else
            sheriff_on_history(p->sheriff, history);
        batch_close(&batch);
        history_close(&history);
    }
    return turn(p);
}

/* ---- signals ---------------------------------------------------------------------- */

static void end(struct program *p)
{
    pm_notify("STOPPING=1");
    sheriff_end(p->sheriff, now());
}

static int on_signal(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
    struct program *p = arg;
    struct signalfd_siginfo signal;

    (void)loop;
    while (read(item->fd, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        if (signal.ssi_signo == SIGHUP)
            p->reapply = p->setup->config != NULL;
        else if (signal.ssi_signo == SIGCHLD)
            lone_ranger_reap(p->ranger, pm_mono_now());
        else
            end(p);
    }
    return turn(p);
}

/* ---- run -------------------------------------------------------------------------- */

static bool open_all(struct program *p, char **why)
{
    const struct program_setup *setup = p->setup;
    char *path PM_CLEANUP(pm_free) = pm_printf("%s/%s", setup->state_dir, STORE_FILE);
    uint64_t fresh_id = random_number(NULL) >> 1; /* SQLite's numbers are signed */
    struct image image;

    if (store_open(path, fresh_id > 0 ? fresh_id : 1, &image, &p->store, why) != PM_OK)
        return false;
    struct sheriff_setup core = { .name = setup->name, .lone_ranger = setup->lone_ranger,
                                  .image = &image, .port = &port, .self = p };

    sheriff_open(&core, now(), &p->sheriff);
    image_fini(&image);
    return deputies_open(setup->run_dir, setup->listen, &p->deputies, why) == PM_OK &&
           clients_open(setup->run_dir, setup->observers, &p->clients, why) == PM_OK;
}

static void wire(struct program *p)
{
    sigset_t caught;
    zmq_pollitem_t signals = { .events = ZMQ_POLLIN };

    sigemptyset(&caught);
    sigaddset(&caught, SIGTERM);
    sigaddset(&caught, SIGINT);
    sigaddset(&caught, SIGHUP);
    sigaddset(&caught, SIGCHLD);
    p->signals = signals.fd = signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK);
    pm_assert(p->signals >= 0);
    p->loop = zloop_new();
    zloop_reader(p->loop, deputies_orders(p->deputies), on_orders, p);
    zloop_reader(p->loop, deputies_feed(p->deputies), on_feed, p);
    zloop_reader(p->loop, clients_control(p->clients), on_client, p);
    zloop_reader(p->loop, clients_watch(p->clients), on_client, p);
    zloop_reader(p->loop, clients_stream(p->clients), on_stream, p);
    zloop_reader(p->loop, store_socket(p->store), on_store, p);
    zloop_poller(p->loop, &signals, on_signal, p);
    p->timer = zloop_timer(p->loop, 1, 1, on_timer, p);
}

static bool bring_deputy(struct program *p, char **why)
{
    struct lone_ranger_setup ranger = { .name = p->setup->name, .run_dir = p->setup->run_dir,
                                        .state_dir = p->setup->state_dir,
                                        .log_dir = p->setup->log_dir };

    return !p->setup->lone_ranger ||
           lone_ranger_open(&ranger, pm_mono_now(), &p->ranger, why) == PM_OK;
}

static void close_all(struct program *p)
{
    lone_ranger_close(&p->ranger, RANGER_MS);
    if (p->loop != NULL)
        zloop_destroy(&p->loop);
    if (p->signals >= 0)
        close(p->signals);
    sheriff_close(&p->sheriff); /* it has last words */
    clients_close(&p->clients);
    deputies_close(&p->deputies);
    store_close(&p->store);
}

/* A client and a deputy cost descriptors each, and libzmq's ipc listener aborts when there are none
 * left (ipc_listener.cpp asserts everything but EMFILE). After the deputy was begun: its processes
 * shall have the limit we were given. */
static void raise_file_limit(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

int program_run(const struct program_setup *setup)
{
    struct program p = { .setup = setup, .signals = -1 };
    char *why PM_CLEANUP(pm_free) = NULL;
    bool opened = open_all(&p, &why);
    enum pm_err err = opened && setup->config != NULL ? apply(&p, &why) : PM_OK;

    if (opened && err == PM_OK) {
        wire(&p);
        opened = bring_deputy(&p, &why);
    }
    if (!opened || err != PM_OK) {
        /* A configuration's report says itself where each error is, and ends its last line. */
        if (why[strlen(why) - 1] == '\n')
            fputs(why, stderr);
        else
            fprintf(stderr, "sheriffd: %s\n", why);
        close_all(&p);
        return opened ? pm_err_exit(err) : EXIT_FAILURE;
    }
    raise_file_limit();
    pm_notify("READY=1");
    zloop_start(p.loop);
    int status = sheriff_exit_status(p.sheriff);

    close_all(&p);
    return status;
}
