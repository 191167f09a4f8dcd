/* Ends of lives, kept until the sheriff has noted them.
 *
 * A life has its token from its beginning on, in the note that goes to the keeper with the spawn.
 * So an end that is told twice (by the keeper to the next brain, by the file to the next brain,
 * by us to the sheriff) is one end, wherever it is stored. It is written to the file before the
 * keeper is told anything that lets it forget the life, and leaves the file when it is noted.
 *
 * Level-triggered: what is not noted is said again, in order, in bundles, a few on their way at a
 * time. The last lines a life wrote are asked of the mover and come a moment later; the end is
 * told with them if they come soon, and a second time if they come late.
 *
 * A sheriff who stays away costs bounded memory: the oldest ends go, and he is told how many.
 */
#include "brain/inside.h"
#include "brain/output.h"

#include <procman/checksum.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MOST   4096   /* ends of a sheriff's absence: 200 processes that die twenty times */
#define RECORDS_MOST (2 * KEPT_MOST) /* in the file, noted ones too; then it is written anew */
#define BUNDLE      256    /* ends of one message: with their lines, half a megabyte */
#define FLYING_MOST (2 * BUNDLE)
#define PACE_MS     20     /* from one bundle to the next: a thousand ends are a few bundles */
#define LINES_SOON_MS 1000 /* an end waits so long for its last lines */
#define LINES_MS    OUTPUT_LAST_LATE_MS /* after that they never come */
#define REPEAT_MS   5000   /* what is not noted by then is said again */
#define NOT_TAKEN_MS 200   /* there was no room for a message */

struct past_row {
    struct pm_past_life life; /* its texts are owned */
    struct pm_mono ended;
    struct pm_mono lines_by;  /* its last lines come until then; 0 = they are there, or never */
    struct pm_mono sent;      /* as it is now, in this session; 0 = it was not */
    bool noted;               /* and is only here for its last lines */
};

static void free_row(struct past_row *row)
{
    free((char *)row->life.group);
    free((char *)row->life.name);
    free((char *)row->life.reason);
    free((uint8_t *)row->life.tail.at);
    free(row);
}

void past_fini(struct past *past)
{
    for (size_t i = 0; i < past->n; i++)
        free_row(past->at[i]);
    free(past->room);
    tokens_fini(&past->loaded);
}

static void wake(struct past *past, struct pm_mono when)
{
    if (when.ms < past->paced.ms)
        when = past->paced;
    if (past->turn_at.ms == 0 || when.ms < past->turn_at.ms)
        past->turn_at = when;
}

/* ---- the file ----------------------------------------------------------------------- */

static struct pm_kept_end record_of(const struct brain *b, const struct past_row *row)
{
    struct pm_kept_end kept = { .boot_id = b->boot_id, .mono_ms = row->ended.ms,
                                .life = row->life };

    kept.life.tail = (struct pm_blob){ 0 };
    return kept;
}

static void write_one(struct brain *b, const struct past_row *row)
{
    struct pm_kept_end kept = record_of(b, row);

    b->port->keep_past(b->self, &kept, 1, false);
    b->past.records++;
}

static void write_anew(struct brain *b)
{
    struct past *past = &b->past;
    struct pm_kept_end *kept = pm_resize(NULL, past->n + 1, sizeof *kept);

    for (size_t i = 0; i < past->n; i++)
        kept[i] = record_of(b, past->at[i]);
    b->port->keep_past(b->self, kept, past->n, true);
    past->records = past->n;
    free(kept);
}

static void tidy_file(struct brain *b)
{
    if ((b->past.n == 0 && b->past.records > 0) || b->past.records >= RECORDS_MOST)
        write_anew(b);
}

/* ---- rows --------------------------------------------------------------------------- */

static void drop_oldest(struct brain *b)
{
    struct past *past = &b->past;

    if (past->lost++ == 0)
        brain_say(b, PM_LOG_WARNING, "more than %d ends of lives wait for the sheriff: the oldest "
                  "are forgotten", KEPT_MOST);
    free_row(past->at[0]);
    past->at++;
    past->dropped++;
    past->n--;
}

/* For one more at the end: rows move to the front when at least as many were dropped there. */
static void make_room(struct past *past)
{
    if (past->dropped + past->n < past->cap)
        return;
    if (past->dropped > past->n) {
        memmove(past->room, past->at, past->n * sizeof *past->at);
        past->dropped = 0;
    } else {
        past->cap = past->cap > 0 ? 2 * past->cap : 16;
        past->room = pm_resize(past->room, past->cap, sizeof *past->room);
    }
    past->at = past->room + past->dropped;
}

static struct past_row *add_row(struct brain *b, const struct pm_past_life *life,
                                struct pm_mono ended)
{
    struct past *past = &b->past;
    struct past_row *row = pm_alloc(sizeof *row);

