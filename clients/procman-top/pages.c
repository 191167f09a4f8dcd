/* The views that are text. */
#include "draw.h"

#include <procman/text.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *wall_text(int64_t ms, char *to, size_t size)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;

    if (localtime_r(&seconds, &tm) == NULL || strftime(to, size, "%m-%d %H:%M:%S", &tm) == 0)
        snprintf(to, size, "-");
    return to;
}

/* ---- help ------------------------------------------------------------------------------------ */

void page_help(struct app *app)
{
    struct page *page = &app->page;

    page_clear(page);
    for (enum section section = 0; section < SECTION_COUNT; section++) {
        page_title(page, section_titles[section]);
        for (enum action action = 1; action < ACTION_COUNT; action++) {
            char keys[KEYS_EACH * KEY_NAME_SIZE];
            bool off = actions[action].changes && !app_can_change(app);
            if (actions[action].section == section)
                page_add(page, off ? LOOK_STALE : LOOK_PLAIN, "  %-14s %-14s %s%s",
                         keymap_names(&app->keymap, action, keys), actions[action].word,
                         actions[action].meaning, off ? " (off: only looking)" : "");
        }
    }
    page_title(page, "STATES");
    for (enum pm_state state = PM_STATE_NOWHERE + 1; state < PM_STATE_COUNT; state++)
        page_add(page, state_look(state), "  %s %s  %-9s %s", state_symbol(state, false),
                 state_symbol(state, true), pm_state_word(state),
                 pm_state_words.at[state].meaning);
    page_title(page, "MORE");
    page_add(page, LOOK_PLAIN, "  :            takes these words, and verbs of procmanctl with "
             "selectors: start drivers/ !cam");
    page_add(page, LOOK_PLAIN, "  keys         can be changed: procman-top --print-keys shows how");
    page_add(page, LOOK_PLAIN, "  themes       F2 goes through:");
    for (size_t i = 0; i < themes_n; i++)
        page_add(page, i == app->theme ? LOOK_GOOD : LOOK_PLAIN, "               %-14s %s",
                 themes[i].name, themes[i].about);
}

/* ---- one process ----------------------------------------------------------------------------- */

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

static void add_words(struct page *page, const struct pm_strs *words)
{
    char line[400];
    size_t n = 0;

    for (size_t i = 0; i < words->n && n < sizeof line; i++)
        n += (size_t)snprintf(line + n, sizeof line - n, "%s%s", i > 0 ? " " : "", words->at[i]);
    page_add(page, LOOK_PLAIN, " exec      %s", line);
}

static void add_definition(struct page *page, const struct pm_spec *spec)
{
    char delay[PM_TEXT_SIZE], most[PM_TEXT_SIZE], timeout[PM_TEXT_SIZE];

    if (spec->exec.n > 0)
        add_words(page, &spec->exec);
    else
        page_add(page, LOOK_PLAIN, " command   %s", spec->command);
    page_add(page, LOOK_PLAIN, " cwd       %s", *spec->working_dir ? spec->working_dir : "/");
    if (*spec->run_as_user || *spec->run_as_group)
        page_add(page, LOOK_PLAIN, " run as    %s:%s", spec->run_as_user, spec->run_as_group);
    page_add(page, LOOK_PLAIN, " env       %zu set (values are hidden: procmanctl show --show-env)",
             spec->env.n);
    page_add(page, LOOK_PLAIN, " restart   %s, after %s to %s",
             pm_word(&pm_auto_restart_words, (int)spec->auto_restart),
             pm_text_duration(spec->restart_delay_ms, delay),
             pm_text_duration(spec->restart_max_delay_ms, most));
    page_add(page, LOOK_PLAIN, " stop      %s, then SIGKILL after %s",
             pm_signal_name(spec->stop_signal), pm_text_duration(spec->stop_timeout_ms, timeout));
}

