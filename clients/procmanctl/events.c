/* events: what happened, and who caused it.
 *
 * Events are numbered, and the sheriff keeps them. So following needs no trust in the stream: an
 * event with the next number is printed, anything else (and every second of silence) is a reason
 * to ask for what came after the last one printed.
 */
#include "interrupt.h"
#include "table.h"
#include "verbs.h"
#include "when.h"

#include <errno.h>
#include <procman/select.h>
#include <procman/spec.h>
#include <procman/text.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_EVENTS 50
#define ASK_AGAIN_MS   1000

static const struct column columns[] = {
    { .title = "TIME" }, { .title = "WHAT" }, { .title = "WHO" }, { .title = "TEXT", .cut = true },
};

struct watch {
    struct ctl *ctl;
    struct pm_select *select;  /* NULL: everything */
    uint64_t last;             /* number of the last event seen */
    bool away;
};

static enum pm_err parse_most(struct ctl *ctl, uint64_t *out)
{
    const char *text = ctl->set.lines;
    char *end;

    *out = ctl->set.since ? 0 : DEFAULT_EVENTS;
    if (!text)
        return PM_OK;
    *out = 0;
    if (strcmp(text, "all") == 0)
        return PM_OK;
    errno = 0;
    *out = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *out > 0)
        return PM_OK;
    return ctl_misuse(ctl, "-n %s is neither a number nor \"all\"", text);
}

/* ---- how an event looks ---- */

static const char *subject_of(const struct pm_event *event, char *text, size_t size)
{
    if (*event->name)
        return pm_spec_label(event->group, event->name, event->host, text, size);
    return *event->host ? event->host : "sheriff";
}

static enum shade shade_of_event(const struct pm_event *event)
{
    int state = pm_word_value(&pm_state_words, event->what);

    return state < 0 ? SHADE_NONE : shade_of_state((enum pm_state)state);
}

static char *sentence_of(const struct pm_event *event)
{
    if (*event->by && !strstr(event->text, event->by))
        return pm_printf("%s (by %s)", event->text, event->by);
    return pm_strdup(event->text);
}

static void print_table(struct ctl *ctl, const struct pm_event_list *events)
{
    struct table table;

    table_init(&table, columns, PM_COUNT(columns));
    for (size_t i = 0; i < events->n; ++i) {
        const struct pm_event *event = &events->at[i];
        char *sentence PM_CLEANUP(pm_free) = sentence_of(event);
        char label[PM_LABEL_SIZE], when[WHEN_SIZE];

        table_add(&table, SHADE_FAINT, when_text((struct pm_wall){ event->time_ms }, when));
        table_add(&table, shade_of_event(event), event->what);
        table_add(&table, SHADE_NONE, subject_of(event, label, sizeof(label)));
        table_add(&table, SHADE_NONE, sentence);
    }
    table_print(&table, ctl->set.plain);
    table_fini(&table);
}

static void print_line(struct watch *watch, const struct pm_event *event)
{
    char *sentence PM_CLEANUP(pm_free) = sentence_of(event);
    char label[PM_LABEL_SIZE], when[WHEN_SIZE];

    if (watch->ctl->set.json)
        (void)out_json_line(&pm_event_desc, event);
    else
        out_shaded(shade_of_event(event), "%s  %-9s %s: %s",
                   when_text((struct pm_wall){ event->time_ms }, when), event->what,
                   subject_of(event, label, sizeof(label)), sentence);
}

/* ---- following ---- */

static bool is_wanted(struct watch *watch, const struct pm_event *event)
{
    int state = pm_word_value(&pm_state_words, event->what);

    return !watch->select
           || (*event->name
               && pm_select_match(watch->select, event->group, event->name, event->host,
                                  state < 0 ? PM_STATE_NOWHERE : (enum pm_state)state));
}

static void take_event(struct watch *watch, const struct pm_event *event)
{
    if (event->seq <= watch->last)
        return;
    watch->last = event->seq;
    if (is_wanted(watch, event))
        print_line(watch, event);
}