    row->life = *life;
    row->life.group = pm_strdup(life->group);
    row->life.name = pm_strdup(life->name);
    row->life.reason = pm_strdup(life->reason);
    row->life.host = row->life.by = "";
    row->life.tail = (struct pm_blob){ 0 };
    row->ended = ended;
    if (past->n == KEPT_MOST)
        drop_oldest(b);
    make_room(past);
    past->at[past->n++] = row;
    return row;
}

static void ask_lines(struct brain *b, struct past_row *row, struct proc *proc, struct pm_mono now)
{
    if (row->life.stage != PM_STAGE_NONE) /* it never lived */
        return;
    row->lines_by = pm_mono_after(now, LINES_MS);
    b->port->last(b->self, proc->output, row->life.run);
}

/* ---- an end ------------------------------------------------------------------------- */

uint64_t past_token(struct brain *b, const struct proc *proc, struct pm_mono now)
{
    double dice[2] = { b->port->chance(b->self), b->port->chance(b->self) };
    uint64_t sum = pm_checksum(PM_CHECKSUM_BASIS, dice, sizeof dice);

    sum = pm_checksum(sum, &b->epoch, sizeof b->epoch);
    sum = pm_checksum(sum, &now, sizeof now);
    sum = pm_checksum(sum, &proc->life.run, sizeof proc->life.run);
    sum = pm_checksum(sum, proc->group, strlen(proc->group) + 1);
    sum = pm_checksum(sum, proc->name, strlen(proc->name));
    return sum != 0 ? sum : 1; /* 0 is none */
}

/* Its deputy's end was nobody's order for this process. */
static const char *reason_of(const struct brain *b, const struct proc *proc, char *text,
                             size_t size)
{
    const char *reason = proc->life.reason, *verdict = strrchr(reason, ';');

    if (!b->ending || verdict == NULL)
        return reason;
    snprintf(text, size, "%.*s; its deputy ended", (int)(verdict - reason), reason);
    return text;
}

void past_end(struct brain *b, struct proc *proc, const struct pm_process *before,
              const struct pm_input *in)
{
    const struct pm_ending *how = &in->ending;
    char text[2 * sizeof proc->life.reason];
    uint64_t token = proc->token != 0 ? proc->token : past_token(b, proc, in->now);
    struct pm_past_life life = {
        .token = token, .id = proc->id, .group = proc->group, .name = proc->name,
        .run = before->run, .order = b->ending ? 0 : before->order,
        .exit_code = how->code, .exit_signal = how->signal, .core_dumped = how->core_dumped,
        .unknown = how->unknown, .oom = how->oom || how->oom_near,
        .told = before->state == PM_STATE_STOPPING, .stage = how->stage, .error = how->error,
        .cpu_ms = proc->cpu_ms, .peak_bytes = proc->peak_bytes,
        .reason = reason_of(b, proc, text, sizeof text),
    };

    if (tokens_has(&b->past.loaded, token)) /* who was told of it died before he could say so */
        return;
    if (how->stage == PM_STAGE_NONE)
        life.lived_ms = (uint64_t)pm_mono_since(before->started, in->now);
    struct past_row *row = add_row(b, &life, in->now);

    ask_lines(b, row, proc, in->now);
    write_one(b, row);
    tidy_file(b);
    wake(&b->past, row->lines_by.ms != 0 ? pm_mono_after(in->now, LINES_SOON_MS) : in->now);
}

void brain_on_last(struct brain *b, const char *group, const char *name, uint64_t run,
                   uint64_t end, struct pm_blob lines, struct pm_mono now)
{
    for (size_t i = b->past.n; i-- > 0; ) {
        struct past_row *row = b->past.at[i];

        if (row->life.run != run || row->lines_by.ms == 0 || strcmp(row->life.name, name) != 0
            || strcmp(row->life.group, group) != 0)
            continue;
        row->lines_by.ms = 0;
        row->life.output_end = end;
        if (lines.n > 0) {
            uint8_t *copy = pm_alloc(lines.n);
            memcpy(copy, lines.at, lines.n);
            row->life.tail = (struct pm_blob){ copy, lines.n };
        }
        row->sent.ms = 0;
        row->noted = false;
        wake(&b->past, now);
        return;
    }
}

/* ---- from a former brain ------------------------------------------------------------- */

void brain_load_past(struct brain *b, const struct pm_kept_end *kept)
{
    bool this_boot = strcmp(kept->boot_id, b->boot_id) == 0;
    struct pm_mono ended = { this_boot ? kept->mono_ms : 0 }; /* else when the machine began */

    b->past.records++;
    if (tokens_has(&b->past.loaded, kept->life.token))
        return;
    tokens_add(&b->past.loaded, kept->life.token);
    (void)add_row(b, &kept->life, ended);
}

void past_begin(struct brain *b, struct pm_mono now)
{
    for (size_t i = 0; i < b->past.n; i++) {
        struct past_row *row = b->past.at[i];
        struct proc *proc = roster_find(&b->roster, row->life.group, row->life.name);

        if (proc != NULL)
            ask_lines(b, row, proc, now);
    }
    tidy_file(b);
}