static void add_usage(const struct app *app, struct page *page, uint64_t id, bool ascii)
{
    struct history_sample samples[HISTORY_SECONDS];
    size_t n = history_last(app->history, id, HISTORY_SECONDS, samples);
    float most_cpu = 0;
    uint32_t most_rss = 0;
    char graph[3 * 60 + 1], bytes[PM_TEXT_SIZE];

    for (size_t i = 0; i < n; i++) {
        most_cpu = samples[i].cpu_pct > most_cpu ? samples[i].cpu_pct : most_cpu;
        most_rss = samples[i].rss_kib > most_rss ? samples[i].rss_kib : most_rss;
    }
    page_add(page, LOOK_PLAIN, " CPU%%      %s  most %.1f",
             history_graph(app->history, id, HISTORY_SECONDS, 60, ascii, graph), (double)most_cpu);
    page_add(page, LOOK_PLAIN, " memory    most %s in the last %zu s",
             pm_text_bytes((uint64_t)most_rss << 10, bytes), n);
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

static void add_events(const struct app *app, struct page *page, const struct pm_proc *only)
{
    for (size_t i = app->happened.n; i-- > 0;) {
        const struct pm_event *event = &app->happened.at[i];
        char when[24];
        if (only != NULL && (strcmp(event->name, only->name) != 0
                             || strcmp(event->group, only->group) != 0
                             || strcmp(event->host, only->host) != 0))
            continue;
        page_add(page, LOOK_PLAIN, " %s  %s%s%s%s%s %s%s%s",
                 wall_text(event->time_ms, when, sizeof when), only ? "" : event->group,
                 !only && *event->group ? "/" : "", only ? "" : event->name,
                 only || !*event->host ? "" : "@", only ? "" : event->host, event->text,
                 *event->by ? ", by " : "", event->by);
    }
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
        add_definition(page, app->spec);
    else
        page_add(page, LOOK_FAINT, " not come yet");
    page_title(page, "Usage of the last 2 minutes");
    add_usage(app, page, proc->id, canvas->ascii);
    page_title(page, "Past lives");
    add_past(app, page);
    page_title(page, "Events");
    add_events(app, page, proc);
}

/* ---- the fleet ------------------------------------------------------------------------------- */

void page_events(struct app *app)
{
    page_clear(&app->page);
    add_events(app, &app->page, NULL);
    if (app->page.n == 0)
        page_add(&app->page, LOOK_FAINT, " nothing is known to have happened");
}

void page_hosts(struct app *app)
{
    page_clear(&app->page);
    page_add(&app->page, LOOK_HEADER, " %-20s %-6s %-7s %6s %11s %11s %6s %9s %-9s %s", "NAME",
             "LINK", "AGE", "CPU%", "MEM", "DISK", "LOAD", "PROCS", "VERSION", "ADDRESS");
    for (size_t i = 0; i < app->deputies.n; i++) {
        const struct pm_deputy *deputy = &app->deputies.at[i];
        const struct pm_machine *machine = &deputy->machine;
        char age[PM_TEXT_SIZE], used[PM_TEXT_SIZE], all[PM_TEXT_SIZE], disk[PM_TEXT_SIZE],
            size[PM_TEXT_SIZE];
        page_add(&app->page, deputy->state == PM_LINK_UP ? LOOK_PLAIN : LOOK_STALE,
                 " %-20s %-6s %-7s %6.1f %5s/%-5s %5s/%-5s %6.2f %4llu/%-4llu %-9s %s",
                 deputy->name, pm_word(&pm_link_words, (int)deputy->state),
                 pm_text_age(deputy->age_ms, age), machine->cpu_pct,
                 pm_text_bytes(machine->mem_used_bytes, used),
                 pm_text_bytes(machine->mem_total_bytes, all),
                 pm_text_bytes(machine->disk_used_bytes, disk),
                 pm_text_bytes(machine->disk_total_bytes, size), machine->load,
                 (unsigned long long)deputy->procs_up, (unsigned long long)deputy->procs,
                 deputy->version, deputy->address);
    }
}

void page_sheriff(struct app *app)
{
    const struct sheriff *sheriff = &app->sheriff;
    char age[PM_TEXT_SIZE];

    page_clear(&app->page);
    page_add(&app->page, sheriff->up ? LOOK_GOOD : LOOK_BAD, " Sheriff   %s",
             sheriff->up ? "answers" : sheriff->why);
    page_add(&app->page, LOOK_PLAIN, " Machine   %s", sheriff->host ? sheriff->host : "-");
    page_add(&app->page, LOOK_PLAIN, " Version   %s", sheriff->software ? sheriff->software : "-");
    page_add(&app->page, LOOK_PLAIN, " Up        %s", pm_text_age(sheriff->uptime_ms, age));
    page_add(&app->page, LOOK_PLAIN, " Fleet     %zu deputies, %zu processes", app->deputies.n,
             app->procs.n);
    page_add(&app->page, LOOK_PLAIN, " We may    %s", app_can_change(app) ? "look and order"
                                                                          : "only look");
}
