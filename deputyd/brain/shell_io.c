/* How the core acts: each of its verbs is one call to a piece. No decision is made here.
 */
#include "brain/shell.h"

#include "brain/small_file_io.h"
#include "brain/users_io.h"
#include "brain/weight_io.h"
#include "brain/wish_io.h"

#include <procman/log.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the port --------------------------------------------------------------------- */

static bool to_keeper(void *self, enum pm_msg kind, const void *msg)
{
    struct shell *shell = self;
    enum pm_err err = pm_wire_send(shell->wire, kind, msg, NULL, 0);

    if (err == PM_OK || err == PM_GONE) /* its end is seen when it is read */
        return true;
    if (err == PM_LIMIT && kind == PM_MSG_SPAWN)
        return false;
    /* The keeper does not read, or there is no memory. The next brain is told everything. */
    pm_log_error("the keeper cannot be told %s: %s", pm_msg_desc(kind)->name,
                 pm_err_sentence(err));
    shell->over = true;
    return true;
}

static bool to_sheriff(void *self, enum pm_msg kind, const void *msg)
{
    return sheriff_send(((struct shell *)self)->sheriff, kind, msg);
}

static void reconnect(void *self)
{
    sheriff_reconnect(((struct shell *)self)->sheriff);
}

static void keep_wish(void *self, const struct pm_wish *wish)
{
    struct shell *shell = self;
    enum pm_err err;

    if (wish == NULL) {
        wish_remove(shell->wish_path);
        return;
    }
    err = wish_save(shell->wish_path, wish);
    if (err != PM_OK && !shell->wish_failed)
        pm_log_error("cannot keep the wish in %s: %s; a brain that begins without its sheriff "
                     "would not know it", shell->wish_path,
                     err == PM_IO ? strerror(errno) : pm_err_sentence(err));
    shell->wish_failed = err != PM_OK;
}

static void keep_past(void *self, const struct pm_kept_end *at, size_t n, bool anew)
{
    struct shell *shell = self;
    enum pm_err err = PM_OK;

    if (shell->past == NULL)
        return;
    err = anew ? past_file_replace(shell->past, at, n) : past_file_add(shell->past, at, n);
    if (err != PM_OK && !shell->past_failed)
        pm_log_error("cannot keep how lives ended: %s; if this brain is killed before the sheriff "
                     "has noted it, nobody will know", err == PM_IO ? strerror(errno)
                                                                    : pm_err_sentence(err));
    shell->past_failed = err != PM_OK;
}

static bool any_oom_ran(void *self)
{
    return oom_ran(&((struct shell *)self)->oom);
}

static const char *resolve(void *self, const struct pm_spec *spec, struct pm_arena *arena,
                           struct brain_ids *out, char *text, size_t size)
{
    (void)self;
    return users_resolve(spec, arena, out, text, size);
}

static const char *read_file(void *self, const char *path, struct pm_arena *arena, char **out,
                             size_t *out_n, char *text, size_t size)
{
    (void)self;
    return small_file_read(path, arena, out, out_n, text, size);
}

static const char *variable(void *self, const char *name)
{
    (void)self;
    return getenv(name);
}

static double chance(void *self)
{
    return erand48(((struct shell *)self)->dice);
}

static void log_line(void *self, enum pm_log_level level, const char *text)
{
    (void)self;
    pm_log(level, "%s", text);
}

static void sweep(void *self, uint64_t request, bool kill)
{
    sweep_ask(&((struct shell *)self)->sweep, request, kill);
}

static struct output_file *file(void *self, const char *group, const char *name)
{
    return output_file_open(((struct shell *)self)->output, group, name);
}

static void limits(void *self, struct output_file *output_file, uint64_t max_bytes,
                   uint64_t keep)
{
    output_file_limits(((struct shell *)self)->output, output_file, max_bytes, keep);
}

static void collect(void *self, struct output_file *output_file, uint64_t run)
{
    struct shell *shell = self;
    struct pm_wire_message *message = shell->in_hand;

    if (message == NULL || message->n_fds == 0)
        return;
    output_file_take(shell->output, output_file, run, message->fds[0],
                     message->n_fds == PM_WIRE_FDS ? message->fds[1] : -1);
    message->n_fds = 0;
}

static void follow(void *self, struct output_file *output_file, uint64_t id, bool on)
{
    output_file_follow(((struct shell *)self)->output, output_file, id, on);
}

static void read_output(void *self, struct output_file *output_file, const struct pm_read *read)
{
    output_file_read(((struct shell *)self)->output, output_file, read);
}

static void last(void *self, struct output_file *output_file, uint64_t run)
{
    output_file_last(((struct shell *)self)->output, output_file, run);
}

