/* show: all there is to know about a process: how it is, how it is to run, what happened to it. */
#include "out.h"
#include "past.h"
#include "verbs.h"

#include <procman/config.h>
#include <procman/select.h>
#include <procman/spec.h>
#include <procman/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LAST_EVENTS 10
#define LAST_RUNS   5
#define MS          1000
#define INDENT      4   /* of a process's keys in a file */

/* One of `show --json`. */
struct sight {
    struct pm_proc process;
    struct pm_spec spec;
    struct pm_past_life_list past;
    struct pm_event_list events;
};

static const struct pm_field sight_fields[] = {
    { "process", PM_KIND_ONE, offsetof(struct sight, process), NULL, &pm_proc_desc, "how it is" },
    { "spec", PM_KIND_ONE, offsetof(struct sight, spec), NULL, &pm_spec_desc, "how it is to run" },
    { "past", PM_KIND_LIST, offsetof(struct sight, past), NULL, &pm_past_life_desc,
      "how its last lives ended" },
    { "events", PM_KIND_LIST, offsetof(struct sight, events), NULL, &pm_event_desc, "its last" },
};
static const struct pm_desc sight_desc = {
    .name = "sight", .size = sizeof(struct sight), .fields = sight_fields,
    .n = PM_COUNT(sight_fields),
};

/* ---- how it is ---- */

static void print_state(const struct pm_proc *proc)
{
    char age[PM_TEXT_SIZE], other[PM_TEXT_SIZE];

    out_shaded(shade_of_state(proc->state), "  state         %s for %s%s%s",
               pm_state_word(proc->state), pm_text_age(proc->state_age_ms, age),
               *proc->reason ? ": " : "", proc->reason);
    out_line("  wanted        %s%s%s%s", proc->wanted ? "up" : "down",
             *proc->ordered_by ? ", ordered by " : "", proc->ordered_by,
             proc->removing ? ", being removed" : "");
    if (proc->pid != 0) {
        out_line("  pid           %lld, up %s", (long long)proc->pid,
                 pm_text_age(proc->uptime_ms, age));
        out_line("  usage         %.1f%% CPU, %s memory, %llu threads", proc->cpu_pct,
                 pm_text_bytes(proc->rss_bytes, other), (unsigned long long)proc->threads);
    }
    out_line("  run           %llu, restarts since the last order: %llu",
             (unsigned long long)proc->run, (unsigned long long)proc->restarts);
    out_line("  output        %s (procmanctl logs)", pm_text_bytes(proc->output_end, other));
}

/* ---- how it is to run ---- */

/* A word as a shell would take it. */
static char *quoted(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./:=,+@%";
    char *text, *at;

    if (*word && strspn(word, plain) == strlen(word))
        return pm_strdup(word);
    at = text = pm_alloc(4 * strlen(word) + 3);
    *at++ = '\'';
    for (; *word; ++word) {
        if (*word == '\'')
            at = stpcpy(at, "'\\''");
        else
            *at++ = *word;
    }
    *at++ = '\'';
    return text;
}

static void print_command(const struct pm_spec *spec)
{
    char *line PM_CLEANUP(pm_free) = pm_strdup(spec->command);

    for (size_t i = 0; i < spec->exec.n; ++i) {
        char *word PM_CLEANUP(pm_free) = quoted(spec->exec.at[i]);
        char *longer = pm_printf("%s%s%s", line, i ? " " : "", word);

        free(line);
        line = longer;
    }
    out_line("  command       %s", line);
}

static void print_env(const struct pm_spec *spec, bool with_values)
{
    for (size_t i = 0; i < spec->env.n; ++i) {
        const struct pm_var *var = &spec->env.at[i];

        out_line("  %-13s %s%s%s", i == 0 ? "env" : "", var->name, with_values ? "=" : "",
                 with_values ? var->value : "");
    }
    if (spec->env.n > 0 && !with_values)
        out_line("                (values: --show-env)");
}

