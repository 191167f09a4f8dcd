/* up, down: a whole ProcMan for one user and one machine, without any set-up.
 *
 * up is level-triggered like everything else: what is there is used, what is missing is made. A
 * sheriff that answers is never replaced; a FILE is applied to whichever answers in the end.
 */
#include "interrupt.h"
#include "launch.h"
#include "out.h"
#include "verbs.h"

#include <procman/config.h>
#include <procman/time.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define UP_WAIT_MS   10000   /* to answer, and for autostart to settle */
#define DOWN_WAIT_MS 60000   /* processes may take their stop timeouts */
#define SIGNALLED    128     /* as shells count the end by a signal */
#define GLANCE_MS    20      /* between two looks at what gives no sign by itself */

static bool is_over(struct pm_mono deadline)
{
    return pm_mono_now().ms >= deadline.ms;
}

static void glance(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = GLANCE_MS * 1000000L }, NULL);
}

/* ---- up ---- */

static enum pm_err wait_for_sheriff(struct ctl *ctl, struct launch *launch,
                                    struct pm_mono deadline)
{
    for (;;) {
        enum pm_err err = pm_client_open(ctl->set.run_dir, false, ctl->name, &ctl->client);

        if (err == PM_OK)
            return PM_OK;
        if (launch_failed(launch))
            return PM_FAILED;
        if (is_over(deadline)) {
            complain("sheriffd was started but does not answer; see %s", launch->log);
            return PM_TIMEOUT;
        }
        glance();
    }
}

/* launch: of the one that is started if none answers; pid 0 when it was there. */
static enum pm_err reach_sheriff(struct ctl *ctl, struct pm_mono deadline, struct launch *launch)
{
    enum pm_err err = pm_client_open(ctl->set.run_dir, false, ctl->name, &ctl->client);

    if (err == PM_OK)
        return PM_OK;
    if (err != PM_UNREACHABLE) {
        char *text PM_CLEANUP(pm_free) = pm_client_fault(err, ctl->set.run_dir);

        complain("%s", text);
        return err;
    }
    err = launch_sheriff(launch);
    return err == PM_OK ? wait_for_sheriff(ctl, launch, deadline) : err;
}

static enum pm_err apply_file(struct ctl *ctl, const struct pm_config *config)
{
    char *source PM_CLEANUP(pm_free) = realpath(ctl->words.at[0], NULL);
    struct pm_apply request = { .mode = PM_APPLY_MODE_MERGE, .specs = config->specs,
                                .deputies = config->deputies,
                                .source = source ? source : ctl->words.at[0] };

    return apply_specs(ctl, &request, !ctl->set.json); /* --json is one document: the status */
}

static bool is_up(const struct pm_snapshot *picture, const char *host)
{
    for (size_t i = 0; i < picture->deputies.n; ++i)
        if (strcmp(picture->deputies.at[i].name, host) == 0)
            return picture->deputies.at[i].state == PM_LINK_UP;
    return false;
}

/* The deputy that was begun with its sheriff is there, and every process whose deputy is there is
 * in a state that lasts. Other deputies come when they come. */
static bool is_settled(const struct pm_snapshot *picture, bool launched)
{
    for (size_t i = 0; i < picture->procs.n; ++i) {
        const struct pm_proc *proc = &picture->procs.at[i];
        bool moving = proc->state == PM_STATE_STARTING || proc->state == PM_STATE_STOPPING
                      || (proc->wanted && !proc->settled);

        if (moving && is_up(picture, proc->host))
            return false;
    }
    return !launched || is_up(picture, picture->host);
}

/* Of an essential process that has failed for good; 0: there is none. As sheriffd's own. */
static int essential_status(const struct pm_snapshot *picture)
{
    for (size_t i = 0; i < picture->procs.n; ++i) {
        const struct pm_proc *proc = &picture->procs.at[i];

        if (!proc->essential || !proc->wanted || !proc->settled
            || proc->state != PM_STATE_FAILED)
            continue;
        if (proc->exit_signal > 0)
            return SIGNALLED + (int)(proc->exit_signal % SIGNALLED);
        return proc->exit_code > 0 && proc->exit_code < SIGNALLED * 2 ? (int)proc->exit_code : 1;
    }
    return 0;
}

/* What was essential failed, and he has ended with its exit code? He may still be ending. */
static int status_of_the_gone(struct launch *launch, struct pm_mono deadline)
{
    int status = 0;

    while (launch->pid > 0 && status == 0 && !is_over(deadline)) {
        status = launch_status(launch);
        glance();
    }
    return status;
}

