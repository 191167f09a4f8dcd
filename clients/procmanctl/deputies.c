/* deputies: one line a machine. */
#include "ctl.h"
#include "table.h"
#include "verbs.h"

#include <procman/text.h>

static const struct column columns[] = {
    { .title = "NAME" }, { .title = "STATE" }, { .title = "AGE", .right = true },
    { .title = "CPU", .right = true }, { .title = "MEM", .right = true },
    { .title = "DISK", .right = true }, { .title = "LOAD", .right = true },
    { .title = "PROCS", .right = true }, { .title = "VERSION" },
    { .title = "ADDRESS", .cut = true },
};

static enum shade shade_of_link(enum pm_link link)
{
    switch (link) {
    case PM_LINK_UP:
        return SHADE_GOOD;
    case PM_LINK_LOST:
        return SHADE_BAD;
    default:
        return SHADE_CHANGING;
    }
}

static void add_share(struct table *table, uint64_t used, uint64_t total)
{
    char a[PM_TEXT_SIZE], b[PM_TEXT_SIZE];

    if (total == 0)
        table_add(table, SHADE_FAINT, "-");
    else
        table_addf(table, "%s/%s", pm_text_bytes(used, a), pm_text_bytes(total, b));
}

static void add_machine(struct table *table, const struct pm_machine *machine)
{
    bool known = machine->cores > 0;

    if (known)
        table_addf(table, "%.0f%%", machine->cpu_pct);
    else
        table_add(table, SHADE_FAINT, "-");
    add_share(table, machine->mem_used_bytes, machine->mem_total_bytes);
    add_share(table, machine->disk_used_bytes, machine->disk_total_bytes);
    if (known)
        table_addf(table, "%.2f", machine->load);
    else
        table_add(table, SHADE_FAINT, "-");
}

static void add_deputy(struct table *table, const struct pm_deputy *deputy)
{
    char text[PM_TEXT_SIZE];

    table_add(table, SHADE_NONE, deputy->name);
    table_add(table, shade_of_link(deputy->state), pm_word(&pm_link_words, (int)deputy->state));
    if (deputy->state == PM_LINK_NEVER)
        table_add(table, SHADE_FAINT, "-");
    else
        table_add(table, SHADE_NONE, pm_text_age(deputy->age_ms, text));
    add_machine(table, &deputy->machine);
    table_addf(table, "%llu/%llu", (unsigned long long)deputy->procs_up,
               (unsigned long long)deputy->procs);
    table_add(table, SHADE_NONE, *deputy->version ? deputy->version : "-");
    table_add(table, SHADE_NONE, *deputy->address ? deputy->address : "-");
}

/* Two deputies of one name: somebody has to do something about it. */
static void print_seconds(const struct pm_deputy_list *deputies)
{
    for (size_t i = 0; i < deputies->n; ++i)
        if (*deputies->at[i].second)
            complain("a second deputy called %s is refused: it is on %s; stop one of the two, or "
                     "give it another --name", deputies->at[i].name, deputies->at[i].second);
}

enum pm_err verb_deputies(struct ctl *ctl)
{
    struct pm_frame frame = { 0 };
    const struct pm_snapshot *picture;
    struct table table;
    enum pm_err err = ctl_snapshot(ctl, &frame);

    if (err != PM_OK)
        return err;
    picture = frame.msg;
    if (ctl->set.json) {
        err = out_json("deputies", &pm_deputy_desc, picture->deputies.at, picture->deputies.n);
    } else if (picture->deputies.n == 0 && !ctl->set.plain) {
        complain("no deputy has come yet");
    } else {
        table_init(&table, columns, PM_COUNT(columns));
        for (size_t i = 0; i < picture->deputies.n; ++i)
            add_deputy(&table, &picture->deputies.at[i]);
        table_print(&table, ctl->set.plain);
        print_seconds(&picture->deputies);
        table_fini(&table);
    }
    pm_frame_fini(&frame);
    return err;
}