static void print_dependencies(const struct pm_spec *spec)
{
    for (size_t i = 0; i < spec->depends_on.n; ++i) {
        const struct pm_dependency *on = &spec->depends_on.at[i];
        char label[PM_LABEL_SIZE], needed[NEEDED_SIZE];

        out_line("  %-13s %s: %s", i == 0 ? "depends_on" : "",
                 pm_spec_label(on->group, on->process, on->host, label, sizeof(label)),
                 needed_text(on, needed));
    }
}

/* What the rest of its definition says, as a file would. */
static void print_as_written(const struct pm_spec *spec)
{
    static const char *const keys[] = { "env_file", "umask", "nice", "limits", "cgroup", "ready",
                                        "health", "watchdog", "schedule", "time_zone", "every",
                                        "overlap", "essential" };
    char *yaml PM_CLEANUP(pm_free) = NULL, *rest, *line;

    if (pm_config_write(spec, 1, false, &yaml) != PM_OK)
        return; /* it is too much for one file, and so for a screen */
    for (rest = yaml; (line = strsep(&rest, "\n")) != NULL;) {
        char *key = line + strspn(line, " "), *value = strstr(key, ": ");
        if (key - line != INDENT || value == NULL) /* deeper are texts of env and the like */
            continue;
        *value = '\0';
        for (size_t i = 0; i < PM_COUNT(keys); ++i)
            if (strcmp(key, keys[i]) == 0)
                out_line("  %-13s %s", key, value + strlen(": "));
    }
}

static void print_labels(const struct pm_spec *spec)
{
    for (size_t i = 0; i < spec->labels.n; ++i)
        out_line("  %-13s %s: %s", i == 0 ? "labels" : "", spec->labels.at[i].name,
                 spec->labels.at[i].value);
}

static void print_policies(const struct pm_spec *spec)
{
    char a[PM_TEXT_SIZE], b[PM_TEXT_SIZE], c[PM_TEXT_SIZE];

    out_line("  autostart     %s", spec->autostart ? "true" : "false");
    out_line("  auto_restart  %s",
             pm_word(&pm_auto_restart_words, (int)spec->auto_restart));
    if (spec->auto_restart != PM_AUTO_RESTART_NO)
        out_line("  restart       after %s to %s, settled after %s, max_failures %llu",
                 pm_text_duration(spec->restart_delay_ms, a),
                 pm_text_duration(spec->restart_max_delay_ms, b),
                 pm_text_duration(spec->restart_settle_ms, c),
                 (unsigned long long)spec->restart_max_failures);
    if (spec->restart_max_memory != 0)
        out_line("  max_memory    %s, over it a restart",
                 pm_text_size(spec->restart_max_memory, a));
    out_line("  stop          %s, after %s SIGKILL", pm_signal_name(spec->stop_signal),
             pm_text_duration(spec->stop_timeout_ms, a));
    out_line("  output        rotated at %s, %llu kept%s",
             pm_text_size(spec->output_max_bytes, a), (unsigned long long)spec->output_keep,
             spec->output_pty ? ", on a terminal" : "");
    if (spec->sheriff_loss_ms != 0)
        out_line("  unattended    stopped after %s", pm_text_duration(spec->sheriff_loss_ms, a));
}

static void print_spec(const struct pm_spec *spec, bool with_values)
{
    print_command(spec);
    out_line("  working_dir   %s", *spec->working_dir ? spec->working_dir : "/");
    print_env(spec, with_values);
    if (*spec->run_as_user)
        out_line("  run_as        %s%s%s", spec->run_as_user, *spec->run_as_group ? ":" : "",
                 spec->run_as_group);
    print_dependencies(spec);
    print_policies(spec);
    print_as_written(spec);
    print_labels(spec);
    if (*spec->origin)
        out_line("  defined       %s", spec->origin);
}

/* ---- what happened ---- */

static void print_past(const struct pm_past_life_list *past)
{
    for (size_t i = 0; i < past->n; ++i) {
        char *line PM_CLEANUP(pm_free) = past_line(&past->at[i]);

        out_line("  %-13s %s", i == 0 ? "last runs" : "", line);
    }
}

