/* All about one process: how it stands, what it is made of, what it used, how its lives ended. */
#include "draw.h"

#include <procman/limits.h>
#include <procman/probe.h>
#include <procman/spec.h>
#include <procman/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRAPH_CELLS 60
#define PROBE_BYTES 200 /* of a probe as text; a longer one is cut */

static void add_status(struct page *page, const struct pm_proc *proc)
{
    char age[PM_TEXT_SIZE], bytes[PM_TEXT_SIZE], up[PM_TEXT_SIZE];

    page_add(page, state_look(proc->state), " State     %s for %s: %s", pm_state_word(proc->state),
             pm_text_age(proc->state_age_ms, age), proc->reason);
    page_add(page, LOOK_PLAIN, " Wanted    %s, last ordered by %s", proc->wanted ? "up" : "down",
             *proc->ordered_by ? proc->ordered_by : "nobody");
    if (proc->pid > 0)
        page_add(page, LOOK_PLAIN,
                 " Alive     pid %lld, up %s, %.1f %% of a core, %s, %llu threads",
                 (long long)proc->pid, pm_text_age(proc->uptime_ms, up), proc->cpu_pct,
                 pm_text_bytes(proc->rss_bytes, bytes), (unsigned long long)proc->threads);
    page_add(page, LOOK_PLAIN, " Lives     this is number %llu; %llu begun by policy since the "
             "last order", (unsigned long long)proc->run, (unsigned long long)proc->restarts);
    if (proc->state == PM_STATE_BACKOFF)
        page_add(page, LOOK_CHANGING, " Next      try in %s", pm_text_age(proc->next_try_ms, age));
}

/* ---- what it is made of ---------------------------------------------------------------------- */

static void add_words(struct page *page, const struct pm_strs *words)
{
    PM_CLEANUP(pm_free) char *line = pm_strdup("");

    for (size_t i = 0; i < words->n; i++) {
        char *longer = pm_printf("%s%s%s", line, i > 0 ? " " : "", words->at[i]);
        free(line);
        line = longer;
    }
    page_add(page, LOOK_PLAIN, " exec      %s", line);
}

/* Names are no secret; what they hold may be one. */
static void add_env(const struct app *app, struct page *page, const struct pm_spec *spec)
{
    if (*spec->env_file)
        page_add(page, LOOK_PLAIN, " env file  %s", spec->env_file);
    if (spec->env.n > 0 && !app->may_command)
        page_add(page, LOOK_FAINT, " env       values are not for those who only look");
    else if (spec->env.n > 0 && !app->shows_values)
        page_add(page, LOOK_FAINT, " env       values are hidden: E shows them");
    for (size_t i = 0; i < spec->env.n; i++) {
        const struct pm_var *var = &spec->env.at[i];
        bool shown = app->shows_values && app->may_command;
        page_add(page, LOOK_PLAIN, "           %s=%s", var->name, shown ? var->value : "***");
    }
}

static const char *limit_text(uint64_t value, char *text)
{
    if (value == PM_UNLIMITED)
        return strcpy(text, "unlimited");
    snprintf(text, 24, "%llu", (unsigned long long)value);
    return text;
}

static void add_limits(struct page *page, const struct pm_spec *spec)
{
    char soft[24], hard[24], bytes[PM_TEXT_SIZE];

    for (size_t i = 0; i < spec->limits.n; i++)
        page_add(page, LOOK_PLAIN, " limit     %s %s, at most %s", spec->limits.at[i].name,
                 limit_text(spec->limits.at[i].soft, soft),
                 limit_text(spec->limits.at[i].hard, hard));
    if (spec->memory_max > 0)
        page_add(page, LOOK_PLAIN, " cgroup    memory at most %s",
                 pm_text_bytes(spec->memory_max, bytes));
    if (spec->cpu_max > 0)
        page_add(page, LOOK_PLAIN, " cgroup    processors at most %llu %% of one",
                 (unsigned long long)spec->cpu_max);
    if (spec->pids_max > 0)
        page_add(page, LOOK_PLAIN, " cgroup    at most %llu processes and threads",
                 (unsigned long long)spec->pids_max);
    if (spec->nice != 0)
        page_add(page, LOOK_PLAIN, " nice      %lld", (long long)spec->nice);
    if (spec->umask != 0)
        page_add(page, LOOK_PLAIN, " umask     %04o", (unsigned)spec->umask & 0777u);
}

static void add_probe(struct page *page, const char *what, const struct pm_probe *probe)
{
    char text[PROBE_BYTES], timeout[PM_TEXT_SIZE], interval[PM_TEXT_SIZE];

    if (probe->kind == PM_PROBE_KIND_NONE)
        return;
    page_add(page, LOOK_PLAIN, " %-9s %s, within %s%s%s", what,
             pm_probe_text(probe, text, sizeof text),
             pm_text_duration(probe->timeout_ms, timeout),
             probe->interval_ms > 0 ? ", every " : "",
             probe->interval_ms > 0 ? pm_text_duration(probe->interval_ms, interval) : "");
}

static void add_health(struct page *page, const struct pm_spec *spec)
{
    char time[PM_TEXT_SIZE], bytes[PM_TEXT_SIZE];

    add_probe(page, "ready", &spec->ready);
    add_probe(page, "health", &spec->health);
    if (spec->health_silence_ms > 0)
        page_add(page, LOOK_PLAIN, " health    may be silent for %s",
                 pm_text_duration(spec->health_silence_ms, time));
    if (spec->watchdog_ms > 0)
        page_add(page, LOOK_PLAIN, " watchdog  says that it is well every %s",
                 pm_text_duration(spec->watchdog_ms, time));
    if (spec->restart_max_memory > 0)
        page_add(page, LOOK_PLAIN, " restart   when it uses more than %s",
                 pm_text_bytes(spec->restart_max_memory, bytes));
}

