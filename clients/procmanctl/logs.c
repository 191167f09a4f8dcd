/* logs: what processes wrote. Here is what was asked for: options that make no sense together are
 * refused, and how many lines are meant when none are said depends on the others. */
#include "logs.h"

#include "clean.h"
#include "interrupt.h"
#include "out.h"
#include "verbs.h"

#include <errno.h>
#include <locale.h>
#include <procman/limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_LINES 50
#define READ_BUDGET   ((size_t)16 << 20) /* bytes of output held for all processes together */
#define READ_LEAST    ((size_t)16 << 10) /* bytes an answer should bring */

/* ---- options ---- */

/* Which two options have no meaning together? */
static enum pm_err check_sense(const struct ctl *ctl)
{
    const struct settings *set = &ctl->set;
    const struct { bool both; const char *one, *other, *why; } rows[] = {
        { set->follow && set->until, "-f", "--until", "one goes on and the other ends" },
        { set->follow && set->previous, "-f", "--previous", "a past life does not go on" },
        { set->follow && set->save, "-f", "--save", "a file must be complete at some time" },
        { set->save && set->grep, "--save", "--grep", "it saves bytes, not lines" },
        { set->save && set->timestamps, "--save", "--timestamps", "it saves bytes as they are" },
        { set->json && set->timestamps, "--json", "--timestamps", "JSON has the times" },
    };

    for (size_t i = 0; i < PM_COUNT(rows); ++i)
        if (rows[i].both)
            return ctl_misuse(ctl, "%s and %s exclude each other: %s", rows[i].one, rows[i].other,
                              rows[i].why);
    return PM_OK;
}

static uint64_t default_lines(const struct settings *set)
{
    bool all = set->since || set->until || set->previous || set->save
               || (set->grep && !set->follow);

    return all ? PM_FOLLOW_ALL : DEFAULT_LINES;
}

static enum pm_err parse_lines(struct ctl *ctl, uint64_t *out)
{
    const char *text = ctl->set.lines;
    char *end;

    *out = default_lines(&ctl->set);
    if (!text)
        return PM_OK;
    if (strcmp(text, "all") == 0) {
        *out = PM_FOLLOW_ALL;
        return PM_OK;
    }
    errno = 0;
    *out = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0)
        return PM_OK;
    return ctl_misuse(ctl, "-n %s is neither a number nor \"all\"", text);
}

static enum pm_err parse_grep(struct ctl *ctl, struct wanted *wanted, regex_t *expression)
{
    char why[256];
    int error;

    if (!ctl->set.grep)
        return PM_OK;
    setlocale(LC_CTYPE, ""); /* what is a letter */
    error = regcomp(expression, ctl->set.grep, REG_EXTENDED);
    if (error != 0) {
        regerror(error, expression, why, sizeof(why));
        return ctl_misuse(ctl, "--grep '%s': %s", ctl->set.grep, why);
    }
    wanted->grep = expression;
    return PM_OK;
}

static enum pm_err parse(struct ctl *ctl, struct wanted *wanted, regex_t *expression)
{
    const struct settings *set = &ctl->set;
    struct pm_wall since = { 0 }, until = { 0 };
    enum pm_err err = check_sense(ctl);

    wanted->only_err = set->only_err;
    wanted->previous = set->previous;
    wanted->how.marked = true;
    if (err == PM_OK)
        err = parse_lines(ctl, &wanted->how.lines);
    if (err == PM_OK)
        err = ctl_when(ctl, "--since", set->since, &since);
    if (err == PM_OK)
        err = ctl_when(ctl, "--until", set->until, &until);
    wanted->how.since_ms = since.ms;
    wanted->until_ms = until.ms;
    return err == PM_OK ? parse_grep(ctl, wanted, expression) : err;
}

/* ---- the verb ---- */

static void add_sources(struct logs *logs, const struct pm_proc_list *procs)
{
    size_t share = READ_BUDGET / (procs->n + 1);
    const struct settings *set = &logs->ctl->set;

    logs->wanted.how.most = share < READ_LEAST ? READ_LEAST : share;
    logs->by_line = !set->save
                    && (procs->n > 1 || set->timestamps || set->json || logs->wanted.grep);
    for (size_t i = 0; i < procs->n; ++i)
        (void)source_add(logs, &procs->at[i]);
    logs->renamed = true;
}

static enum pm_err show(struct logs *logs)
{
    bool on_screen = out_is_terminal() && isatty(STDERR_FILENO);

    interrupt_says(on_screen && *shade_end() ? CLEAN_RESET : NULL);
    if (logs->ctl->set.save)
        return save_all(logs, logs->ctl->set.save);
    return logs->ctl->set.follow ? live_follow(logs) : past_read(logs);
}

static void close_logs(struct logs *logs)
{
    show_end(logs);
    while (logs->n > 0)
        source_remove(logs, logs->n - 1);
    free(logs->sources);
    merge_fini(&logs->merge);
    if (logs->wanted.grep)
        regfree(logs->wanted.grep);
}

enum pm_err verb_logs(struct ctl *ctl)
{
    struct logs logs = { .ctl = ctl };
    struct pm_proc_list procs = { 0 };
    struct pm_frame frame = { 0 };
    regex_t expression;
    enum pm_err err = parse(ctl, &logs.wanted, &expression), found = PM_OK;

    if (err == PM_OK)
        err = ctl_snapshot(ctl, &frame);
    if (err == PM_OK) {
        found = pick(ctl, &((const struct pm_snapshot *)frame.msg)->procs, &procs);
        add_sources(&logs, &procs);
        pm_frame_fini(&frame);
    }
    if (logs.n > 0)
        err = show(&logs);
    close_logs(&logs);
    free(procs.at);
    return found == PM_OK ? err : found;
}