static void print_events(const struct pm_event_list *events)
{
    for (size_t i = 0; i < events->n; ++i) {
        const struct pm_event *event = &events->at[i];
        time_t seconds = (time_t)(event->time_ms / MS);
        struct tm local = { 0 };
        char when[32];

        localtime_r(&seconds, &local);
        strftime(when, sizeof(when), "%F %T", &local);
        out_line("  %-13s %s  %-9s %s", i == 0 ? "events" : "", when, event->what, event->text);
    }
}

static void print(const struct ctl *ctl, const struct sight *sight)
{
    char label[PM_LABEL_SIZE];

    out_line("%s", pm_spec_label(sight->process.group, sight->process.name, sight->process.host,
                                 label, sizeof(label)));
    print_state(&sight->process);
    print_spec(&sight->spec, ctl->set.show_env);
    print_past(&sight->past);
    print_events(&sight->events);
}

/* ---- the verb ---- */

static void hide_values(struct pm_spec *spec)
{
    for (size_t i = 0; i < spec->env.n; ++i)
        spec->env.at[i].value = "";
}

static enum pm_err ask_events(struct ctl *ctl, const struct pm_proc *proc, struct pm_frame *out)
{
    char *word PM_CLEANUP(pm_free) = pm_select_word(proc->group, proc->name, proc->host);
    const char *words[] = { word };
    struct pm_history request = { .select = { .at = words, .n = 1 }, .most = LAST_EVENTS };

    return ctl_call(ctl, PM_MSG_HISTORY, &request, PM_MSG_EVENTS, out);
}

static enum pm_err show_all(struct ctl *ctl, const struct pm_exported *exported)
{
    size_t n = exported->specs.n;
    struct sight *sights = pm_alloc((n + 1) * sizeof(*sights));
    struct pm_frame *frames = pm_alloc((n + 1) * sizeof(*frames));
    struct past ends = { 0 };
    enum pm_err err = exported->procs.n == n ? PM_OK : ctl_fail(ctl, PM_BAD_MESSAGE);

    if (err == PM_OK)
        err = past_ask(ctl, exported->procs.at, n, LAST_RUNS, &ends);
    for (size_t i = 0; i < n && err == PM_OK; ++i) {
        sights[i].past = past_of(&ends, exported->procs.at, i);
        sights[i].process = exported->procs.at[i];
        sights[i].spec = exported->specs.at[i];
        if (!ctl->set.show_env)
            hide_values(&sights[i].spec);
        err = ask_events(ctl, &sights[i].process, &frames[i]);
        if (err == PM_OK)
            sights[i].events = ((const struct pm_events *)frames[i].msg)->events;
    }
    if (err == PM_OK && ctl->set.json)
        err = out_json("processes", &sight_desc, sights, n);
    else if (err == PM_OK)
        for (size_t i = 0; i < n; ++i)
            print(ctl, &sights[i]);
    for (size_t i = 0; i < n; ++i) {
        free(sights[i].past.at);
        pm_frame_fini(&frames[i]);
    }
    past_fini(&ends);
    free(frames);
    free(sights);
    return err;
}

enum pm_err verb_show(struct ctl *ctl)
{
    struct pm_export request = { .select = ctl->words };
    struct pm_frame frame = { 0 };
    enum pm_err err = ctl_open(ctl);

    if (err == PM_OK && ctl->set.show_env && !pm_client_may_command(ctl->client)) {
        complain("you may only look, so the values of environment variables are kept from you; "
                 "leave out --show-env");
        err = PM_FORBIDDEN;
    }
    if (err == PM_OK)
        err = ctl_call(ctl, PM_MSG_EXPORT, &request, PM_MSG_EXPORTED, &frame);
    if (err == PM_OK)
        err = show_all(ctl, frame.msg);
    pm_frame_fini(&frame);
    return err;
}