static void add_depends(struct page *page, const struct pm_spec *spec)
{
    for (size_t i = 0; i < spec->depends_on.n; i++) {
        const struct pm_dependency *on = &spec->depends_on.at[i];
        char label[PM_LABEL_SIZE];
        page_add(page, LOOK_PLAIN, " depends   %s is %s",
                 pm_spec_label(on->group, on->process, on->host, label, sizeof label),
                 pm_word(&pm_dependency_when_words, (int)on->when));
    }
}

static void add_definition(const struct app *app, struct page *page, const struct pm_spec *spec)
{
    char delay[PM_TEXT_SIZE], most[PM_TEXT_SIZE], timeout[PM_TEXT_SIZE];

    if (spec->exec.n > 0)
        add_words(page, &spec->exec);
    else
        page_add(page, LOOK_PLAIN, " command   %s", spec->command);
    page_add(page, LOOK_PLAIN, " cwd       %s", *spec->working_dir ? spec->working_dir : "/");
    if (*spec->run_as_user || *spec->run_as_group)
        page_add(page, LOOK_PLAIN, " run as    %s:%s", spec->run_as_user, spec->run_as_group);
    page_add(page, LOOK_PLAIN, " restart   %s, after %s to %s",
             pm_word(&pm_auto_restart_words, (int)spec->auto_restart),
             pm_text_duration(spec->restart_delay_ms, delay),
             pm_text_duration(spec->restart_max_delay_ms, most));
    page_add(page, LOOK_PLAIN, " stop      %s, then SIGKILL after %s",
             pm_signal_name(spec->stop_signal), pm_text_duration(spec->stop_timeout_ms, timeout));
    add_depends(page, spec);
    add_health(page, spec);
    add_limits(page, spec);
    for (size_t i = 0; i < spec->labels.n; i++)
        page_add(page, LOOK_PLAIN, " label     %s=%s", spec->labels.at[i].name,
                 spec->labels.at[i].value);
    add_env(app, page, spec);
}

/* ---- what it did ----------------------------------------------------------------------------- */

static void add_usage(const struct app *app, struct page *page, uint64_t id, bool ascii)
{
    struct history_sample samples[HISTORY_SECONDS];
    size_t n = history_last(app->history, id, HISTORY_SECONDS, samples);
    float cpu[HISTORY_SECONDS], memory[HISTORY_SECONDS], most_cpu = 0, most_memory = 0;
    char graph[3 * GRAPH_CELLS + 1], bytes[PM_TEXT_SIZE];

    for (size_t i = 0; i < n; i++) {
        cpu[i] = samples[i].cpu_pct;
        memory[i] = (float)samples[i].rss_kib;
        most_cpu = cpu[i] > most_cpu ? cpu[i] : most_cpu;
        most_memory = memory[i] > most_memory ? memory[i] : most_memory;
    }
    page_add(page, LOOK_PLAIN, " CPU%%      %s  most %.1f",
             history_curve(cpu, n, HISTORY_SECONDS, GRAPH_CELLS, ascii, graph), (double)most_cpu);
    page_add(page, LOOK_PLAIN, " memory    %s  most %s",
             history_curve(memory, n, HISTORY_SECONDS, GRAPH_CELLS, ascii, graph),
             pm_text_bytes((uint64_t)most_memory << 10, bytes));
}

static void add_past(const struct app *app, struct page *page)
{
    for (size_t i = app->past.n; i-- > 0;) {
        const struct pm_past_life *life = &app->past.at[i];
        char when[24], lived[PM_TEXT_SIZE], cpu[PM_TEXT_SIZE], peak[PM_TEXT_SIZE];
        page_add(page, LOOK_PLAIN, " %s  life %llu, %s long, CPU %s, at most %s: %s",
                 wall_text(life->ended_ms, when, sizeof when), (unsigned long long)life->run,
                 pm_text_age(life->lived_ms, lived), pm_text_age(life->cpu_ms, cpu),
                 pm_text_bytes(life->peak_bytes, peak), life->reason);
    }
    if (app->past.n == 0)
        page_add(page, LOOK_FAINT, " none is known");
}

void page_details(struct app *app, const struct canvas *canvas)
{
    const struct pm_proc *proc = app_proc(app, app->details_id);
    struct page *page = &app->page;
    PM_CLEANUP(pm_free) char *name = NULL, *title = NULL;

    page_clear(page);
    if (proc == NULL) {
        page_add(page, LOOK_CHANGING, " it is no more: it was removed. Esc goes back");
        return;
    }
    name = app_name(proc);
    page_title(page, name);
    add_status(page, proc);
    title = pm_printf("Definition %s", app->spec ? app->spec->origin : "");
    page_title(page, title);
    if (app->spec != NULL)
        add_definition(app, page, app->spec);
    else
        page_add(page, LOOK_FAINT, " not come yet");
    page_title(page, "Usage of the last 2 minutes");
    add_usage(app, page, proc->id, canvas->ascii);
    page_title(page, "Past lives");
    add_past(app, page);
    page_title(page, "Events");
    page_add_events(app, page, proc);
}
