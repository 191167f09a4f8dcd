/* The views that are text; that of one process is in page_process.c. */
#include "draw.h"

#include <procman/text.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

const char *wall_text(int64_t ms, char *to, size_t size)
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

/* ---- the fleet ------------------------------------------------------------------------------- */

void page_add_events(const struct app *app, struct page *page, const struct pm_proc *only)
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

void page_events(struct app *app)
{
    page_clear(&app->page);
    page_add_events(app, &app->page, NULL);
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
