#include "past.h"

#include "clean.h"
#include "out.h"
#include "when.h"

#include <procman/select.h>
#include <procman/spec.h>
#include <procman/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Processes of one question. With all the ends that are kept of each, 2.5 KB each at most, the
 * answer is 10 MB: it fits one message, and the sheriff's store is free again soon. */
#define PROCS_AT_ONCE 80

static enum pm_err ask_part(struct ctl *ctl, const struct pm_proc *procs, size_t n, uint64_t most,
                            struct pm_frame *out)
{
    const char *words[PROCS_AT_ONCE];
    struct pm_past request = { .select = { .at = words, .n = n }, .most = most };
    enum pm_err err;

    for (size_t i = 0; i < n; ++i)
        words[i] = pm_select_word(procs[i].group, procs[i].name, procs[i].host);
    err = pm_client_call(ctl->client, PM_MSG_PAST, &request, PM_MSG_ENDINGS, QUESTION_WAIT_MS, out);
    for (size_t i = 0; i < n; ++i)
        free((char *)words[i]);
    return err == PM_OK ? err : ctl_fail(ctl, err);
}

enum pm_err past_ask(struct ctl *ctl, const struct pm_proc *procs, size_t n, uint64_t most,
                     struct past *out)
{
    enum pm_err err = PM_OK;

    out->n = 0;
    out->parts = pm_alloc((n / PROCS_AT_ONCE + 1) * sizeof(*out->parts));
    for (size_t at = 0; at < n && err == PM_OK; at += PROCS_AT_ONCE) {
        size_t left = n - at;

        err = ask_part(ctl, procs + at, left < PROCS_AT_ONCE ? left : PROCS_AT_ONCE, most,
                       &out->parts[out->n]);
        out->n += err == PM_OK;
    }
    return err;
}

void past_fini(struct past *past)
{
    for (size_t i = 0; i < past->n; ++i)
        pm_frame_fini(&past->parts[i]);
    free(past->parts);
    *past = (struct past){ 0 };
}

struct pm_past_life_list past_of(const struct past *past, const struct pm_proc *procs, size_t i)
{
    const struct pm_endings *part = past->parts[i / PROCS_AT_ONCE].msg;
    struct pm_past_life_list list = { .at = pm_resize(NULL, part->past.n + 1, sizeof(*list.at)) };
    const struct pm_proc *proc = &procs[i];

    for (size_t k = 0; k < part->past.n; ++k) {
        const struct pm_past_life *life = &part->past.at[k];

        if (strcmp(life->name, proc->name) == 0 && strcmp(life->group, proc->group) == 0
            && strcmp(life->host, proc->host) == 0)
            list.at[list.n++] = *life;
    }
    return list;
}

/* "12ms" "1.2s" "3m20s" */
static const char *span(uint64_t ms, char *text)
{
    return ms < 1000 ? pm_text_duration(ms, text) : pm_text_age(ms, text);
}

char *past_line(const struct pm_past_life *life)
{
    char when[WHEN_SIZE], lived[PM_TEXT_SIZE], cpu[PM_TEXT_SIZE], memory[PM_TEXT_SIZE];
    char used[80] = "", after[40] = "";

    if (life->stage == PM_STAGE_NONE)
        snprintf(after, sizeof(after), " after %s", span(life->lived_ms, lived));
    if (life->peak_bytes > 0)
        snprintf(used, sizeof(used), " (%s of CPU, %s of memory)", span(life->cpu_ms, cpu),
                 pm_text_bytes(life->peak_bytes, memory));
    return pm_printf("%s  run %llu%s: %s%s", when_text((struct pm_wall){ life->ended_ms }, when),
                     (unsigned long long)life->run, after, life->reason, used);
}

void past_print_lines(const struct pm_past_life *life, const char *before)
{
    const uint8_t *at = life->tail.at, *end = at + life->tail.n;

    while (at < end) {
        const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((stop ? stop : end) - at);
        uint8_t *text PM_CLEANUP(pm_free) = pm_alloc(CLEAN_ROOM(n));
        struct cleaner cleaner = { 0 };

        out_text(before);
        out_bytes(text, clean(&cleaner, at, n, text));
        out_text("\n");
        at += n + 1;
    }
}
