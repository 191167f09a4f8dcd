#include "ctl.h"

#include "out.h"
#include "when.h"

#include <procman/text.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_TIMEOUT_MS (24 * 60 * 60 * 1000) /* every wait has a limit; and it fits an int */

enum pm_err ctl_open(struct ctl *ctl)
{
    enum pm_err err = pm_client_open(ctl->set.run_dir, false, ctl->name, &ctl->client);

    if (err != PM_OK) {
        char *text PM_CLEANUP(pm_free) = pm_client_fault(err, ctl->set.run_dir);

        complain("%s", text);
    }
    return err;
}

enum pm_err ctl_fail(struct ctl *ctl, enum pm_err err)
{
    const char *text = ctl->client ? pm_client_text(ctl->client) : "";

    complain("%s", *text ? text : pm_err_sentence(err));
    return err;
}

enum pm_err ctl_misuse(const struct ctl *ctl, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vasprintf(&text, format, arguments);
    va_end(arguments);
    pm_assert(n >= 0);
    if (ctl->verb)
        complain("%s; see \"procmanctl help %s\"", text, ctl->verb->name);
    else
        complain("%s; see \"procmanctl help\"", text);
    free(text);
    return PM_USAGE;
}

enum pm_err ctl_call(struct ctl *ctl, enum pm_msg kind, void *request, enum pm_msg answer,
                     struct pm_frame *out)
{
    bool of_store = kind == PM_MSG_HISTORY || kind == PM_MSG_REVISIONS;
    int wait_ms = of_store ? QUESTION_WAIT_MS : ANSWER_WAIT_MS;
    enum pm_err err = pm_client_call(ctl->client, kind, request, answer, wait_ms, out);

    return err == PM_OK ? err : ctl_fail(ctl, err);
}

enum pm_err ctl_snapshot(struct ctl *ctl, struct pm_frame *out)
{
    struct pm_ask ask = { 0 };
    enum pm_err err = ctl_open(ctl);

    return err == PM_OK ? ctl_call(ctl, PM_MSG_ASK, &ask, PM_MSG_SNAPSHOT, out) : err;
}

enum pm_err ctl_timeout(struct ctl *ctl, uint64_t default_ms, uint64_t *out_ms)
{
    if (!ctl->set.timeout) {
        *out_ms = default_ms;
        return PM_OK;
    }
    if (pm_parse_duration(ctl->set.timeout, out_ms) == PM_OK && *out_ms > 0
        && *out_ms <= MOST_TIMEOUT_MS)
        return PM_OK;
    return ctl_misuse(ctl, "--timeout %s is no duration such as 500ms, 30s or 2m, of at most a day",
                      ctl->set.timeout);
}

enum pm_err ctl_when(struct ctl *ctl, const char *option, const char *text, struct pm_wall *out)
{
    char *why PM_CLEANUP(pm_free) = NULL;

    out->ms = 0;
    if (text && when_parse(text, pm_wall_now(), out, &why) != PM_OK)
        return ctl_misuse(ctl, "%s %s", option, why);
    return PM_OK;
}