/* ---- with the sheriff ----------------------------------------------------------------- */

void past_welcome(struct brain *b, struct pm_mono now)
{
    for (size_t i = 0; i < b->past.n; i++)
        b->past.at[i]->sent.ms = 0;
    b->past.turn_at = b->past.paced = now;
}

static struct past_row *find_row(const struct past *past, uint64_t token)
{
    for (size_t i = 0; i < past->n; i++)
        if (past->at[i]->life.token == token)
            return past->at[i];
    return NULL;
}

/* Who is noted as he is, and has nothing more to tell, may go. */
static bool is_done(struct past_row *row, struct pm_mono now)
{
    if (row->lines_by.ms != 0 && now.ms >= row->lines_by.ms)
        row->lines_by.ms = 0;
    return row->noted && row->lines_by.ms == 0;
}

static void forget_done(struct brain *b, struct pm_mono now)
{
    struct past *past = &b->past;
    size_t kept = 0;

    for (size_t i = 0; i < past->n; i++) {
        if (!is_done(past->at[i], now)) {
            past->at[kept++] = past->at[i];
            continue;
        }
        free_row(past->at[i]);
    }
    past->n = kept;
    tidy_file(b);
}

void past_on_noted(struct brain *b, const struct pm_noted *noted, struct pm_mono now)
{
    for (size_t i = 0; i < noted->past.n; i++) {
        struct past_row *row = find_row(&b->past, noted->past.at[i].token);

        if (row != NULL && row->sent.ms != 0) /* otherwise there is more to tell by now */
            row->noted = true;
    }
    forget_done(b, now);
    wake(&b->past, now);
}

static bool is_flying(const struct past_row *row, struct pm_mono now)
{
    return !row->noted && row->sent.ms != 0 && now.ms < pm_mono_after(row->sent, REPEAT_MS).ms;
}

/* When it is to be sent, if it is not noted. */
static struct pm_mono send_at(const struct past_row *row)
{
    if (row->sent.ms != 0)
        return pm_mono_after(row->sent, REPEAT_MS);
    return row->lines_by.ms != 0 ? pm_mono_after(row->ended, LINES_SOON_MS) : row->ended;
}

static bool send_bundle(struct brain *b, struct past_row **rows, size_t n, struct pm_mono now)
{
    struct pm_past_life lives[BUNDLE];
    struct pm_endings endings = { .session = b->link.session, .past = { lives, n },
                                  .lost = b->past.lost };

    for (size_t i = 0; i < n; i++) {
        lives[i] = rows[i]->life;
        lives[i].age_ms = (uint64_t)pm_mono_since(rows[i]->ended, now);
    }
    if (!b->port->to_sheriff(b->self, PM_MSG_ENDINGS, &endings))
        return false;
    for (size_t i = 0; i < n; i++)
        rows[i]->sent = now;
    b->past.paced = pm_mono_after(now, PACE_MS);
    return true;
}

/* As far as there is room on the way. false: somebody took none of it. */
static bool send_due(struct brain *b, struct pm_mono now)
{
    struct past_row *bundle[BUNDLE];
    size_t n = 0, room = FLYING_MOST;

    for (size_t i = 0; i < b->past.n; i++)
        room -= is_flying(b->past.at[i], now) && room > 0;
    for (size_t i = 0; i < b->past.n && room > 0; i++) {
        struct past_row *row = b->past.at[i];

        if (row->noted || send_at(row).ms > now.ms)
            continue;
        bundle[n++] = row;
        room--;
        if (n == BUNDLE && !send_bundle(b, bundle, n, now))
            return false;
        n %= BUNDLE;
    }
    return n == 0 || send_bundle(b, bundle, n, now);
}

/* What finds no room now is sent when something is noted, or when that is to be said again. */
static struct pm_mono next_turn(const struct past *past, struct pm_mono now)
{
    struct pm_mono next = { 0 };

    for (size_t i = 0; i < past->n; i++) {
        const struct past_row *row = past->at[i];
        struct pm_mono at = row->noted ? row->lines_by : send_at(row);

        if (at.ms > now.ms && (next.ms == 0 || at.ms < next.ms))
            next = at;
    }
    return next;
}

void past_turn(struct brain *b, struct pm_mono now)
{
    struct past *past = &b->past;

    if (past->turn_at.ms == 0 || now.ms < past->turn_at.ms || b->link.state != LINK_WELCOMED)
        return;
    forget_done(b, now);
    past->turn_at = send_due(b, now) ? next_turn(past, now) : pm_mono_after(now, NOT_TAKEN_MS);
}

void past_bye(struct brain *b, struct pm_mono now)
{
    for (size_t i = 0; i < b->past.n; i++) /* nobody waits for lines any more */
        b->past.at[i]->lines_by.ms = 0;
    b->past.turn_at = now;
    past_turn(b, now);
}

struct pm_mono past_next(const struct brain *b)
{
    return b->link.state == LINK_WELCOMED ? b->past.turn_at : (struct pm_mono){ 0 };
}