/* Everything after the last one seen. */
static void catch_up(struct watch *watch)
{
    struct pm_history request = { .after_seq = watch->last };
    struct pm_frame frame = { 0 };
    enum pm_err err = pm_client_call(watch->ctl->client, PM_MSG_HISTORY, &request, PM_MSG_EVENTS,
                                     QUESTION_WAIT_MS, &frame);

    if (err == PM_OK && watch->away)
        complain("the sheriff is back");
    if (err != PM_OK && !watch->away)
        complain("the sheriff is away (%s); waiting for him", pm_err_sentence(err));
    watch->away = err != PM_OK;
    if (err == PM_OK) {
        const struct pm_events *events = frame.msg;

        for (size_t i = 0; i < events->events.n; ++i)
            take_event(watch, &events->events.at[i]);
        pm_frame_fini(&frame);
    }
}

static void follow_for_ever(struct watch *watch)
{
    for (;;) {
        struct pm_frame frame;
        enum pm_err err = pm_client_next(watch->ctl->client, ASK_AGAIN_MS, &frame);
        const struct pm_happened *happened = err == PM_OK ? frame.msg : NULL;

        if (happened && frame.kind == PM_MSG_HAPPENED && happened->event.seq == watch->last + 1)
            take_event(watch, &happened->event);
        else
            catch_up(watch);
        if (err == PM_OK)
            pm_frame_fini(&frame);
        out_flush();
    }
}

/* ---- the verb ---- */

static enum pm_err print_past(struct watch *watch, const struct pm_event_list *events)
{
    struct ctl *ctl = watch->ctl;

    if (ctl->set.follow) {
        for (size_t i = 0; i < events->n; ++i) {
            print_line(watch, &events->at[i]);
            if (events->at[i].seq > watch->last)
                watch->last = events->at[i].seq;
        }
        return PM_OK;
    }
    if (ctl->set.json)
        return out_json("events", &pm_event_desc, events->at, events->n);
    if (events->n > 0)
        print_table(ctl, events);
    return PM_OK;
}

/* The number of the newest event there is, whether it is of the chosen processes or not. */
static enum pm_err find_last(struct watch *watch)
{
    struct pm_history request = { .most = 1 };
    struct pm_frame frame;
    enum pm_err err = ctl_call(watch->ctl, PM_MSG_HISTORY, &request, PM_MSG_EVENTS, &frame);
    const struct pm_events *events;

    if (err != PM_OK)
        return err;
    events = frame.msg;
    if (events->events.n > 0)
        watch->last = events->events.at[events->events.n - 1].seq;
    pm_frame_fini(&frame);
    return PM_OK;
}

static enum pm_err run(struct watch *watch, uint64_t most, struct pm_wall since)
{
    struct ctl *ctl = watch->ctl;
    struct pm_history request = { .select = ctl->words, .most = most, .since_ms = since.ms };
    struct pm_frame frame = { 0 };
    enum pm_err err = PM_OK;

    if (ctl->set.follow)
        err = pm_client_subscribe(ctl->client, "event");
    if (err != PM_OK)
        return ctl_fail(ctl, err);
    if (ctl->set.follow)
        err = find_last(watch);
    if (err == PM_OK)
        err = ctl_call(ctl, PM_MSG_HISTORY, &request, PM_MSG_EVENTS, &frame);
    if (err != PM_OK)
        return err;
    err = print_past(watch, &((const struct pm_events *)frame.msg)->events);
    pm_frame_fini(&frame);
    if (ctl->set.follow && err == PM_OK) {
        out_flush();
        interrupt_says(NULL);
        follow_for_ever(watch);
    }
    return err;
}

enum pm_err verb_events(struct ctl *ctl)
{
    struct watch watch = { .ctl = ctl };
    char *why PM_CLEANUP(pm_free) = NULL;
    struct pm_wall since;
    uint64_t most;
    enum pm_err err = parse_most(ctl, &most);

    if (err == PM_OK)
        err = ctl_when(ctl, "--since", ctl->set.since, &since);
    if (err != PM_OK)
        return err;
    if (ctl->words.n > 0 && pm_select_open(&ctl->words, &watch.select, &why) != PM_OK)
        return ctl_misuse(ctl, "%s", why);
    err = ctl_open(ctl);
    if (err == PM_OK)
        err = run(&watch, most, since);
    pm_select_close(&watch.select);
    return err;
}