static bool drained(void *self, struct output_file *output_file, uint64_t run)
{
    /* Of pipes we could not be given, nobody knows whose they were. */
    return !((struct shell *)self)->unheard && output_file_drained(output_file, run);
}

static void look(void *self, uint64_t number, const struct pm_probe *probe)
{
    asker_ask(((struct shell *)self)->asker, number, probe);
}

static void look_away(void *self, uint64_t number)
{
    asker_leave(((struct shell *)self)->asker, number);
}

static void seek(void *self, struct output_file *output_file, uint64_t run, const char *pattern)
{
    output_file_seek(((struct shell *)self)->output, output_file, run, pattern);
}

static uint64_t written(void *self, struct output_file *output_file)
{
    (void)self;
    return output_file_end(output_file);
}

static void listen_to(void *self, uint64_t number)
{
    struct shell *shell = self;
    struct pm_wire_message *message = shell->in_hand;

    if (message == NULL || message->n_fds != PM_WIRE_FDS)
        return;
    ears_listen(shell->ears, number, message->fds[0], message->fds[1]);
    message->n_fds = 0;
}

static const char *heard(void *self, uint64_t number, char *text, size_t size)
{
    return ears_heard(((struct shell *)self)->ears, number, text, size);
}

static void drop(void *self, struct output_file *output_file)
{
    output_file_close(((struct shell *)self)->output, &output_file);
}

const struct brain_port shell_port = {
    .to_keeper = to_keeper, .to_sheriff = to_sheriff, .reconnect = reconnect,
    .keep_wish = keep_wish, .keep_past = keep_past, .oom_ran = any_oom_ran, .resolve = resolve,
    .read_file = read_file, .variable = variable,
    .chance = chance, .log = log_line, .sweep = sweep, .file = file, .limits = limits,
    .collect = collect, .follow = follow, .read = read_output, .last = last, .drained = drained,
    .drop = drop, .look = look, .look_away = look_away, .seek = seek, .written = written,
    .listen = listen_to, .heard = heard,
};

/* ---- what is heard ---------------------------------------------------------------- */

void shell_hear_sheriff(struct shell *shell, int most)
{
    enum pm_msg kind;
    const void *msg;

    while (most-- > 0) {
        enum pm_err err = sheriff_receive(shell->sheriff, &kind, &msg);
        if (err == PM_TIMEOUT)
            return;
        if (err == PM_OK)
            brain_on_sheriff(shell->brain, kind, msg, pm_mono_now());
    }
}

void shell_hear_link(struct shell *shell)
{
    bool connected;

    while (sheriff_link_change(shell->sheriff, &connected))
        brain_on_link(shell->brain, connected, pm_mono_now());
}

void shell_hear_followers(struct shell *shell)
{
    uint64_t id;
    bool on;

    while (sheriff_follow_change(shell->sheriff, &id, &on))
        brain_on_follow(shell->brain, id, on);
}

bool shell_hear_asker(struct shell *shell)
{
    struct asker_answer answer;
    bool any = false;

    while (asker_next(shell->asker, &answer)) {
        brain_on_look(shell->brain, answer.number, answer.good, answer.why, pm_mono_now());
        any = true;
    }
    return any;
}

void shell_weigh(struct shell *shell)
{
    for (size_t i = 0; i < brain_count(shell->brain); i++) {
        struct brain_life life = brain_life(shell->brain, i);
        if (life.weighed && life.pid != 0)
            brain_on_weight(shell->brain, i, weight_of_tree(life.pid), pm_mono_now());
    }
}

void shell_hear_mover(struct shell *shell, int most)
{
    struct output_news news;
    char topic[64];

    while (most-- > 0 && output_next(shell->output, &news)) {
        switch (news.kind) {
        case OUTPUT_CHUNK:
            snprintf(topic, sizeof topic, "output/%llu/", (unsigned long long)news.chunk.id);
            sheriff_publish(shell->sheriff, topic, PM_MSG_CHUNK, &news.chunk);
            break;
        case OUTPUT_BYTES:
            brain_on_bytes(shell->brain, &news.bytes);
            break;
        case OUTPUT_DRAINED:
            brain_on_drained(shell->brain, news.group, news.name, news.run);
            break;
        case OUTPUT_LAST:
            brain_on_last(shell->brain, news.group, news.name, news.run, news.end, news.data,
                          pm_mono_now());
            break;
        case OUTPUT_FOUND:
            brain_on_found(shell->brain, news.group, news.name, news.run, pm_mono_now());
            break;
        case OUTPUT_TROUBLE:
            pm_log_warning("%s", news.text);
            brain_on_trouble(shell->brain, news.group, news.name, news.over ? NULL : news.text);
            break;
        }
    }
}
