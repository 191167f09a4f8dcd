/* status: one line a process. */
#include "ctl.h"
#include "table.h"
#include "verbs.h"

#include <procman/spec.h>
#include <procman/text.h>
#include <stdlib.h>

static const struct column columns[] = {
    { .title = "NAME" }, { .title = "HOST" }, { .title = "STATE" },
    { .title = "PID", .right = true }, { .title = "UPTIME", .right = true },
    { .title = "CPU", .right = true }, { .title = "MEM", .right = true },
    { .title = "RESTARTS", .right = true }, { .title = "REASON", .cut = true },
};

static void add_usage(struct table *table, const struct pm_proc *proc)
{
    char text[PM_TEXT_SIZE];

    if (proc->pid == 0) {
        for (int i = 0; i < 4; ++i)
            table_add(table, SHADE_FAINT, "-");
        return;
    }
    table_addf(table, "%lld", (long long)proc->pid);
    table_add(table, SHADE_NONE, pm_text_age(proc->uptime_ms, text));
    table_addf(table, "%.1f%%", proc->cpu_pct);
    table_add(table, SHADE_NONE, pm_text_bytes(proc->rss_bytes, text));
}

static void add_process(struct table *table, const struct pm_proc *proc)
{
    char label[PM_LABEL_SIZE], text[PM_TEXT_SIZE];

    table_add(table, SHADE_NONE, pm_spec_label(proc->group, proc->name, "", label, sizeof(label)));
    table_add(table, SHADE_NONE, proc->host);
    table_add(table, shade_of_state(proc->state),
              proc->removing ? "removing" : pm_state_word(proc->state));
    add_usage(table, proc);
    table_addf(table, "%llu", (unsigned long long)proc->restarts);
    if (proc->state == PM_STATE_BACKOFF && proc->next_try_ms > 0) {
        char *reason PM_CLEANUP(pm_free) =
            pm_printf("%s; next try in %s", proc->reason, pm_text_age(proc->next_try_ms, text));

        table_add(table, SHADE_NONE, reason);
    } else {
        table_add(table, SHADE_NONE, proc->reason);
    }
}

void status_print(const struct ctl *ctl, const struct pm_proc_list *procs)
{
    struct table table;

    table_init(&table, columns, PM_COUNT(columns));
    for (size_t i = 0; i < procs->n; ++i)
        add_process(&table, &procs->at[i]);
    table_print(&table, ctl->set.plain);
    table_fini(&table);
}

static bool all_running(const struct pm_proc_list *procs)
{
    for (size_t i = 0; i < procs->n; ++i)
        if (procs->at[i].state != PM_STATE_RUNNING)
            return false;
    return true;
}

static enum pm_err print(struct ctl *ctl, const struct pm_proc_list *procs)
{
    if (ctl->set.json)
        return out_json("processes", &pm_proc_desc, procs->at, procs->n);
    if (procs->n > 0 || ctl->set.plain)
        status_print(ctl, procs);
    else if (ctl->words.n == 0)
        complain("no process is defined yet: see \"procmanctl help apply\" and "
                 "\"procmanctl help add\"");
    return PM_OK;
}

enum pm_err verb_status(struct ctl *ctl)
{
    struct pm_frame frame = { 0 };
    struct pm_proc_list procs = { 0 };
    enum pm_err err = ctl_snapshot(ctl, &frame);

    if (err != PM_OK)
        return err;
    err = pick(ctl, &((const struct pm_snapshot *)frame.msg)->procs, &procs);
    if (err == PM_OK || procs.n > 0) {
        enum pm_err printed = print(ctl, &procs);

        if (err == PM_OK)
            err = printed;
    }
    if (err == PM_OK && ctl->words.n > 0 && !all_running(&procs))
        err = PM_NOT_RUNNING;
    free(procs.at);
    pm_frame_fini(&frame);
    return err;
}