static enum pm_err wait_until_settled(struct ctl *ctl, struct pm_mono deadline, bool launched,
                                      struct pm_frame *out)
{
    for (;;) {
        struct pm_ask ask = { 0 };
        enum pm_err err = ctl_call(ctl, PM_MSG_ASK, &ask, PM_MSG_SNAPSHOT, out);

        if (err != PM_OK || is_settled(out->msg, launched) || is_over(deadline))
            return err;
        pm_frame_fini(out);
        glance();
    }
}

static enum pm_err print_picture(struct ctl *ctl, struct pm_mono deadline, bool launched)
{
    struct pm_frame frame = { 0 };
    const struct pm_snapshot *picture;
    enum pm_err err = wait_until_settled(ctl, deadline, launched, &frame);

    if (err != PM_OK)
        return err;
    picture = frame.msg;
    ctl->status = essential_status(picture);
    if (ctl->set.json)
        err = out_json("processes", &pm_proc_desc, picture->procs.at, picture->procs.n);
    else if (picture->procs.n > 0)
        status_print(ctl, &picture->procs);
    else
        out_line("the sheriff is up and has no processes yet");
    pm_frame_fini(&frame);
    return err;
}

enum pm_err verb_up(struct ctl *ctl)
{
    struct pm_config config = { 0 };
    bool has_file = ctl->words.n > 0;
    struct launch launch = { .run_dir = ctl->set.run_dir, .state_dir = ctl->set.state_dir };
    uint64_t wait_ms;
    struct pm_mono deadline;
    enum pm_err err = ctl_timeout(ctl, UP_WAIT_MS, &wait_ms);

    if (err == PM_OK && has_file)
        err = load_config(ctl, ctl->words.at[0], &config);
    if (err != PM_OK)
        return err;
    deadline = pm_mono_after(pm_mono_now(), (int64_t)wait_ms);
    err = reach_sheriff(ctl, deadline, &launch);
    if (err == PM_OK && has_file)
        err = apply_file(ctl, &config);
    if (err == PM_OK)
        err = print_picture(ctl, deadline, launch.pid > 0);
    if (err != PM_OK)
        ctl->status = status_of_the_gone(&launch, deadline);
    free(launch.log);
    if (has_file)
        pm_config_fini(&config);
    return err;
}

/* ---- down ---- */

/* He is gone when nobody answers at his socket any more. */
static enum pm_err wait_until_gone(struct ctl *ctl, struct pm_mono deadline)
{
    while (!is_over(deadline)) {
        struct pm_client *client = NULL;

        if (pm_client_open(ctl->set.run_dir, false, ctl->name, &client) != PM_OK)
            return PM_OK;
        pm_client_close(&client);
        glance();
    }
    complain("the sheriff has not ended yet; he goes on stopping his processes");
    return PM_TIMEOUT;
}

/* He answers when his processes are stopped, which may take longer than we wait. */
static enum pm_err ask_to_end(struct ctl *ctl, struct pm_mono deadline)
{
    struct pm_shutdown request = { 0 };
    struct pm_frame frame = { 0 };
    uint64_t number;
    enum pm_err err = pm_client_send(ctl->client, PM_MSG_SHUTDOWN, &request, &number);

    if (err != PM_OK)
        return ctl_fail(ctl, err);
    interrupt_says("\nprocmanctl: interrupted; the sheriff goes on ending\n");
    err = pm_client_wait(ctl->client, number, (int)pm_mono_since(pm_mono_now(), deadline), &frame);
    if (err == PM_OK && frame.kind == PM_MSG_REPLY) {
        const struct pm_reply *reply = frame.msg;

        err = pm_err_from_word(reply->error);
        if (err != PM_OK)
            complain("%s", reply->text);
        pm_frame_fini(&frame);
        return err;
    }
    pm_frame_fini(&frame);
    return err == PM_BAD_MESSAGE ? ctl_fail(ctl, err) : PM_OK; /* whether he is gone shows */
}

enum pm_err verb_down(struct ctl *ctl)
{
    struct pm_mono deadline;
    uint64_t wait_ms;
    enum pm_err err = ctl_timeout(ctl, DOWN_WAIT_MS, &wait_ms);

    if (err != PM_OK)
        return err;
    deadline = pm_mono_after(pm_mono_now(), (int64_t)wait_ms);
    err = pm_client_open(ctl->set.run_dir, false, ctl->name, &ctl->client);
    if (err == PM_UNREACHABLE) {
        complain("no sheriff is up here; nothing to end");
        return PM_OK;
    }
    if (err != PM_OK)
        return ctl_fail(ctl, err);
    err = ask_to_end(ctl, deadline);
    if (err != PM_OK)
        return err;
    pm_client_close(&ctl->client);
    return wait_until_gone(ctl, deadline);
}
